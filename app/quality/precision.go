package quality

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/reviewgate-app/reviewgate/checks"
)

// Precision is what became of the findings of one rule that somebody was told of.
type Precision struct {
	Rule  string `json:"rule"`
	Group Group  `json:"group"`
	// Right is the share of those that people acted on as if they were right (fixed, or waived with a reason) among those that were judged at all: right, or called
	// wrong. Acted is the share of those that were fixed or waived among all that are settled, also by being merged with.
	Right Rate `json:"right"`
	Acted Rate `json:"acted"`
	RuleTally
}

// PrecisionOf puts intervals around what a tally says.
func PrecisionOf(t RuleTally) Precision {
	right := t.Fixed + t.Waived
	return Precision{Rule: t.Rule, Group: t.Group, Right: Share(right, right+t.False), Acted: Share(right, right+t.False+t.Ignored), RuleTally: t}
}

// Bounds say when a rule is proposed for another rollout.
type Bounds struct {
	Judged  int     // findings that must have been judged, or settled
	Block   float64 // a rule that blocks falls below this: its interval lies below
	Comment float64 // a rule that comments falls below this
	Ignored float64 // at most this share is acted on, with its interval
	Prove   float64 // a rule that comments proves itself: its interval lies above
}

// DefaultBounds are used where nobody has set others.
var DefaultBounds = Bounds{Judged: 20, Block: 0.9, Comment: 0.5, Ignored: 0.2, Prove: 0.9}

// A Proposal says how far a rule should go, by what became of its findings. Somebody has to accept it; nothing is changed by itself.
type Proposal struct {
	Precision
	From    checks.Rollout `json:"from"`
	To      checks.Rollout `json:"to"`
	Because string         `json:"because"`
}

// Proposals makes one for each rule that falls below its bound or proves itself, sorted by rule. rollouts says how far each goes now; a rule that is not in it
// goes as far as if it were "block" for a built-in one. Rules on trial are not told of, so nothing is known of them here.
func Proposals(tallies []RuleTally, rollouts map[string]checks.Rollout, b Bounds) []Proposal {
	var out []Proposal
	for _, t := range tallies {
		if t.Rule == "" {
			continue
		}
		p := Proposal{Precision: PrecisionOf(t), From: cmp.Or(rollouts[t.Rule], checks.RolloutBlock)}
		judged, settled := int(p.Right.Of), int(p.Acted.Of)
		low := func(r Rate) string {
			return fmt.Sprintf("%d of %d (%.0f-%.0f %%)", r.Count, int(r.Of), 100*r.Low, 100*r.High)
		}
		switch {
		case p.From == checks.RolloutBlock && judged >= b.Judged && p.Right.High < b.Block:
			p.To, p.Because = checks.RolloutComment, fmt.Sprintf("right in %s of the findings that were judged; a rule that blocks should be right in %.0f %%", low(p.Right), 100*b.Block)
		case p.From == checks.RolloutComment && judged >= b.Judged && p.Right.High < b.Comment:
			p.To, p.Because = checks.RolloutShadow, fmt.Sprintf("right in %s of the findings that were judged; a rule that comments should be right in %.0f %%", low(p.Right), 100*b.Comment)
		case p.From == checks.RolloutComment && settled >= 2*b.Judged && p.Acted.High < b.Ignored:
			p.To, p.Because = checks.RolloutShadow, "acted on in "+low(p.Acted)+" of its findings: most changes are merged with them"
		case p.From == checks.RolloutComment && judged >= b.Judged && p.Right.Low > b.Prove && p.Acted.Low > 0.5:
			p.To, p.Because = checks.RolloutBlock, "right in "+low(p.Right)+" of the findings that were judged, and acted on in "+low(p.Acted)
		default:
			continue
		}
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b Proposal) int { return strings.Compare(a.Rule, b.Rule) })
	return out
}

// maxPolicy bounds a policy file, as the reader of policies does.
const maxPolicy = 256 << 10

