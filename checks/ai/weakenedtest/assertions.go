package weakenedtest

import (
	"regexp"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks/internal/code"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// Names of assertions that compare with an exact value, over unittest, pytest, Jest, Chai, node:assert, testify, JUnit, AssertJ.
var equalities = []string{
	"assertEqual", "assertEquals", "assertListEqual", "assertDictEqual", "assertTupleEqual", "assertSetEqual", "assertCountEqual", "assertAlmostEqual", "assertMultiLineEqual", "assertSequenceEqual", "assertIs",
	"toBe", "toEqual", "toStrictEqual", "toBeNull", "toBeUndefined", "toMatchInlineSnapshot", "toBeCloseTo", "toHaveBeenCalledWith", "toHaveBeenCalledTimes",
	"equal", "strictEqual", "deepEqual", "deepStrictEqual", "eql", "equals",
	"Equal", "EqualValues", "Exactly", "JSONEq", "ElementsMatch", "ErrorIs",
	"assertSame", "assertArrayEquals", "assertIterableEquals", "isEqualTo", "isSameAs", "containsExactly",
}

// Names of assertions that almost any value satisfies.
var loose = []string{
	"assertTrue", "assertIsNotNone", "assertIn", "assertIsInstance", "assertGreater", "assertGreaterEqual", "assertNotEqual", "assertLogs",
	"toBeTruthy", "toBeDefined", "toContain", "toHaveBeenCalled", "toBeInstanceOf", "toBeGreaterThan", "toBeGreaterThanOrEqual", "toHaveProperty",
	"ok", "exists", "exist", "isOk", "isDefined", "isNotNull", "notEqual",
	"NotNil", "True", "NotEmpty", "Contains", "NotZero", "Error", "NotEqual", "Greater",
	"assertNotNull", "assertNotEquals", "isNotEmpty", "contains", "isInstanceOf",
}

// Names of assertions that only say that something is there.
var presences = []string{"assertIsNotNone", "toBeDefined", "exists", "exist", "isDefined", "isNotNull", "NotNil", "assertNotNull"}

// Names of assertions of JavaScript's runners that are neither. ifError is none: it hands the error of a callback on, and goes with the callback.
var throwing = []string{"throws", "rejects", "doesNotThrow", "doesNotReject", "match", "notOk", "fail", "pass", "same", "is"}

// asAssertion reads a node as an assertion of its language's usual libraries.
func asAssertion(tree *language.Tree, id language.ID) (assertion, bool) {
	n := &tree.Nodes[id]
	a := assertion{text: fold(tree.Text(id)), offset: n.Start, end: n.End}
	if tree.Spec.Name == "python" && tree.Type(id) == "assert_statement" {
		readCondition(tree, id, &a)
		return a, true
	}
	if n.Kind != language.Call {
		return a, false
	}
	callee := tree.Child(id, language.SlotCallee)
	if callee == language.None {
		return a, false
	}
	name := lastName(tree, callee)
	root := rootOf(tree, callee)
	switch tree.Spec.Name {
	case "python":
		if !strings.HasPrefix(strings.TrimLeft(name, "_"), "assert") && name != "raises" && name != "fail" && name != "warns" {
			return a, false
		}
	case "go":
		reports := slices.Contains([]string{"Error", "Errorf", "Fatal", "Fatalf", "Fail", "FailNow"}, name) && slices.Contains([]string{"t", "tb", "b", "f"}, root)
		if reports {
			// The condition is what is asserted; the words are not.
			if cond := enclosingCondition(tree, id); cond != language.None {
				a.text = "if " + fold(tree.Text(cond))
			}
			return a, true
		}
		if root != "assert" && root != "require" && root != "is" {
			return a, false
		}
	case "java":
		if !strings.HasPrefix(name, "assert") && root != "assertThat" && root != "verify" && name != "fail" && name != "verify" {
			return a, false
		}
	default:
		// Runners hand an object with assertions to the test: t.equal(...), t.assert.ok(...).
		ofRunner := (slices.Contains(equalities, name) || slices.Contains(loose, name) || slices.Contains(throwing, name)) &&
			(len(root) <= 2 || strings.Contains(tree.Text(callee), ".assert."))
		if root != "expect" && root != "assert" && !strings.Contains(a.text, ".should.") && root != "expectTypeOf" && !ofRunner {
			return a, false
		}
	}
	a.equality = slices.Contains(equalities, name) && !strings.Contains(tree.Text(callee), ".not.")
	if name == "toHaveProperty" && len(code.Args(tree, id)) > 1 {
		a.equality = true // of the property, with the value
	}
	a.weak = !a.equality && slices.Contains(loose, name) || strings.Contains(tree.Text(callee), ".not.") || name == root && name == "assert"
	a.subjects = subjects(tree, id)
	a.presence = slices.Contains(presences, name) || name == "toBeNull" && !a.equality
	return a, true
}

// rootOf is the first name of a chain: "expect" of expect(x).not.toBe.
func rootOf(tree *language.Tree, id language.ID) string {
	for id != language.None {
		switch tree.Nodes[id].Kind {
		case language.Name:
			return tree.Nodes[id].Value
		case language.Dot:
			id = tree.Child(id, language.SlotOperand)
		case language.Call:
			id = tree.Child(id, language.SlotCallee)
		default:
			return ""
		}
	}
	return ""
}

// subjects lists what an assertion is about: the arguments of every call of its chain that are no literals.
func subjects(tree *language.Tree, id language.ID) []string {
	var out []string
	for id != language.None {
		switch tree.Nodes[id].Kind {
		case language.Call:
			for arg := range arguments(tree, id) {
				out = append(out, subjectOf(tree, arg)...)
			}
			id = tree.Child(id, language.SlotCallee)
		case language.Dot:
			id = tree.Child(id, language.SlotOperand)
		default:
			return out
		}
	}
	return out
}

// subjectOf is the text of an expression that is no literal; of a comparison, that of its sides.
func subjectOf(tree *language.Tree, id language.ID) []string {
	switch tree.Nodes[id].Kind {
	case language.Str, language.Num, language.Bool, language.Null, language.Regex, language.Func:
		return nil
	case language.Binary:
		var out []string
		for c := range tree.Children(id) {
			out = append(out, subjectOf(tree, c)...)
		}
		return out
	}
	text := fold(tree.Text(id))
	if text == "t" || text == "tb" {
		return nil
	}
	return []string{text}
}

// readCondition reads Python's assert statement.
func readCondition(tree *language.Tree, id language.ID, a *assertion) {
	for c := range tree.Children(id) {
		n := &tree.Nodes[c]
		a.equality = n.Kind == language.Binary && (n.Value == "==" || n.Value == "is")
		a.weak = !a.equality && !bounds.MatchString(a.text)
		a.subjects = subjectOf(tree, c)
		a.presence = n.Kind == language.Name || n.Kind == language.Dot || strings.HasSuffix(a.text, " is not None")
		return // the second child is the message
	}
}

// bounds is a value between two others: as exact as a clock allows.
var bounds = regexp.MustCompile(`<=?[^<>=]+<=?|>=?[^<>=]+>=?`)

// enclosingCondition is the condition of the nearest if around a node.
func enclosingCondition(tree *language.Tree, id language.ID) language.ID {
	for p := tree.Nodes[id].Parent; p > 0; p = tree.Nodes[p].Parent {
		switch tree.Nodes[p].Kind {
		case language.If:
			return tree.Child(p, language.SlotCond)
		case language.Func:
			return language.None
		}
	}
	return language.None
}
