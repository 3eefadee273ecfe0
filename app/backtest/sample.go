package backtest

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// A Judging is a sample of findings for people to judge, as a file.
type Judging struct {
	Version int    `yaml:"version"`
	Tool    string `yaml:"tool"`
	On      string `yaml:"on"`     // the day of the newest change, as 2006-01-02
	Corpus  string `yaml:"corpus"` // what was replayed, in words
	Changes int    `yaml:"changes"`
	// Rules gives the findings of every rule that ran, also of those that found nothing.
	Rules    map[string]int `yaml:"rules"`
	Findings []Judged       `yaml:"findings"`
}

// A Judged is one finding of the sample.
type Judged struct {
	ID         string  `yaml:"id"`
	Rule       string  `yaml:"rule"`
	Repository string  `yaml:"repository"`
	Commit     string  `yaml:"commit"`
	Place      string  `yaml:"place"` // path:line, with (before) for what was removed
	Message    string  `yaml:"message"`
	Excerpt    string  `yaml:"excerpt,omitempty"`
	Verdict    Verdict `yaml:"verdict"`
	Note       string  `yaml:"note,omitempty"`
}

// A Verdict is what a person says of a finding.
type Verdict string

// The verdicts. Arguable counts as read and not as right.
const (
	Open     Verdict = ""
	Right    Verdict = "right"
	Wrong    Verdict = "wrong"
	Arguable Verdict = "arguable"
)

// Sample picks up to n findings. The same report gives the same sample: rules take turns, and so do the repositories within a rule; which finding is next is
// decided by a hash of what it is.
func Sample(r *Report, n int) *Judging {
	j := &Judging{Version: Version, Tool: r.Tool, Corpus: r.corpus(), Changes: r.Total.Changes, Rules: map[string]int{}, Findings: []Judged{}}
	for _, t := range r.ByRule {
		j.Rules[t.Rule] = t.Findings
	}
	byRule := map[string]map[string][]Judged{}
	for i := range r.Changes {
		c := &r.Changes[i]
		if day := c.At.UTC().Format("2006-01-02"); c.Error == "" && day > j.On {
			j.On = day
		}
		for k := range c.Findings {
			f := &c.Findings[k]
			if f.Suppressed {
				continue
			}
			if byRule[f.Rule] == nil {
				byRule[f.Rule] = map[string][]Judged{}
			}
			byRule[f.Rule][c.Repository] = append(byRule[f.Rule][c.Repository], judged(c, f))
		}
	}
	queues := map[string][]Judged{}
	for rule, repos := range byRule {
		queues[rule] = inTurns(repos)
	}
	for _, f := range inTurns(queues) {
		if len(j.Findings) == n {
			break
		}
		j.Findings = append(j.Findings, f)
	}
	slices.SortStableFunc(j.Findings, func(a, b Judged) int {
		return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Repository, b.Repository), cmp.Compare(a.ID, b.ID))
	})
	return j
}

