package vacuoustest

import (
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks/internal/code"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

var (
	equal  = []string{"toBe", "toEqual", "toStrictEqual", "equal", "equals", "strictEqual", "deepEqual", "deepStrictEqual", "eql", "assertEqual", "assertEquals", "assertIs", "assertSame", "Equal", "EqualValues", "isEqualTo", "isSameAs"}
	truthy = []string{"toBeTruthy", "assertTrue", "ok", "assert", "True", "isTrue", "isOk", "true"}
	falsy  = []string{"toBeFalsy", "assertFalse", "False", "isFalse", "false"}
)

// always tells an assertion that holds whatever the code does: of a constant, or of two constants that are the same.
func always(tree *language.Tree, id language.ID) bool {
	if tree.Nodes[id].Kind == language.Other { // Python's assert
		return id+1 < tree.Nodes[id].Next && holds(tree, id+1)
	}
	if slices.Contains(chain(tree, id), "not") {
		return false
	}
	compared := operands(tree, id)
	name := code.Last(tree, id)
	// JUnit 4 takes the message first.
	if tree.Spec.Name == "java" && len(compared) > 1 && tree.Nodes[compared[0]].Kind == language.Str && (len(compared) == 3 || len(compared) == 2 && !slices.Contains(equal, name)) {
		compared = compared[1:]
	}
	switch {
	case len(compared) >= 2 && slices.Contains(equal, name):
		return same(tree, compared[0], compared[1])
	case len(compared) >= 1 && slices.Contains(truthy, name):
		return holds(tree, compared[0])
	case len(compared) >= 1 && slices.Contains(falsy, name):
		return tree.Nodes[compared[0]].Kind == language.Bool && tree.Nodes[compared[0]].Value == "false"
	}
	return false
}

// operands lists what an assertion compares: the arguments of the calls of its chain, the first call's first, without Go's t.
func operands(tree *language.Tree, id language.ID) []language.ID {
	var out []language.ID
	for id != language.None {
		switch tree.Nodes[id].Kind {
		case language.Call:
			args := code.Args(tree, id)
			if tree.Spec.Name == "go" && len(args) > 0 {
				args = args[1:]
			}
			out = append(slices.Clone(args), out...)
			id = tree.Child(id, language.SlotCallee)
		case language.Dot:
			id = tree.Child(id, language.SlotOperand)
		default:
			return out
		}
	}
	return out
}

// holds tells a condition that is true without running anything.
func holds(tree *language.Tree, id language.ID) bool {
	switch n := &tree.Nodes[id]; n.Kind {
	case language.Bool:
		return n.Value == "true"
	case language.Num:
		return strings.Trim(n.Value, "0.") != ""
	case language.Str:
		return n.Value != ""
	case language.Binary:
		return (n.Value == "==" || n.Value == "===" || n.Value == "is") && same(tree, tree.Child(id, language.SlotLeft), tree.Child(id, language.SlotRight))
	}
	return false
}

// same tells two constants that are written alike.
func same(tree *language.Tree, a, b language.ID) bool {
	return a != language.None && b != language.None && code.Literal(tree, a) && code.Literal(tree, b) && code.Fold(tree.Text(a)) == code.Fold(tree.Text(b))
}

// swallowed tells an assertion whose failure a handler of the test catches and drops.
func swallowed(tree *language.Tree, r *reader, t code.Test, assertion language.ID) bool {
	for id := assertion; id != t.Body; id = tree.Nodes[id].Parent {
		try := tree.Nodes[id].Parent
		if tree.Nodes[try].Kind != language.Try || tree.Nodes[id].Slot != language.SlotBody {
			continue
		}
		for c := range tree.Children(try) {
			if tree.Nodes[c].Kind == language.Catch && catchesFailures(tree, c) && drops(tree, tree.Child(c, language.SlotBody)) {
				return true
			}
		}
	}
	return false
}

// catchesFailures tells a handler that what assertions throw arrives at.
func catchesFailures(tree *language.Tree, catch language.ID) bool {
	typed := false
	for c := range tree.Children(catch) {
		if tree.Nodes[c].Slot != language.SlotType {
			continue
		}
		typed = true
		switch name := code.Last(tree, c); {
		case name == "AssertionError", name == "BaseException", name == "Throwable", name == "any", name == "unknown", name == "Exception" && tree.Spec.Name == "python":
			return true
		}
	}
	return !typed
}

// drops tells a handler that does nothing, or writes a log line only.
func drops(tree *language.Tree, handler language.ID) bool {
	if handler == language.None {
		return false
	}
	for _, s := range code.Statements(tree, handler) {
		if text := tree.Text(s); !code.IsLog(tree, s) && text != "pass" && text != "..." && text != ";" {
			return false
		}
	}
	return true
}

// mocksOnly names the mock that a test makes if it calls nothing else; "" if it does.
func mocksOnly(tree *language.Tree, t code.Test) string {
	first := ""
	local := map[string]bool{}
	for id := t.Body; id < tree.Nodes[t.Body].Next; id++ {
		if tree.Nodes[id].Kind != language.Assign {
			continue
		}
		target, value := tree.Child(id, language.SlotTarget), tree.Child(id, language.SlotValue)
		if target == language.None || tree.Nodes[target].Kind != language.Name || value == language.None {
			continue
		}
		local[tree.Nodes[target].Value] = true
		if first == "" && makesMock(tree, value) {
			first = tree.Nodes[target].Value
		}
	}
	if first == "" {
		return ""
	}
	for id := t.Body; id < tree.Nodes[t.Body].Next; id++ {
		n := &tree.Nodes[id]
		if n.Kind == language.Call {
			callee := tree.Child(id, language.SlotCallee)
			if callee == language.None {
				return ""
			}
			root := rootOf(tree, callee)
			if !local[root] && !mocking[root] && !mocking[code.Callee(tree, id)] {
				return ""
			}
		}
		if n.Kind == language.Name && n.Slot != language.SlotName && n.Slot != language.SlotKey && n.Slot != language.SlotType && !local[n.Value] && !mocking[n.Value] {
			return "" // something of the product
		}
	}
	return first
}

func makesMock(tree *language.Tree, id language.ID) bool {
	call := id
	for tree.Nodes[call].Kind == language.Defer || tree.Nodes[call].Kind == language.Cast {
		call = tree.Child(call, language.SlotOperand)
	}
	if tree.Nodes[call].Kind != language.Call {
		return false
	}
	text := strings.Join(chain(tree, call), " ")
	for _, word := range []string{"Mock", "MagicMock", "AsyncMock", "mock", "fn jest", "fn vi", "stub sinon"} {
		if text == word || strings.HasSuffix(text, " "+word) || strings.HasSuffix(text, word) && strings.Contains(word, " ") || strings.HasPrefix(text, word+" ") {
			return true
		}
	}
	return false
}

// mocking are the names that belong to mocks and assertions.
var mocking = map[string]bool{"Mock": true, "MagicMock": true, "AsyncMock": true, "mock": true, "jest": true, "vi": true, "sinon": true, "when": true, "given": true, "verify": true, "times": true, "any": true, "expect": true, "assert": true,
	"self": true, "assertEquals": true, "assertTrue": true, "assertThat": true, "Mockito": true, "unittest": true}
