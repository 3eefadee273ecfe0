package language_test

import (
	"fmt"

	"github.com/reviewgate-app/reviewgate/rules/language"
)

// A tree lies flat, in preorder: a loop over Nodes sees every node, and Next jumps over what one holds.
func ExampleSpec_Parse() {
	spec := language.ForPath("main.go")
	tree, err := spec.Parse("main.go", []byte("package main\n\nfunc main() { run(1); stop() }\n"))
	if err != nil {
		fmt.Println(err) // over a limit
		return
	}
	for id := range tree.Nodes {
		if tree.Nodes[id].Kind == language.Call {
			line, column := tree.Position(tree.Nodes[id].Start)
			fmt.Printf("%d:%d %s in %s\n", line, column, tree.Text(language.ID(id)), tree.SymbolAt(tree.Nodes[id].Start))
		}
	}
	// Output:
	// 3:15 run(1) in main
	// 3:23 stop() in main
}
