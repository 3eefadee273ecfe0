package hallucinatedmember

import (
	"strings"

	"github.com/reviewgate-app/reviewgate/rules/language"
)

// implicit are classes of java.lang that hardly anybody gives the name of to a class of his own: a class of the same package would come first.
var implicit = []string{"Boolean", "Character", "Double", "Float", "Integer", "Long", "Math", "String", "System", "Thread"}

func java(f *file) {
	bound := f.bindings()
	tree := f.Tree
	classes := map[string]string{}
	for _, c := range implicit {
		classes[c] = "java.lang." + c
	}
	for i := range tree.Nodes {
		if tree.Nodes[i].Kind != language.Import || tree.Nodes[i].Flags&language.Static != 0 {
			continue
		}
		name := tree.Nodes[tree.Child(language.ID(i), language.SlotModule)].Value
		short := name[strings.LastIndexByte(name, '.')+1:]
		if short == "*" {
			continue
		}
		delete(classes, short)
		if _, known := f.tables.java.members(name); known {
			classes[short] = name
		}
	}
	for short := range classes {
		if bound[short] > 0 {
			delete(classes, short)
		}
	}
	for i := range tree.Nodes {
		id := language.ID(i)
		if tree.Nodes[i].Kind != language.Dot || !called(tree, id) {
			continue
		}
		operand, n := tree.Child(id, language.SlotOperand), tree.Child(id, language.SlotName)
		if operand == language.None || n == language.None || tree.Nodes[operand].Kind != language.Name {
			continue
		}
		class, name := classes[tree.Nodes[operand].Value], tree.Nodes[n].Value
		if class == "" {
			continue
		}
		if has, _ := f.tables.java.has(class, name); !has {
			members, _ := f.tables.java.members(class)
			f.report(id, "class %s has no static method `%s`%s", class, name, similar(members, name))
		}
	}
}
