// Package code gives checks that read programs what they read most: the changed files of a kind with their trees, functions, names, comments.
package code

import (
	"context"
	"errors"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/syntax"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// Languages are those that are read, for RuleInfo.
var Languages = []string{"go", "java", "javascript", "python", "typescript"}

// Read tells a path of a language that is read.
func Read(path string) bool {
	spec := language.ForPath(path)
	return spec != nil && slices.Contains(Languages, spec.Name)
}

// A File is one changed file on one side.
type File struct {
	*checks.File
	Name string // its path on this side
	Side checks.Side
	Tree *language.Tree
}

// Product tells files of the product itself; Tests those of its tests. Vendored and generated code, examples and documentation are neither.
func Product(f *checks.File) bool { return f.Class == checks.ClassProduct }

// Tests tells files of tests.
func Tests(f *checks.File) bool { return f.Class == checks.ClassTest }

// Shipped is Product without what lies in a folder, or has a file name, of tests, examples or the like, also where the change makes it. It is for checks that
// block nothing: a name that the change chooses may keep them quiet.
func Shipped(f *checks.File) bool { return Product(f) && !aside.MatchString(f.Path) }

var aside = regexp.MustCompile(`(?i)(^|/)(_*tests?_*|testdata|testing|specs?|fixtures?|examples?|samples?|demos?|docs?|e2e|benchmarks?|playground|sandbox|mocks?|__mocks__|scripts/dev)/|\.(examples?|samples?|demo|stories|bench)\.\w+$|_example\.\w+$|(^|/)repro[._-][^/]*$`)

// Each calls use for every changed file of a side that is wanted and is of a language that is read. A file that cannot be read is told as
// unscanned.
func Each(ctx context.Context, pass *checks.Pass, side checks.Side, wanted func(*checks.File) bool, use func(File)) error {
	for _, f := range pass.Change.Files {
		name, ok := f.PathOn(side)
		if !ok || f.Opaque != "" || !wanted(f) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		tree, err := syntax.Code(pass.Change, side, name)
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, syntax.ErrNoLanguage):
		case err != nil:
			pass.Unscanned(checks.Unscanned{Path: name, Side: side, Reason: err.Error()})
		default:
			use(File{File: f, Name: name, Side: side, Tree: tree})
		}
	}
	return nil
}

// At is the place of a node.
func (f File) At(id language.ID) checks.Location {
	n := &f.Tree.Nodes[id]
	return f.Span(n.Start, n.End)
}

// Head is the place of a node's first line: of a function or statement as a reader points at it.
func (f File) Head(id language.ID) checks.Location {
	n := &f.Tree.Nodes[id]
	end := n.End
	if i := strings.IndexByte(f.Tree.Source[n.Start:end], '\n'); i > 0 {
		end = n.Start + uint32(i)
	}
	return f.Span(n.Start, end)
}

// Span is the place of a region of bytes.
func (f File) Span(start, end uint32) checks.Location {
	line, column := f.Tree.Position(start)
	endLine, endColumn := f.Tree.Position(end)
	return checks.Location{Path: f.Name, Side: f.Side, StartLine: line, StartColumn: column, EndLine: endLine, EndColumn: endColumn}
}

// Changed tells whether any line of a node is new at head.
func (f File) Changed(id language.ID) bool {
	at := f.At(id)
	return f.Lines.AddedIn(at.StartLine, at.EndLine)
}

// A Func is a function with a name and a body.
type Func struct {
	ID, Name, Body language.ID // Name is None for a function that a declaration names
	Symbol         string      // with what surrounds it: "Class.method"
	Short          string      // the last part of it
}

// Funcs lists the functions of a tree that have a name of their own, or by the declaration that keeps them.
func Funcs(tree *language.Tree) []Func {
	var out []Func
	for i := range tree.Nodes {
		id := language.ID(i)
		if tree.Nodes[i].Kind != language.Func {
			continue
		}
		body := tree.Child(id, language.SlotBody)
		if body == language.None || tree.Nodes[body].Kind != language.Block {
			continue
		}
		name := tree.Child(id, language.SlotName)
		if name == language.None && !kept(tree, id) {
			continue
		}
		at := max(tree.Nodes[body].Start, tree.Nodes[id].Start)
		if name != language.None {
			at = tree.Nodes[name].Start // Python's body may begin with another function
		}
		symbol := tree.SymbolAt(at)
		if symbol == "" {
			continue
		}
		out = append(out, Func{ID: id, Name: name, Body: body, Symbol: symbol, Short: symbol[strings.LastIndexByte(symbol, '.')+1:]})
	}
	return out
}

// kept tells a function that is the value of a declaration or of a member.
func kept(tree *language.Tree, id language.ID) bool {
	n := &tree.Nodes[id]
	switch tree.Nodes[n.Parent].Kind {
	case language.Assign:
		return n.Slot == language.SlotValue
	case language.Pair:
		return n.Slot == language.SlotOperand
	}
	return false
}