func judged(c *Change, f *Finding) Judged {
	place := fmt.Sprintf("%s:%d", f.Path, f.Line)
	if f.Side.String() == "base" {
		place += " (before)"
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%s\n%s\n%s\n%d", f.Rule, c.Repository, c.Commit, f.Path, f.Fingerprint, f.Line))
	return Judged{ID: hex.EncodeToString(sum[:8]), Rule: f.Rule, Repository: c.Repository, Commit: c.Commit, Place: place, Message: f.Message, Excerpt: f.Excerpt}
}

// inTurns takes one of each list, the lists by name, until all are empty. A list of findings is taken by their ids, which are hashes.
func inTurns(lists map[string][]Judged) []Judged {
	var out []Judged
	names := slices.Sorted(maps.Keys(lists))
	for turn := 0; ; turn++ {
		some := false
		for _, name := range names {
			if turn < len(lists[name]) {
				out = append(out, lists[name][turn])
				some = true
			}
		}
		if !some {
			return out
		}
	}
}

// corpus says in words what was replayed.
func (r *Report) corpus() string {
	var list []string
	for _, repo := range r.Repositories {
		list = append(list, repo.Name)
	}
	what := count(len(list), "repository", "repositories")
	if len(list) <= 5 {
		what = strings.Join(list, ", ")
	}
	switch {
	case r.Limit > 0 && r.Since != "":
		return fmt.Sprintf("the newest %d changes since %s of %s", r.Limit, r.Since, what)
	case r.Limit > 0:
		return fmt.Sprintf("the newest %s of %s", count(r.Limit, "change", "changes"), what)
	case r.Since != "":
		return "the changes since " + r.Since + " of " + what
	}
	return "all changes of " + what
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

const judgingHead = `# Findings to judge. Set each verdict to right, wrong or arguable, here or with: reviewgate rules backtest judge THIS-FILE
# Right: a reviewer would want to be told. Arguable counts as read, and not as right. A finding without a verdict is not counted.
`

// Marshal writes the file.
func (j *Judging) Marshal() ([]byte, error) {
	clean := *j
	clean.Findings = slices.Clone(j.Findings)
	for i := range clean.Findings {
		f := &clean.Findings[i]
		for _, s := range []*string{&f.Place, &f.Message, &f.Excerpt, &f.Note} {
			*s = printable(*s)
		}
	}
	var out bytes.Buffer
	out.WriteString(judgingHead)
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := errors.Join(enc.Encode(&clean), enc.Close()); err != nil {
		return nil, fmt.Errorf("write the sample: %w", err)
	}
	return out.Bytes(), nil
}

// printable leaves out what could play with a terminal or an editor: the text comes from strangers.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar {
			return '·'
		}
		return r
	}, strings.ToValidUTF8(s, "·"))
}

// maxJudging bounds a file of judgements.
const maxJudging = 64 << 20

// ReadJudging reads a file that Marshal wrote and people filled in.
func ReadJudging(data []byte) (*Judging, error) {
	if len(data) > maxJudging {
		return nil, fmt.Errorf("it has %d bytes, over the limit of %d", len(data), maxJudging)
	}
	var j Judging
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&j); err != nil {
		return nil, err
	}
	if j.Version != Version {
		return nil, fmt.Errorf("version %d is not known (want %d)", j.Version, Version)
	}
	read := map[string]int{}
	for i := range j.Findings {
		f := &j.Findings[i]
		f.Verdict = Verdict(strings.ToLower(string(f.Verdict)))
		switch f.Verdict {
		case Open, Right, Wrong, Arguable:
		default:
			return nil, fmt.Errorf("%s, %s: the verdict %q is not one of right, wrong, arguable", f.Rule, f.Place, f.Verdict)
		}
		if f.Rule == "" {
			return nil, fmt.Errorf("finding %d has no rule", i+1)
		}
		if read[f.Rule]++; read[f.Rule] > j.Rules[f.Rule] {
			return nil, fmt.Errorf("%s has more findings to judge than it found: %d", f.Rule, j.Rules[f.Rule])
		}
	}
	return &j, nil
}

// ByRule adds up the verdicts; a rule without one is not in it.
func (j *Judging) ByRule() map[string]*Precision {
	type sum struct{ read, right, arguable int }
	sums := map[string]*sum{}
	for i := range j.Findings {
		f := &j.Findings[i]
		if f.Verdict == Open {
			continue
		}
		if sums[f.Rule] == nil {
			sums[f.Rule] = &sum{}
		}
		s := sums[f.Rule]
		s.read++
		switch f.Verdict {
		case Right:
			s.right++
		case Arguable:
			s.arguable++
		}
	}
	out := map[string]*Precision{}
	for rule, s := range sums {
		out[rule] = PrecisionOf(s.read, s.right, s.arguable)
	}
	return out
}

// Take fills in the verdicts and notes of an older file, and says how many of the findings have one now.
func (j *Judging) Take(old *Judging) int {
	by := map[string]*Judged{}
	for i := range old.Findings {
		by[old.Findings[i].ID] = &old.Findings[i]
	}
	n := 0
	for i := range j.Findings {
		f := &j.Findings[i]
		if was := by[f.ID]; was != nil {
			f.Verdict, f.Note = was.Verdict, was.Note
		}
		if f.Verdict != Open {
			n++
		}
	}
	return n
}
