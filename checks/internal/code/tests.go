package code

import (
	"regexp"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/rules/language"
)

// A Test is one test that the usual runner of its language takes for one.
type Test struct {
	Func, Body language.ID
	Name       string // as a reader calls it: the name of the function, or the title in it("title", ...)
	Symbol     string // with what surrounds it
	At         language.ID
}

// goTest are the names that go test runs: TestX, but not Testify.
var goTest = regexp.MustCompile(`^Test([^a-z]|$)`)

// runners are the decorators of Java by which a method is a test.
var runners = map[string]bool{"Test": true, "ParameterizedTest": true, "RepeatedTest": true, "Property": true}

// FindTests lists the tests of a file: functions test... of Python, TestX of Go, methods with @Test of Java, it("...") and test("...") of JavaScript.
func FindTests(tree *language.Tree) []Test {
	var out []Test
	for i := range tree.Nodes {
		id := language.ID(i)
		if tree.Nodes[i].Kind != language.Func {
			continue
		}
		body := tree.Child(id, language.SlotBody)
		if body == language.None || tree.Nodes[body].Kind != language.Block {
			continue
		}
		var t Test
		switch tree.Spec.Name {
		case "javascript", "typescript":
			title := titleOf(tree, id)
			if title == language.None {
				continue
			}
			t = Test{Name: Shorten(titleText(tree, title)), At: title}
		default:
			name := tree.Child(id, language.SlotName)
			if name == language.None || !isTest(tree, id, tree.Nodes[name].Value) {
				continue
			}
			t = Test{Name: tree.Nodes[name].Value, At: name}
		}
		t.Func, t.Body, t.Symbol = id, body, tree.SymbolAt(tree.Nodes[t.At].Start)
		out = append(out, t)
	}
	return out
}

func isTest(tree *language.Tree, fn language.ID, name string) bool {
	switch tree.Spec.Name {
	case "python":
		return strings.HasPrefix(name, "test") && Enclosing(tree, fn) == language.None // no runner sees one inside of another
	case "go":
		params := tree.Child(fn, language.SlotParams)
		return goTest.MatchString(name) && params != language.None && strings.Contains(tree.Text(params), "*testing.T")
	case "java":
		return slices.ContainsFunc(Decorators(tree, fn), func(d language.ID) bool { return runners[Last(tree, d)] })
	}
	return false
}

// titleOf gives the title of the call that a function is handed to as a test: it("title", fn), test("title", options, fn).
func titleOf(tree *language.Tree, fn language.ID) language.ID {
	args := tree.Nodes[fn].Parent
	if args <= 0 || tree.Nodes[args].Kind != language.Args {
		return language.None
	}
	callee := tree.Child(tree.Nodes[args].Parent, language.SlotCallee)
	if callee == language.None || tree.Nodes[callee].Kind != language.Name {
		return language.None
	}
	if n := tree.Nodes[callee].Value; n != "it" && n != "test" {
		return language.None
	}
	title := args + 1
	if k := tree.Nodes[title].Kind; k != language.Str && k != language.Template || tree.Nodes[fn].Next != tree.Nodes[args].Next {
		return language.None // the test is the last argument
	}
	return title
}

func titleText(tree *language.Tree, id language.ID) string {
	if tree.Nodes[id].Kind == language.Str {
		return tree.Nodes[id].Value
	}
	return strings.Trim(tree.Text(id), "`")
}