// SetRollout gives the text of a policy file in which checks.rollout says how far a rule goes. Everything else stays as it is written, comments too. Nothing is
// written anywhere: the text is for somebody to commit. A file that cannot be edited line by line is an error that says what to write by hand.
func SetRollout(policy []byte, rule string, to checks.Rollout) ([]byte, error) {
	byHand := func(why string) error {
		return fmt.Errorf("%s: write by hand, below checks, rollout: %s: %s", why, rule, to)
	}
	if len(policy) > maxPolicy {
		return nil, byHand("the file is too large")
	}
	if bytes.Contains(policy, []byte("\r")) || bytes.Contains(policy, []byte("\t")) {
		return nil, byHand("the file has tabs or Windows line ends")
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(policy, &doc); err != nil {
		return nil, byHand("the file is no valid YAML")
	}
	if len(doc.Content) == 0 {
		doc.Content = []*yaml.Node{{Kind: yaml.MappingNode}}
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode || root.Style&yaml.FlowStyle != 0 {
		return nil, byHand("the file is not written as lines of keys")
	}
	text := policy
	if len(text) > 0 && text[len(text)-1] != '\n' {
		text = append(bytes.Clone(text), '\n')
	}
	lines := strings.SplitAfter(string(text), "\n")
	lines = lines[:len(lines)-1]
	insert := func(after int, added ...string) { lines = slices.Insert(lines, after, added...) }
	key, checksNode := child(root, "checks")
	switch {
	case checksNode == nil:
		insert(len(lines), "checks:\n", "  rollout:\n", "    "+rule+": "+string(to)+"\n")
	case checksNode.Kind != yaml.MappingNode || checksNode.Style&yaml.FlowStyle != 0 || len(checksNode.Content) == 0:
		return nil, byHand("checks is not written as lines of keys")
	default:
		pad := strings.Repeat(" ", checksNode.Content[0].Column-1)
		rolloutKey, rollout := child(checksNode, "rollout")
		switch {
		case rollout == nil:
			insert(key.Line, pad+"rollout:\n", pad+"  "+rule+": "+string(to)+"\n")
		case rollout.Kind != yaml.MappingNode || rollout.Style&yaml.FlowStyle != 0 || len(rollout.Content) == 0:
			return nil, byHand("checks.rollout is not written as lines of keys")
		default:
			_, value := child(rollout, rule)
			if value == nil {
				insert(rolloutKey.Line, strings.Repeat(" ", rollout.Content[0].Column-1)+rule+": "+string(to)+"\n")
				break
			}
			line := lines[value.Line-1]
			from := value.Column - 1
			old := value.Value
			if value.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
				old = line[from:from+1] + old + line[from:from+1]
			}
			if value.Kind != yaml.ScalarNode || !strings.HasPrefix(line[from:], old) {
				return nil, byHand("the rollout of the rule is written in an odd way")
			}
			lines[value.Line-1] = line[:from] + string(to) + line[from+len(old):]
		}
	}
	out := []byte(strings.Join(lines, ""))
	if err := onlySet(policy, out, rule, to); err != nil {
		return nil, byHand(err.Error())
	}
	return out, nil
}

func child(n *yaml.Node, name string) (key, value *yaml.Node) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i], n.Content[i+1]
		}
	}
	return nil, nil
}

// onlySet holds an edited policy to having changed in one place.
func onlySet(was, now []byte, rule string, to checks.Rollout) error {
	var a, b map[string]any
	if err := errors.Join(yaml.Unmarshal(was, &a), yaml.Unmarshal(now, &b)); err != nil {
		return errors.New("the file is written in an odd way")
	}
	if a == nil {
		a = map[string]any{}
	}
	section, _ := a["checks"].(map[string]any)
	if section == nil {
		section = map[string]any{}
		a["checks"] = section
	}
	rollout, _ := section["rollout"].(map[string]any)
	if rollout == nil {
		rollout = map[string]any{}
		section["rollout"] = rollout
	}
	rollout[rule] = string(to)
	if !reflect.DeepEqual(a, b) {
		return errors.New("the file is written in an odd way")
	}
	return nil
}
