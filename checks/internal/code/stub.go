package code

import (
	"regexp"
	"strings"

	"github.com/reviewgate-app/reviewgate/rules/language"
)

// A Stub says what a function does that does no work.
type Stub struct {
	What     string // "does nothing", "always returns `true`", "only says that it is not implemented"
	Stmt     language.ID
	Declared bool        // it says of itself, in an error or a comment, that it is not finished
	Value    language.ID // what it returns always; None if that is nothing
}

var (
	unfinished = regexp.MustCompile(`(?i)\bnot[ _-]?(yet[ _-])?implemented\b|\bunimplemented\b|\bto ?do\b|\bimplement me\b|NotImplemented(Error|Exception)?\b|\bstub\b|\bplaceholder\b`)
	intent     = regexp.MustCompile(`(?i)\b(todo|stub(bed)?|placeholder|not (yet )?implemented|implement (this|me|later)|mock(ed)?|dummy|fake|simulat\w+|hard-?coded)\b`)
	logs       = map[string]bool{"log": true, "info": true, "debug": true, "warn": true, "warning": true, "error": true, "trace": true, "print": true, "println": true, "printf": true, "Println": true, "Printf": true, "Print": true,
		"Info": true, "Debug": true, "Warn": true, "Error": true, "Infof": true, "Debugf": true, "Warnf": true, "Errorf": true, "exception": true}
	empties = map[string]bool{"resolve": true, "empty": true, "emptyList": true, "emptyMap": true, "emptySet": true, "completedFuture": true, "of": true}
)

// IsLog tells a statement that only writes a log line.
func IsLog(tree *language.Tree, stmt language.ID) bool {
	call := Call(tree, stmt)
	return call != language.None && tree.Nodes[stmt].Kind == language.ExprStmt && logs[Callee(tree, call)]
}

// AsStub tells a function that does no work: whose body is empty, gives one constant, or says that it is not implemented.
func AsStub(tree *language.Tree, fn Func) (Stub, bool) {
	stub := Stub{Stmt: language.None, Value: language.None}
	// Python's block begins with its first statement: a comment before that lies outside of it.
	for _, c := range Comments(tree, tree.Nodes[fn.ID].Start, tree.Nodes[fn.Body].End) {
		if intent.MatchString(Comment(tree, c)) {
			stub.Declared = true
		}
	}
	for _, s := range Statements(tree, fn.Body) {
		if IsLog(tree, s) || isPass(tree, s) {
			continue
		}
		if stub.Stmt != language.None {
			return stub, false
		}
		stub.Stmt = s
	}
	if stub.Stmt == language.None {
		stub.What = "does nothing"
		return stub, true
	}
	switch s := stub.Stmt; tree.Nodes[s].Kind {
	case language.Throw:
		if unfinished.MatchString(tree.Text(s)) {
			stub.What, stub.Declared = "only says that it is not implemented", true
			return stub, true
		}
	case language.ExprStmt, language.Call:
		call := Call(tree, s)
		if call != language.None && Callee(tree, call) == "panic" && unfinished.MatchString(tree.Text(call)) {
			stub.What, stub.Declared = "only says that it is not implemented", true
			return stub, true
		}
	case language.Return:
		value := tree.Child(s, language.SlotOperand)
		switch {
		case value == language.None:
			stub.What = "does nothing"
			return stub, true
		case Literal(tree, value):
			stub.Value = value
			stub.What = "always returns `" + Shorten(tree.Text(value)) + "`"
			return stub, true
		case errorOnly(tree, value) && unfinished.MatchString(tree.Text(value)):
			stub.What, stub.Declared = "only says that it is not implemented", true
			return stub, true
		}
	}
	return stub, false
}

// isPass tells a statement that does nothing: pass, and Python's dots.
func isPass(tree *language.Tree, s language.ID) bool {
	text := strings.TrimSpace(tree.Text(s))
	return text == "pass" || text == "..." || text == ";"
}

// Literal tells an expression that is constant: a text, number, nil, or a list or dictionary of such.
func Literal(tree *language.Tree, id language.ID) bool {
	switch n := &tree.Nodes[id]; n.Kind {
	case language.Null, language.Bool, language.Num, language.Str:
		return true
	case language.List, language.Tuple, language.Dict, language.Pair, language.Unary:
		for c := range tree.Children(id) {
			slot := tree.Nodes[c].Slot
			if slot == language.SlotType || slot == language.SlotKey && tree.Nodes[c].Kind == language.Name {
				continue
			}
			if !Literal(tree, c) {
				return false
			}
		}
		return true
	case language.Call:
		if !empties[Callee(tree, id)] {
			return false
		}
		for _, a := range Args(tree, id) {
			if !Literal(tree, a) {
				return false
			}
		}
		return true
	}
	return false
}

// errorOnly tells what a Go function returns to say no: errors.New("..."), nil with one, or a call of fmt.Errorf with a text only.
func errorOnly(tree *language.Tree, id language.ID) bool {
	switch tree.Nodes[id].Kind {
	case language.Tuple:
		for c := range tree.Children(id) {
			if !Literal(tree, c) && !errorOnly(tree, c) {
				return false
			}
		}
		return true
	case language.Call:
		for _, a := range Args(tree, id) {
			if !Literal(tree, a) {
				return false
			}
		}
		return true
	case language.Name:
		return true
	}
	return false
}
