package vacuoustest

import (
	"slices"

	"github.com/reviewgate-app/reviewgate/checks/internal/code"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// A reader knows which functions of a file assert something.
type reader struct {
	tree    *language.Tree
	own     map[string]bool // functions of the file, by their last name
	asserts map[string]bool // those of them that assert
	after   bool            // what runs after each test asserts
}

// maxRounds bounds how far helpers of helpers are followed.
const maxRounds = 4

func newReader(tree *language.Tree) *reader {
	r := &reader{tree: tree, own: map[string]bool{}, asserts: map[string]bool{}}
	funcs := code.Funcs(tree)
	for _, fn := range funcs {
		r.own[fn.Short] = true
	}
	for range maxRounds {
		before := len(r.asserts)
		for _, fn := range funcs {
			if !r.asserts[fn.Short] && r.any(fn.Body) {
				r.asserts[fn.Short] = true
			}
		}
		if len(r.asserts) == before {
			break
		}
	}
	for _, name := range []string{"tearDown", "teardown_method", "teardown", "asyncTearDown"} {
		r.after = r.after || r.asserts[name]
	}
	for i := range tree.Nodes {
		id := language.ID(i)
		switch tree.Nodes[i].Kind {
		case language.Call:
			if name := code.Callee(tree, id); name == "afterEach" || name == "teardown" {
				r.after = r.after || r.any(tree.Child(id, language.SlotArgs))
			}
		case language.Decorator:
			if name := code.Last(tree, max(tree.Child(id, language.SlotOperand), 0)); name == "After" || name == "AfterEach" || name == "Rule" {
				r.after = true
			}
		}
	}
	return r
}

func (r *reader) any(id language.ID) bool {
	if id == language.None {
		return false
	}
	for c := id; c < r.tree.Nodes[id].Next; c++ {
		if r.assertion(c) != no {
			return true
		}
	}
	return false
}

// What a node is to a test.
type answer uint8

const (
	no       answer = iota
	plain           // an assertion of a usual library, whose arguments are what it compares
	stranger        // a function from elsewhere about which nothing is known
	maybe           // something that may well assert
)

// words by which a function may well assert, wait for something, or hand the verdict on.
var words = map[string]bool{
	"assert": true, "asserts": true, "assertion": true, "expect": true, "expects": true, "expected": true, "verify": true, "verifies": true, "check": true, "checks": true, "should": true, "must": true,
	"raises": true, "warns": true, "throws": true, "rejects": true, "fail": true, "fails": true, "failure": true, "ensure": true, "validate": true, "compare": true, "match": true, "matches": true, "snapshot": true,
	"golden": true, "approve": true, "require": true, "confirm": true, "test": true, "tests": true, "wait": true, "until": true, "done": true, "reject": true, "resolve": true, "equal": true, "equals": true, "eq": true,
	"same": true, "diff": true, "find": true, "get_by": true, "exit": true, "fatal": true, "error": true, "exec": true, "subprocess": true, "tester": true, "scenario": true, "is": true, "contains": true, "then": true,
}

// assertion tells what a node is to a test.
func (r *reader) assertion(id language.ID) answer {
	tree := r.tree
	switch n := &tree.Nodes[id]; n.Kind {
	case language.Other:
		if tree.Type(id) == "assert_statement" {
			return plain
		}
	case language.Throw:
		return maybe
	case language.Dot:
		if rootCall(tree, id) == "expect" {
			return plain // expect(x).to.be.true
		}
		if name := code.Last(tree, id); name == "should" || name == "rejected" || name == "rejectedWith" || name == "eventually" {
			return maybe // x.should.be.true
		}
	case language.KeyArg:
		if name := code.Last(tree, tree.Child(id, language.SlotName)); name == "status" || asserting([]string{name}) {
			return maybe // client.get(url, status=403)
		}
	case language.Call:
		name := code.Callee(tree, id)
		callee := tree.Child(id, language.SlotCallee)
		if callee == language.None {
			return maybe
		}
		root := rootOf(tree, callee)
		switch {
		case name == "":
			return maybe // a function that is computed
		case root == "expect" && name != "expect", root == "assert", root == "assertThat", root == "Assertions", root == "Assert", root == "require" && tree.Spec.Name == "go":
			return plain
		case tree.Spec.Name == "python" && len(name) > 6 && name[:6] == "assert" && root == "self":
			return plain
		case tree.Spec.Name == "java" && len(name) > 6 && name[:6] == "assert":
			return plain
		case r.asserts[name], r.inherited(callee, root, name):
			return maybe
		case root == "cy" || root == "t" && tree.Spec.Name != "go" || root == "panic" || root == "StepVerifier":
			return maybe
		}
		if tree.Spec.Name == "go" && handsT(tree, id, root, name) {
			return maybe
		}
		if asserting(chain(tree, callee)) {
			return maybe
		}
		if r.imported(id, callee, name) {
			return stranger
		}
	}
	return no
}

// handsT tells a Go call that gets the test's own t, or fails it.
func handsT(tree *language.Tree, call language.ID, root, name string) bool {
	if root == "t" || root == "tt" {
		return !slices.Contains([]string{"Log", "Logf", "Run", "Parallel", "Helper", "Setenv", "TempDir", "Cleanup", "Context", "Name"}, name)
	}
	for _, a := range code.Args(tree, call) {
		if tree.Nodes[a].Kind == language.Name && (tree.Nodes[a].Value == "t" || tree.Nodes[a].Value == "tt") {
			return true
		}
	}
	return false
}

// A summary of a test.
type summary struct {
	assertions []language.ID // of usual libraries
	unsure     bool          // something in it may assert
	stranger   bool          // it calls what may be a helper that asserts
}

func (r *reader) read(t code.Test) summary {
	sum := summary{unsure: r.after}
	tree := r.tree
	for c := range tree.Children(max(tree.Child(t.Func, language.SlotParams), 0)) {
		if tree.Nodes[c].Kind != language.Param {
			continue
		}
		name := code.Last(tree, max(tree.Child(c, language.SlotName), 0))
		for _, w := range code.Words(name) {
			if words[w] || r.asserts[name] {
				sum.unsure = true // a fixture that asserts
			}
		}
	}
	for id := t.Body; id < tree.Nodes[t.Body].Next; {
		switch r.assertion(id) {
		case plain:
			sum.assertions = append(sum.assertions, id)
			id = tree.Nodes[id].Next
			continue
		case maybe:
			sum.unsure = true
		case stranger:
			sum.stranger = true
		case no:
		}
		id++
	}
	return sum
}

// inherited tells a method that the class has from elsewhere, or a function of a module of helpers: it may assert.
func (r *reader) inherited(callee language.ID, root, name string) bool {
	if r.tree.Nodes[callee].Kind == language.Name {
		return false
	}
	switch root {
	case "self", "this", "super", "cls":
		return !r.own[name]
	}
	return slices.ContainsFunc(code.Words(root), func(w string) bool { return helperWords[w] })
}

// imported tells a function that the file does not define and whose answer nobody takes.
func (r *reader) imported(call, callee language.ID, name string) bool {
	tree := r.tree
	if tree.Nodes[callee].Kind != language.Name || r.own[name] || tree.Nodes[call].Flags&language.New != 0 || known[name] {
		return false
	}
	if tree.Spec.Name == "java" {
		return true
	}
	for p := tree.Nodes[call].Parent; p > 0; p = tree.Nodes[p].Parent {
		switch tree.Nodes[p].Kind {
		case language.ExprStmt, language.Return:
			return name[0] < 'A' || name[0] > 'Z'
		case language.Defer, language.Unary:
		default:
			return false
		}
	}
	return false
}

var (
	helperWords = map[string]bool{"helper": true, "helpers": true, "util": true, "utils": true, "test": true, "tests": true, "fixture": true, "harness": true}
	known       = map[string]bool{"print": true, "len": true, "list": true, "str": true, "int": true, "setTimeout": true, "setattr": true}
)

// chain lists the names of a chain of members and calls, and what they are called on.
func chain(tree *language.Tree, id language.ID) []string {
	var out []string
	for id != language.None {
		switch n := &tree.Nodes[id]; n.Kind {
		case language.Name:
			return append(out, n.Value)
		case language.Dot:
			out = append(out, code.Last(tree, id))
			id = tree.Child(id, language.SlotOperand)
		case language.Call:
			id = tree.Child(id, language.SlotCallee)
		case language.Defer, language.Unary, language.Index:
			id = tree.Child(id, language.SlotOperand)
		default:
			return out
		}
	}
	return out
}

func asserting(names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		return slices.ContainsFunc(code.Words(name), func(w string) bool { return words[w] })
	})
}

// rootOf is the first name of a chain: "expect" of expect(x).not.toBe.
func rootOf(tree *language.Tree, id language.ID) string {
	names := chain(tree, id)
	if len(names) == 0 {
		return ""
	}
	return names[len(names)-1]
}

// rootCall is the name of the call that a chain begins with: "expect" of expect(x).to.be.true, "" of expect.anything.
func rootCall(tree *language.Tree, id language.ID) string {
	for id != language.None {
		switch n := &tree.Nodes[id]; n.Kind {
		case language.Dot:
			id = tree.Child(id, language.SlotOperand)
		case language.Call:
			callee := tree.Child(id, language.SlotCallee)
			if callee != language.None && tree.Nodes[callee].Kind == language.Name {
				return tree.Nodes[callee].Value
			}
			id = callee
		default:
			return ""
		}
	}
	return ""
}
