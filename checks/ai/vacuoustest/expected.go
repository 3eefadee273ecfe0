package vacuoustest

import (
	"slices"

	"github.com/reviewgate-app/reviewgate/checks/internal/code"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// expected gives an assertion of a test whose failure is taken for the error that is waited for, and what waits: an assertion that stands behind a call in
// `with pytest.raises(Exception)`, or in a function of which any error will do, as in expect(() => {...}).toThrow(). None if there is none.
func expected(tree *language.Tree, r *reader, t code.Test) (assertion, waits language.ID) {
	for id := t.Body; id < tree.Nodes[t.Body].Next; id++ {
		body := language.None
		switch tree.Nodes[id].Kind {
		case language.With:
			if waits = raises(tree, id); waits != language.None {
				body = tree.Child(id, language.SlotBody)
			}
		case language.Call:
			waits, body = throws(tree, id)
		}
		if body == language.None {
			continue
		}
		called := false
		for _, stmt := range code.Statements(tree, body) {
			if found := r.first(stmt); found != language.None && called {
				return found, waits
			}
			called = called || calls(tree, stmt)
		}
	}
	return language.None, language.None
}

// raises gives the call of a with statement that waits for any error at all.
func raises(tree *language.Tree, with language.ID) language.ID {
	body := tree.Child(with, language.SlotBody)
	for id := with + 1; id < body; id++ {
		if tree.Nodes[id].Kind != language.Call {
			continue
		}
		args := code.Args(tree, id)
		name := code.Callee(tree, id)
		if (name == "raises" || name == "assertRaises") && len(args) == 1 && slices.Contains([]string{"Exception", "BaseException"}, tree.Text(args[0])) {
			return id
		}
	}
	return language.None
}

// throws gives what waits for any error of a function, and the function's body.
func throws(tree *language.Tree, call language.ID) (waits, body language.ID) {
	name := code.Callee(tree, call)
	if name != "toThrow" && name != "toThrowError" || len(code.Args(tree, call)) > 0 {
		return language.None, language.None
	}
	for id := tree.Child(call, language.SlotCallee); id != language.None; {
		switch tree.Nodes[id].Kind {
		case language.Dot:
			if n := tree.Child(id, language.SlotName); n != language.None && tree.Nodes[n].Value == "not" {
				return language.None, language.None
			}
			id = tree.Child(id, language.SlotOperand)
		case language.Call:
			args := code.Args(tree, id)
			if code.Callee(tree, id) != "expect" || len(args) == 0 || tree.Nodes[args[0]].Kind != language.Func {
				return language.None, language.None
			}
			return call, tree.Child(args[0], language.SlotBody)
		default:
			return language.None, language.None
		}
	}
	return language.None, language.None
}

// first gives the first assertion of a statement.
func (r *reader) first(stmt language.ID) language.ID {
	for id := stmt; id < r.tree.Nodes[stmt].Next; id++ {
		if r.assertion(id) == plain {
			return id
		}
	}
	return language.None
}

func calls(tree *language.Tree, stmt language.ID) bool {
	for id := stmt; id < tree.Nodes[stmt].Next; id++ {
		if tree.Nodes[id].Kind == language.Call {
			return true
		}
	}
	return false
}
