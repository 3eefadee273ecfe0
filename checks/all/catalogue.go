package all

import (
	"cmp"
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/rules"
)

// An Entry is a built-in rule as the catalogue shows it.
type Entry struct {
	checks.RuleInfo
	Check    string // the name of the check that reports it
	Message  string // of a rule that is written as a pattern: what a finding says
	About    string // of a rule in Go code: what its check says of itself, in paragraphs; the same for all rules of the check
	Wrong    Example
	Right    Example
	Measured *Measured // nil: not yet
}

// Blocks says whether a finding of the rule blocks in the recommended pack, under a policy that says nothing else.
func (e *Entry) Blocks() bool {
	return e.InPack() == checks.PackRecommended && cmp.Or(e.Rollout, checks.RolloutBlock) == checks.RolloutBlock && e.Severity >= checks.High && e.Confidence == checks.Certain
}

// InPack is the first pack that the rule runs in.
func (e *Entry) InPack() checks.Pack { return cmp.Or(e.Pack, checks.PackRecommended) }

// An Example is a change: its files, in order.
type Example []ExampleFile

// An ExampleFile is one file of an example. Base is empty where the change adds the file, and equal to Head where it leaves the file alone. {U+202E} stands for the character, which is not to be seen.
type ExampleFile struct{ Path, Base, Head string }

//go:generate go test . -run ^TestPages$ -update

// Catalogue describes every built-in rule, sorted by id. An error names what a check or rule lacks.
func Catalogue() ([]Entry, error) {
	parsed, problems := rules.ParseAll(rules.Builtin())
	if len(problems) > 0 {
		return nil, fmt.Errorf("built-in rules: %w", rules.CannotRun(problems))
	}
	list, err := Checks(parsed)
	if err != nil {
		return nil, err
	}
	pattern := map[string]*rules.Rule{}
	for _, r := range parsed {
		pattern[r.ID.Value] = r
	}
	measured, err := readMeasured(measuredFile)
	if err != nil {
		return nil, err
	}
	var out []Entry
	for _, c := range list {
		examples, err := parseExamples(c)
		if err != nil {
			return nil, err
		}
		for _, info := range c.Rules {
			e := Entry{RuleInfo: info, Check: c.Name, Measured: measured[info.ID]}
			if r := pattern[info.ID]; r != nil {
				e.Message = strings.Join(strings.Fields(r.Message.Value), " ")
				path := exampleName(info.Languages)
				e.Wrong, e.Right = snippet(path, r.Metadata.Wrong), snippet(path, r.Metadata.Right)
			} else {
				e.About = about(c.Doc)
				e.Wrong, e.Right = examples[info.ID+"/wrong"], examples[info.ID+"/right"]
			}
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b Entry) int { return cmp.Compare(a.ID, b.ID) })
	return out, nil
}

func snippet(path, text string) Example {
	if text == "" {
		return nil
	}
	return Example{{Path: path, Head: text}}
}

// exampleName gives the example of a pattern rule a name of its first language.
func exampleName(languages []string) string {
	names := map[string]string{"go": "app.go", "java": "App.java", "javascript": "app.js", "python": "app.py", "typescript": "app.ts"}
	if len(languages) == 0 {
		return "app.txt"
	}
	return cmp.Or(names[languages[0]], "app."+languages[0])
}

// parseExamples reads the examples of a check in Go code, by "RULE/wrong" and "RULE/right".
func parseExamples(c *checks.Check) (map[string]Example, error) {
	base := map[string]Example{} // by rule: what both begin with
	out := map[string]Example{}
	for _, f := range txtar.Parse([]byte(c.Examples)).Files {
		rule, rest, _ := strings.Cut(f.Name, "/")
		kind, path, _ := strings.Cut(rest, "/")
		known := slices.ContainsFunc(c.Rules, func(r checks.RuleInfo) bool { return r.ID == rule })
		switch {
		case !known || path == "" || kind != "base" && kind != "wrong" && kind != "right":
			return nil, fmt.Errorf("examples of %s: section %q is not RULE/base/PATH, RULE/wrong/PATH or RULE/right/PATH for a rule of the check", c.Name, f.Name)
		case kind == "base":
			base[rule] = append(base[rule], ExampleFile{Path: path, Base: string(f.Data), Head: string(f.Data)})
		default:
			key := rule + "/" + kind
			if out[key] == nil {
				out[key] = slices.Clone(base[rule])
			}
			i := slices.IndexFunc(out[key], func(x ExampleFile) bool { return x.Path == path })
			if i < 0 {
				out[key] = append(out[key], ExampleFile{Path: path, Head: string(f.Data)})
			} else {
				out[key][i].Head = string(f.Data)
			}
		}
	}
	return out, nil
}

// about makes paragraphs of a check's doc.go.
func about(doc string) string {
	var b strings.Builder
	for line := range strings.Lines(doc) {
		if text, ok := strings.CutPrefix(line, "//"); ok {
			b.WriteString(strings.TrimPrefix(text, " "))
		}
	}
	text := b.String()
	if rest, ok := strings.CutPrefix(text, "Package "); ok {
		if _, rest, ok := strings.Cut(rest, " "); ok && rest != "" {
			text = strings.ToUpper(rest[:1]) + rest[1:]
		}
	}
	return strings.TrimSpace(text)
}
