package downgrade

import (
	"context"
	_ "embed"
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/supply/internal/manifest"
)

//go:embed doc.go
var doc string

//go:embed examples.txtar
var examples string

const lowered = "dependency-downgrade"

// Check is the check.
var Check = &checks.Check{
	Name:  "supply/downgrade",
	Doc:   doc,
	Scope: checks.Difference,
	Rules: []checks.RuleInfo{{
		ID:         lowered,
		Title:      "A dependency goes back to an older version, without a word",
		Why:        "What was mended since, holes included, is open again.",
		Remedy:     "Keep the newer version and mend the code, or say in the pull request why the older one is needed.",
		Severity:   checks.Medium,
		Confidence: checks.Likely,
		CWE:        []string{"CWE-1395"},
		References: []string{"https://arxiv.org/abs/2601.00205", "https://cwe.mitre.org/data/definitions/1395.html"},
		Tags:       []string{"security", "supply-chain"},
		Rollout:    checks.RolloutBlock,
		Origin:     "builtin",
	}},
	Examples: examples,
	Run:      run,
}

var spoken = regexp.MustCompile(`(?i)\b(down-?grad\w*|revert\w*|roll(?:ed|ing|s)? ?back|rollback)\b`)

func run(ctx context.Context, pass *checks.Pass) error {
	text := strings.ToLower(pass.Change.Text.Title + "\n" + pass.Change.Text.Body)
	if spoken.MatchString(text) {
		return nil
	}
	steps, err := manifest.Steps(ctx, pass)
	if err != nil {
		return err
	}
	for _, s := range steps {
		if s.File.Class != checks.ClassProduct || s.File.Status == checks.Renamed {
			continue
		}
		if s.Head.Compiled {
			continue // it follows from another file
		}
		var first *checks.Finding // one for a file
		more := 0
		s.Changed(func(was *manifest.Dependency, now manifest.Dependency) {
			if was == nil || was.Group != now.Group || now.Group == "indirect" || now.Group == "peerDependencies" || now.Group == "replace" || named(text, now.Name) {
				return
			}
			if count(s.Base, now.Name) != 1 || count(s.Head, now.Name) != 1 {
				return // by markers, or in several groups: which one went down cannot be told
			}
			a, ok := parse(was.Constraint)
			b, also := parse(now.Constraint)
			if !ok || !also || a.kind != b.kind || !less(b.numbers, a.numbers) {
				return
			}
			if first != nil {
				more++
				first.Related = append(first.Related, checks.Related{Location: s.Head.At(checks.Head, now.Line), Message: "this one too: it was " + was.Constraint})
				return
			}
			first = &checks.Finding{
				RuleID: lowered, Location: s.Head.At(checks.Head, now.Line), Key: now.Name,
				Message: fmt.Sprintf("`%s` goes back from %s to %s, and the pull request does not say why. Keep the newer version, or give the reason", now.Name, was.Constraint, now.Constraint),
			}
		})
		if first == nil {
			continue
		}
		if more > 0 {
			first.Message += fmt.Sprintf(" (and %d more in this file)", more)
		}
		pass.Report(*first)
	}
	return nil
}

// named tells whether the text speaks of a package: by its name or the last part of it.
func named(text, name string) bool {
	name = strings.ToLower(name)
	last := path.Base(strings.ReplaceAll(name, ":", "/"))
	return manifest.Names([]byte(text), name) || len(last) > 2 && manifest.Names([]byte(text), last)
}

func count(f *manifest.File, name string) int {
	n := 0
	for _, d := range f.Deps {
		if d.Name == name {
			n++
		}
	}
	return n
}

// A version is what a constraint begins at.
type version struct {
	kind    string // exact, "^", "~": only versions of one kind are compared
	numbers []int
}

var exact = regexp.MustCompile(`^(={1,3}|\^|~=?|~>)?\s*v?(\d{1,9}(?:\.\d{1,9}){1,4})(?:[.-](?:RELEASE|Final|GA|jre|android))?$`)

// parse reads a constraint of one version; pre-releases and everything else are not compared.
func parse(s string) (version, bool) {
	m := exact.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return version{}, false
	}
	v := version{kind: strings.TrimLeft(m[1], "=")}
	for part := range strings.SplitSeq(m[2], ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return version{}, false
		}
		v.numbers = append(v.numbers, n)
	}
	return v, true
}

func less(a, b []int) bool {
	for i := range max(len(a), len(b)) {
		x, y := 0, 0
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x != y {
			return x < y
		}
	}
	return false
}
