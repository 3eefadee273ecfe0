package duplicate

import (
	"cmp"
	"context"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/internal/code"
	"github.com/reviewgate-app/reviewgate/checks/syntax"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

//go:embed doc.go
var doc string

//go:embed examples.txtar
var examples string

const id = "function-duplicated"

// Check is the check.
var Check = &checks.Check{
	Name:  "quality/duplicate",
	Doc:   doc,
	Scope: checks.Difference,
	Rules: []checks.RuleInfo{{
		ID: id, Title: "A copy of a function", Severity: checks.Low, Confidence: checks.Certain, CWE: []string{"CWE-1041"},
		Why:        "A flaw that is mended in one copy stays in the other, and the two drift apart.",
		Remedy:     "Call the function that is there. If it is out of reach, move it to where both can use it.",
		References: []string{"https://cwe.mitre.org/data/definitions/1041.html", "https://arxiv.org/abs/2601.21276"},
		Tags:       []string{"maintainability"},
		Languages:  code.Languages,
		Rollout:    checks.RolloutBlock,
		Origin:     "builtin",
	}},
	Examples: examples,
	Wants:    wants,
	Run:      run,
}

const (
	minLines  = 8
	minTokens = 40     // names, literals and operators
	maxTokens = 20_000 // a longer one is data
	minWord   = 3      // bytes of a word by which copies are looked for
	minWords  = 3      // fewer stand in too many files
	maxWords  = 12     // of a function
)

type shape [sha256.Size]byte

// A function of head, with where it is.
type function struct {
	file  code.File
	fn    code.Func
	shape shape
	words []string // that a copy has too, the longest first
	added bool     // all of its lines are new
}

// changed are the functions of the files that changed.
type changed struct {
	before    map[shape]int
	head      []function
	unscanned []checks.Unscanned
	err       error
}

type changedKey struct{}

// look reads the changed files, once for wants and run.
func look(ctx context.Context, pass *checks.Pass) *changed {
	return pass.Change.Memo(changedKey{}, func() any {
		c := &changed{before: map[shape]int{}}
		pass := &checks.Pass{Change: pass.Change, Unscanned: func(u checks.Unscanned) { c.unscanned = append(c.unscanned, u) }}
		c.err = code.Each(ctx, pass, checks.Head, code.Shipped, func(f code.File) { c.head = append(c.head, functions(f)...) })
		if c.err == nil {
			c.err = code.Each(ctx, pass, checks.Base, code.Shipped, func(f code.File) {
				for _, fn := range functions(f) {
					c.before[fn.shape]++
				}
			})
		}
		return c
	}).(*changed)
}

// maxSought bounds how many new functions of a change are looked for in the rest of the tree.
const maxSought = 500

// sought are the new functions that may be copies of one elsewhere.
func (c *changed) sought() []function {
	var out []function
	for _, fn := range c.head {
		if fn.added && c.before[fn.shape] == 0 && len(fn.words) >= minWords && len(out) < maxSought {
			out = append(out, fn)
		}
	}
	return out
}

// wants asks for the files that have all words of a new function: a copy of it has them too.
func wants(ctx context.Context, pass *checks.Pass) ([]checks.Want, error) {
	c := look(ctx, pass)
	var out []checks.Want
	for _, fn := range c.sought() {
		out = append(out, checks.Want{Endings: endings(fn.file.Tree.Spec), Words: fn.words})
	}
	return out, c.err
}

// endings are those of the files that a function may be copied from.
func endings(spec *language.Spec) []string {
	if spec.Name != "javascript" && spec.Name != "typescript" {
		return spec.Extensions
	}
	return slices.Concat(language.ForName("javascript").Extensions, language.ForName("typescript").Extensions)
}

func run(ctx context.Context, pass *checks.Pass) error {
	c := look(ctx, pass)
	for _, u := range c.unscanned {
		pass.Unscanned(u)
	}
	if c.err != nil {
		return c.err
	}
	now := map[shape][]function{}
	for _, fn := range c.head {
		now[fn.shape] = append(now[fn.shape], fn)
	}
	elsewhere, lacks, err := found(ctx, pass, c)
	if err != nil {
		return err
	}
	unchanged := map[shape]int{}
	for _, fn := range elsewhere {
		now[fn.shape] = append(now[fn.shape], fn)
		unchanged[fn.shape]++
	}
	told := map[shape]bool{}
	var last function // what was told, with all that is inside of it
	for _, fn := range c.head {
		same := now[fn.shape]
		if !fn.added || told[fn.shape] || len(same) < 2 || len(same) <= c.before[fn.shape]+unchanged[fn.shape] || last.holds(fn) {
			continue
		}
		other, ok := original(same, fn)
		pair := [2]string{fn.file.Name, other.file.Name}
		if !ok || pair[0] != pair[1] && path.Base(pair[0]) == path.Base(pair[1]) {
			continue // a file that was copied as a whole, for another theme or version, is meant
		}
		told[fn.shape] = true
		last = fn
		line, _ := other.file.Tree.Position(other.file.Tree.Nodes[other.fn.ID].Start)
		pass.Report(checks.Finding{
			RuleID: id, Location: fn.file.Head(fn.fn.ID), Key: fn.fn.Symbol,
			Message: fmt.Sprintf("`%s` does what `%s` in %s:%d does, word for word but for names. Call that one, or move it to where both can use it", fn.fn.Symbol, other.fn.Symbol, other.file.Name, line),
			Related: []checks.Related{{Location: other.file.Head(other.fn.ID), Message: "the same function"}},
		})
	}
	if lacks != "" {
		return fmt.Errorf("%w: new functions were compared with those of the changed files only: %s", checks.ErrSkipped, lacks)
	}
	return nil
}

// found gives the functions of files that did not change, where they are like a new one. Lacks says why not all of the tree was looked at.
func found(ctx context.Context, pass *checks.Pass, c *changed) (like []function, lacks string, err error) {
	sought := map[shape]bool{}
	for _, fn := range c.sought() {
		sought[fn.shape] = true
	}
	if len(sought) == 0 {
		return nil, "", nil
	}
	f := pass.Change.Found
	if f == nil {
		return nil, "nobody looked through the others", nil
	}
	for _, p := range f.Paths {
		file := &checks.File{Path: p}
		if !code.Shipped(file) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, "", err
		}
		tree, err := syntax.Code(pass.Change, checks.Head, p)
		if err != nil {
			continue // of another language, which another check wanted, or beyond the parser's limits
		}
		for _, fn := range functions(code.File{File: file, Name: p, Side: checks.Head, Tree: tree}) {
			if sought[fn.shape] {
				like = append(like, fn)
			}
		}
	}
	return like, f.Lacks, nil
}

