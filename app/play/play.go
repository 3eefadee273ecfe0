// Package play tries one set of rules on one file: what matches, why a line does or does not, what the file's tree is, and what is wrong with the rules.
//
// The work is done in the sandboxed worker, which gets the rules and the file through its pipe and can reach nothing else:
//
//	Question -> Ask -> worker: Work -> Answer
//
// page.go is the playground in the browser; it asks the same questions.
package play

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/reviewgate-app/reviewgate/app/sandbox"
	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/engine"
	"github.com/reviewgate-app/reviewgate/rules/language"
	"github.com/reviewgate-app/reviewgate/rules/lint"
	"github.com/reviewgate-app/reviewgate/rules/ruletest"
)

// A Question is rules, a file, and the lines that are of interest.
type Question struct {
	Sources   []rules.Source             `json:"sources"`
	Builtin   bool                       `json:"builtin,omitempty"`   // the built-in rules too
	Overrides map[string]checks.Override `json:"overrides,omitempty"` // of a policy
	Rule      string                     `json:"rule,omitempty"`      // only the rule with this id; "": all
	Path      string                     `json:"path"`                // with slashes, from the root of the repository
	Code      []byte                     `json:"code"`
	From      int                        `json:"from,omitempty"` // lines from 1; 0: nothing is explained
	To        int                        `json:"to,omitempty"`
	Tree      bool                       `json:"tree,omitempty"`
	Lint      bool                       `json:"lint,omitempty"`  // say what is wrong with the rules, not only what stops them
	Marks     bool                       `json:"marks,omitempty"` // hold what is reported to the file's `ruleid:` and `ok:` comments
}

// An Answer is what came of it.
type Answer struct {
	Problems     []rules.Problem       `json:"problems,omitempty"`
	Rules        []string              `json:"rules"`              // ids of those that run, in order
	Language     string                `json:"language,omitempty"` // of the file; "": none that is known
	Matches      []Match               `json:"matches"`
	Overruns     []string              `json:"overruns,omitempty"`
	Errors       []int                 `json:"errors,omitempty"` // lines that the grammar could not read
	Explanations []*engine.Explanation `json:"explanations,omitempty"`
	Tree         []TreeNode            `json:"tree,omitempty"`
	TreeCut      bool                  `json:"tree_cut,omitempty"`
	Tests        []Test                `json:"tests,omitempty"`
}

// A Match is what a rule reports.
type Match struct {
	Rule  string `json:"rule"`
	Start int    `json:"start"` // bytes
	End   int    `json:"end"`
	engine.Range
	Message string  `json:"message"`
	Fix     *string `json:"fix,omitempty"`
}

// A TreeNode is a node of the file's tree, in order, with how deep it lies.
type TreeNode struct {
	Depth int    `json:"depth"`
	Slot  string `json:"slot,omitempty"`
	Kind  string `json:"kind"`
	Value string `json:"value,omitempty"`
	Line  int    `json:"line"`
}

// A Test is how a rule did on the marks of the file.
type Test struct {
	Rule string `json:"rule"`
	ruletest.Fixture
}

// The bounds of an answer, and of a question.
const (
	maxMatches   = 2000
	maxNodes     = 3000
	maxQuestion  = 256 << 20
	maxAnswer    = 64 << 20
	maxValue     = 60
	maxProblems  = 200
	maxExplained = 3000
)

// first tells a question of ours from one of app/scan.
const first = 'Q'

// Ask has a question answered in the sandboxed worker; with sandbox.Off in this process.
func Ask(ctx context.Context, q *Question, mode sandbox.Mode) (*Answer, error) {
	if mode == sandbox.Off {
		return q.answer(ctx), nil
	}
	body, err := json.Marshal(q)
	if err != nil {
		return nil, fmt.Errorf("play: %w", err)
	}
	var a Answer
	_, err = sandbox.Run(ctx, sandbox.Options{Mode: mode, InputSize: int64(len(body)), Timeout: time.Minute, MaxAnswer: maxAnswer},
		func(w io.Writer) error {
			_, err := w.Write(append([]byte{first}, body...))
			return err
		},
		func(r io.Reader) error { return json.NewDecoder(io.LimitReader(r, maxAnswer)).Decode(&a) })
	if err != nil {
		return nil, fmt.Errorf("play: %w", err)
	}
	return &a, nil
}

