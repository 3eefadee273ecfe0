// Package known holds facts about packages that no repository says: which names are widely used, what Python code calls them, and which names
// are traps. Data files lie beside it, each with its source.
package known

import (
	_ "embed"
	"slices"
	"strings"
	"sync"

	"github.com/reviewgate-app/reviewgate/checks/supply/internal/manifest"
)

var (
	//go:embed pypi.txt
	pypi string
	//go:embed npm.txt
	npm string
	//go:embed go.txt
	golang string
	//go:embed maven.txt
	maven string
	//go:embed imports.txt
	imports string
	//go:embed java.txt
	java string
	//go:embed slopsquats.txt
	slopsquats string
)

func rows(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			out = append(out, line)
		}
	}
	return out
}

type names struct {
	list []string
	set  map[string]bool
}

func read(text string) func() names {
	return sync.OnceValue(func() names {
		n := names{list: rows(text), set: map[string]bool{}}
		for _, name := range n.list {
			n.set[name] = true
		}
		return n
	})
}

var byEcosystem = map[manifest.Ecosystem]func() names{manifest.PyPI: read(pypi), manifest.NPM: read(npm), manifest.Go: read(golang), manifest.Maven: read(maven)}

// Popular tells a widely used package, by the name that manifest.Dependency has.
func Popular(e manifest.Ecosystem, name string) bool {
	read, ok := byEcosystem[e]
	return ok && read().set[name]
}

// List gives the widely used packages of an ecosystem, sorted.
func List(e manifest.Ecosystem) []string { return byEcosystem[e]().list }

var scopes = sync.OnceValue(func() map[string]bool {
	out := map[string]bool{}
	for _, name := range List(manifest.NPM) {
		if scope, _, ok := strings.Cut(name, "/"); ok {
			out[scope] = true
		}
	}
	return out
})

// Scope tells a scope of npm that some widely used package has: "@babel".
func Scope(scope string) bool { return scopes()[scope] }

var importTable = sync.OnceValue(func() map[string][]string {
	out := map[string][]string{}
	for _, row := range rows(imports) {
		fields := strings.Fields(row)
		out[fields[0]] = fields[1:]
	}
	return out
})

// Distributions gives the packages of PyPI that bring a top-level module whose name does not tell them.
func Distributions(module string) []string { return importTable()[module] }

var javaRoots = sync.OnceValue(func() map[string]bool {
	out := map[string]bool{}
	for _, row := range rows(java) {
		out[row] = true
	}
	for _, name := range List(manifest.Maven) {
		group, _, _ := strings.Cut(name, ":")
		parts := strings.Split(group, ".")
		out[strings.Join(parts[:min(2, len(parts))], ".")] = true
	}
	return out
})

// JavaRoot tells whether a package lies below a root that some library is known to use.
func JavaRoot(pkg string) bool {
	parts := strings.Split(pkg, ".")
	return javaRoots()[parts[0]] || len(parts) > 1 && javaRoots()[parts[0]+"."+parts[1]]
}

var traps = sync.OnceValue(func() []string {
	list := rows(slopsquats)
	slices.Sort(list)
	return list
})

// Trap tells a name that is known as a trap: registered because language models invent it, or taken down as malicious.
func Trap(e manifest.Ecosystem, name string) bool {
	_, found := slices.BinarySearch(traps(), string(e)+" "+name)
	return found
}