// holds tells whether b lies inside of a.
func (a function) holds(b function) bool {
	return a.file.Tree != nil && a.file.Name == b.file.Name && a.fn.ID < b.fn.ID && b.fn.ID < a.file.Tree.Nodes[a.fn.ID].Next
}

// original picks the function that c is a copy of: one that was there before, if there is one.
func original(same []function, c function) (function, bool) {
	var first function
	found := false
	for _, o := range same {
		if o.file.Name == c.file.Name && o.fn.ID == c.fn.ID {
			continue
		}
		if !o.added {
			return o, true
		}
		if !found {
			first, found = o, true
		}
	}
	return first, found
}

// boilerplate are functions that look alike wherever they stand.
var boilerplate = map[string]bool{"equals": true, "hashCode": true, "toString": true, "constructor": true, "__init__": true, "__eq__": true, "__repr__": true, "main": true, "clone": true}

func functions(f code.File) []function {
	var out []function
	for _, fn := range code.Funcs(f.Tree) {
		at := f.At(fn.ID)
		if f.Tree.Child(fn.ID, language.SlotReceiver) != language.None || at.EndLine-at.StartLine+1 < minLines || boilerplate[fn.Short] || f.Tree.Nodes[fn.ID].Value == "constructor" {
			continue
		}
		s, words, ok := shapeOf(f.Tree, fn)
		if !ok {
			continue
		}
		added := f.Lines != nil
		for line := at.StartLine; added && line <= at.EndLine; line++ {
			added = f.Lines.AddedIn(line, line)
		}
		out = append(out, function{file: f, fn: fn, shape: s, words: words, added: added})
	}
	return out
}

// shapeOf is what two functions have in common that differ in the names of parameters and variables only, and some of the words that both have.
func shapeOf(tree *language.Tree, fn code.Func) (s shape, words []string, ok bool) {
	local := map[string]string{}
	take := func(id language.ID) {
		if id != language.None && tree.Nodes[id].Kind == language.Name {
			if name := tree.Nodes[id].Value; local[name] == "" {
				local[name] = "$" + strconv.Itoa(len(local))
			}
		}
	}
	tokens := 0
	for id := fn.ID; id < tree.Nodes[fn.ID].Next; id++ {
		switch n := &tree.Nodes[id]; n.Kind {
		case language.Param:
			take(tree.Child(id, language.SlotName))
		case language.Assign:
			if n.Flags&language.Declares != 0 || tree.Spec.Name == "python" {
				take(tree.Child(id, language.SlotTarget))
			}
		case language.ForEach, language.Catch:
			take(tree.Child(id, language.SlotTarget))
		}
	}
	var b strings.Builder
	others := map[string]bool{}
	for id := fn.Body; id < tree.Nodes[fn.Body].Next; id++ {
		n := &tree.Nodes[id]
		value := n.Value
		if n.Kind == language.Name {
			if l := local[value]; l != "" && n.Slot != language.SlotName && n.Slot != language.SlotKey {
				value = l
			} else if len(value) >= minWord && checks.IsWord(value) {
				others[value] = true
			}
		}
		if n.Kind == language.Name || value != "" {
			tokens++
		}
		if n.Kind == language.Other {
			value = tree.Type(id)
		}
		fmt.Fprintf(&b, "%d %d %d %q\n", n.Kind, n.Slot, n.Next-id, value)
		if tokens > maxTokens {
			return shape{}, nil, false
		}
	}
	words = slices.SortedFunc(maps.Keys(others), func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	return sha256.Sum256([]byte(b.String())), words[:min(len(words), maxWords)], tokens >= minTokens
}