func (q *Question) answer(ctx context.Context) *Answer {
	a := &Answer{Rules: []string{}, Matches: []Match{}}
	sources := slices.Clone(q.Sources)
	if q.Builtin {
		sources = append(rules.Builtin(), sources...)
	}
	all, problems := rules.ParseAll(sources)
	all = scan.Overridden(all, q.Overrides)
	if q.Rule != "" {
		all = slices.DeleteFunc(all, func(r *rules.Rule) bool { return r.ID.Value != q.Rule })
		problems = slices.DeleteFunc(problems, func(p rules.Problem) bool { return p.RuleID != q.Rule && p.RuleID != "" })
	}
	set, more := engine.Compile(all)
	if problems = append(problems, more...); q.Lint {
		problems = lint.Sources(ctx, q.Sources)
	}
	rules.SortProblems(problems)
	a.Problems = problems[:min(len(problems), maxProblems)]
	for _, r := range set.Rules() {
		a.Rules = append(a.Rules, r.ID.Value)
	}
	spec := language.ForPath(q.Path)
	if spec != nil {
		a.Language = spec.Name
	}
	file := engine.File{Path: q.Path, Source: q.Code}
	res := set.Run(ctx, file)
	lines := language.NewLines(string(q.Code))
	reported := map[string][]int{}
	for _, m := range res.Matches {
		line, column := lines.Position(m.Start)
		reported[m.Rule.ID.Value] = append(reported[m.Rule.ID.Value], line)
		if len(a.Matches) == maxMatches {
			continue
		}
		one := Match{Rule: m.Rule.ID.Value, Start: int(m.Start), End: int(m.End), Message: m.Message, Fix: m.Fix, Range: engine.Range{Line: line, Column: column}}
		one.EndLine, one.EndColumn = lines.Position(m.End)
		for _, b := range m.Bindings {
			one.Bindings = append(one.Bindings, engine.Bound{Name: b.Name, Text: clip(b.Text)})
		}
		a.Matches = append(a.Matches, one)
	}
	for _, o := range res.Overruns {
		a.Overruns = append(a.Overruns, strings.TrimPrefix(o.RuleID+": "+o.Reason, ": "))
	}
	if q.Marks {
		for _, r := range set.Rules() {
			if f, marked := ruletest.Judge(q.Code, r.ID.Value, reported[r.ID.Value]); marked {
				f.Path = q.Path
				a.Tests = append(a.Tests, Test{r.ID.Value, f})
			}
		}
	}
	if q.From > 0 {
		a.explain(ctx, q, set.Rules(), file)
	}
	if tree := res.Tree; spec != nil && (q.Tree || tree != nil) {
		var err error
		if tree == nil {
			tree, err = spec.Parse(q.Path, q.Code)
		}
		if err != nil {
			a.Overruns = append(a.Overruns, err.Error())
			return a
		}
		for _, e := range tree.Errors {
			if line := lines.Line(e.Start); !slices.Contains(a.Errors, line) && len(a.Errors) < 20 {
				a.Errors = append(a.Errors, line)
			}
		}
		if q.Tree {
			a.tree(tree, lines)
		}
	}
	return a
}

// explain says of every rule what becomes of the lines. Of many rules only those are told that have to do with them.
func (a *Answer) explain(ctx context.Context, q *Question, rs []*rules.Rule, file engine.File) {
	for _, r := range rs[:min(len(rs), maxExplained)] {
		x, problems := engine.Explain(ctx, r, file, q.From, max(q.From, q.To))
		a.Problems = append(a.Problems, problems...)
		if x != nil && (q.Rule != "" || len(rs) == 1 || Near(x)) {
			a.Explanations = append(a.Explanations, x)
		}
	}
	slices.SortStableFunc(a.Explanations, func(x, y *engine.Explanation) int { // what matches first
		switch {
		case x.Matched == y.Matched:
			return 0
		case x.Matched:
			return -1
		}
		return 1
	})
}

// Near says whether a rule has to do with the lines: it matches there, or something of it does that was taken out again, or it has a sink there.
func Near(x *engine.Explanation) bool {
	if x.Matched || x.Flow != nil {
		return x.Matched || len(x.Flow.Sinks) > 0
	}
	var gone func(steps []*engine.Step) bool
	gone = func(steps []*engine.Step) bool {
		return slices.ContainsFunc(steps, func(s *engine.Step) bool { return len(s.Gone) > 0 || gone(s.Steps) })
	}
	return gone(x.Steps)
}

func (a *Answer) tree(t *language.Tree, lines *language.Lines) {
	depths := make([]int, len(t.Nodes))
	for i := range t.Nodes {
		if len(a.Tree) == maxNodes {
			a.TreeCut = true
			return
		}
		n := &t.Nodes[i]
		if n.Parent != language.None && i > 0 {
			depths[i] = depths[n.Parent] + 1
		}
		node := TreeNode{Depth: depths[i], Kind: n.Kind.String(), Value: clip(n.Value), Line: lines.Line(n.Start)}
		if n.Slot != language.Item {
			node.Slot = n.Slot.String()
		}
		if n.Kind == language.Other {
			node.Kind = t.Type(language.ID(i))
		}
		a.Tree = append(a.Tree, node)
	}
}

// clip makes one short line of a text.
func clip(s string) string {
	s = strings.Join(strings.Fields(s[:min(len(s), 16*maxValue)]), " ")
	if r := []rune(s); len(r) > maxValue {
		s = string(r[:maxValue-1]) + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