// Enclosing gives the function that a node stands in, or None.
func Enclosing(tree *language.Tree, id language.ID) language.ID {
	for p := tree.Nodes[id].Parent; p > 0; p = tree.Nodes[p].Parent {
		if tree.Nodes[p].Kind == language.Func {
			return p
		}
	}
	return language.None
}

// Class gives the class that a node stands in, or None.
func Class(tree *language.Tree, id language.ID) language.ID {
	for p := tree.Nodes[id].Parent; p > 0; p = tree.Nodes[p].Parent {
		if tree.Nodes[p].Kind == language.Class {
			return p
		}
	}
	return language.None
}

// ClassName is the name of a class; "" for None.
func ClassName(tree *language.Tree, class language.ID) string {
	if class == language.None {
		return ""
	}
	if name := tree.Child(class, language.SlotName); name != language.None {
		return tree.Nodes[name].Value
	}
	return ""
}

// Statements lists the statements of a block without docstrings.
func Statements(tree *language.Tree, block language.ID) []language.ID {
	var out []language.ID
	first := true
	for s := range tree.Children(block) {
		if first && tree.Nodes[s].Kind == language.ExprStmt {
			if e := tree.Child(s, language.SlotOperand); e != language.None && tree.Nodes[e].Kind == language.Str {
				first = false
				continue
			}
		}
		first = false
		out = append(out, s)
	}
	return out
}

// Given tells a statement that is the expression after an arrow: x -> f(x) gives f(x).
func Given(tree *language.Tree, stmt language.ID) bool {
	block := &tree.Nodes[tree.Nodes[stmt].Parent]
	return tree.Spec.Name != "python" && block.Kind == language.Block && block.Slot == language.SlotBody && !strings.HasPrefix(tree.Source[block.Start:], "{")
}

// Call gives the call that a statement is (awaited or not), or None.
func Call(tree *language.Tree, stmt language.ID) language.ID {
	id := stmt
	for id != language.None {
		switch tree.Nodes[id].Kind {
		case language.ExprStmt, language.Defer, language.Unary:
			id = tree.Child(id, language.SlotOperand)
		case language.Call:
			return id
		default:
			return language.None
		}
	}
	return language.None
}

// Last is the last name of a name, a member access or a call: "c" of a.b.c(x).
func Last(tree *language.Tree, id language.ID) string {
	for id != language.None {
		switch tree.Nodes[id].Kind {
		case language.Name:
			return tree.Nodes[id].Value
		case language.Dot:
			id = tree.Child(id, language.SlotName)
		case language.Call:
			id = tree.Child(id, language.SlotCallee)
		case language.Type:
			id = tree.Child(id, language.SlotOperand)
		default:
			return ""
		}
	}
	return ""
}

// Callee is the last name of what a call calls.
func Callee(tree *language.Tree, call language.ID) string {
	if call == language.None {
		return ""
	}
	return Last(tree, tree.Child(call, language.SlotCallee))
}

// Args lists the arguments of a call.
func Args(tree *language.Tree, call language.ID) []language.ID {
	args := tree.Child(call, language.SlotArgs)
	if args == language.None {
		return nil
	}
	return slices.Collect(tree.Children(args))
}

// Decorators lists what stands before a function or class, without modifiers: the nodes after the @.
func Decorators(tree *language.Tree, id language.ID) []language.ID {
	var out []language.ID
	for c := range tree.Children(id) {
		if tree.Nodes[c].Kind == language.Decorator {
			if operand := tree.Child(c, language.SlotOperand); operand != language.None {
				out = append(out, operand)
			}
		}
	}
	return out
}

// Comment is the text of a comment without what marks it as one.
func Comment(tree *language.Tree, c language.Comment) string {
	text := tree.Source[c.Start:c.End]
	text = strings.TrimSuffix(text, "*/")
	return strings.TrimSpace(strings.TrimLeft(text, "/*#! \t"))
}

// Comments lists the comments that begin in a region of bytes.
func Comments(tree *language.Tree, start, end uint32) []language.Comment {
	from, _ := slices.BinarySearchFunc(tree.Comments, start, func(c language.Comment, at uint32) int { return int(int64(c.Start) - int64(at)) })
	to := from
	for to < len(tree.Comments) && tree.Comments[to].Start < end {
		to++
	}
	return tree.Comments[from:to]
}

// Words takes a name apart: requireAdmin, require_admin and RequireAdmin give require, admin.
func Words(name string) []string {
	var words []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			words, word = append(words, strings.ToLower(string(word))), nil
		}
	}
	runes := []rune(name)
	for i, r := range runes {
		switch {
		case r == '_' || r == '-' || r == '$' || r == '.':
			flush()
		case unicode.IsUpper(r) && i > 0 && (unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])):
			flush()
			word = append(word, r)
		default:
			word = append(word, r)
		}
	}
	flush()
	return words
}

// Fold brings white space to single blanks.
func Fold(s string) string { return strings.Join(strings.Fields(s), " ") }

// Shorten cuts a text for a message.
func Shorten(s string) string { return checks.Shorten(s, 70) }
