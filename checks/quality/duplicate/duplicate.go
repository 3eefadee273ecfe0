package duplicate

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/internal/code"
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
		Pack:       checks.PackStrict,
		Origin:     "builtin",
	}},
	Examples: examples,
	Run:      run,
}

const (
	minLines  = 8
	minTokens = 40     // names, literals and operators
	maxTokens = 20_000 // a longer one is data
)

type shape [sha256.Size]byte

// A function of head, with where it is.
type function struct {
	file  code.File
	fn    code.Func
	shape shape
	added bool // all of its lines are new
}

func run(ctx context.Context, pass *checks.Pass) error {
	before := map[shape]int{}
	err := code.Each(ctx, pass, checks.Base, code.Shipped, func(f code.File) {
		for _, fn := range functions(f) {
			before[fn.shape]++
		}
	})
	if err != nil {
		return err
	}
	now := map[shape][]function{}
	var order []function
	err = code.Each(ctx, pass, checks.Head, code.Shipped, func(f code.File) {
		for _, fn := range functions(f) {
			now[fn.shape] = append(now[fn.shape], fn)
			order = append(order, fn)
		}
	})
	if err != nil {
		return err
	}
	told := map[shape]bool{}
	var last function // what was told, with all that is inside of it
	for _, c := range order {
		same := now[c.shape]
		if !c.added || told[c.shape] || len(same) < 2 || len(same) <= before[c.shape] || last.holds(c) {
			continue
		}
		other, ok := original(same, c)
		pair := [2]string{c.file.Name, other.file.Name}
		if !ok || pair[0] != pair[1] && path.Base(pair[0]) == path.Base(pair[1]) {
			continue // a file that was copied as a whole, for another theme or version, is meant
		}
		told[c.shape] = true
		last = c
		line, _ := other.file.Tree.Position(other.file.Tree.Nodes[other.fn.ID].Start)
		pass.Report(checks.Finding{
			RuleID: id, Location: c.file.Head(c.fn.ID), Key: c.fn.Symbol,
			Message: fmt.Sprintf("`%s` does what `%s` in %s:%d does, word for word but for names. Call that one, or move it to where both can use it", c.fn.Symbol, other.fn.Symbol, other.file.Name, line),
			Related: []checks.Related{{Location: other.file.Head(other.fn.ID), Message: "the same function"}},
		})
	}
	return nil
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
		s, ok := shapeOf(f.Tree, fn)
		if !ok {
			continue
		}
		added := f.Lines != nil
		for line := at.StartLine; added && line <= at.EndLine; line++ {
			added = f.Lines.AddedIn(line, line)
		}
		out = append(out, function{file: f, fn: fn, shape: s, added: added})
	}
	return out
}

// shapeOf is what two functions have in common that differ in the names of parameters and variables only.
func shapeOf(tree *language.Tree, fn code.Func) (shape, bool) {
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
	for id := fn.Body; id < tree.Nodes[fn.Body].Next; id++ {
		n := &tree.Nodes[id]
		value := n.Value
		if n.Kind == language.Name {
			if l := local[value]; l != "" && n.Slot != language.SlotName && n.Slot != language.SlotKey {
				value = l
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
			return shape{}, false
		}
	}
	return sha256.Sum256([]byte(b.String())), tokens >= minTokens
}
