// Package stdlib knows what comes with each language: the modules and packages that need no declaration.
//
// The lists are written by generate.sh from the toolchains' own data. A module of any version that is listed counts for all of them.
package stdlib

import (
	_ "embed"
	"strings"
	"sync"
)

//go:generate ./generate.sh

//go:embed python.txt
var python string

//go:embed node.txt
var node string

//go:embed go.txt
var golang string

//go:embed java.txt
var java string

func set(text string) func() map[string]bool {
	return sync.OnceValue(func() map[string]bool {
		out := map[string]bool{}
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
				out[line] = true
			}
		}
		return out
	})
}

var pythonSet, nodeSet, goSet, javaSet = set(python), set(node), set(golang), set(java)

// Python tells a top-level module of the standard library.
func Python(module string) bool { return pythonSet()[module] }

// Node tells a module that comes with Node.js, without the prefix "node:".
func Node(module string) bool { return nodeSet()[module] }

// Go tells a package of the standard library.
func Go(path string) bool { return goSet()[path] }

// Java tells a package of the JDK.
func Java(pkg string) bool { return javaSet()[pkg] }
