package rules

import (
	"embed"
	"fmt"
	"io/fs"
)

//go:embed builtin/*/*.yaml
var builtin embed.FS

// Builtin gives the rules that ship with the program, in order of path. Each lies in builtin/<language>/<rule-id>.yaml with its fixture in
// testdata beside it.
func Builtin() []Source {
	names, err := fs.Glob(builtin, "builtin/*/*.yaml") // sorted
	if err != nil {
		panic(fmt.Sprintf("built-in rules: %v", err)) // the pattern is a constant
	}
	sources := make([]Source, 0, len(names))
	for _, name := range names {
		data, err := builtin.ReadFile(name)
		if err != nil {
			panic(fmt.Sprintf("built-in rules: %v", err)) // the name was listed by the same file system
		}
		sources = append(sources, Source{Name: name, Origin: OriginBuiltin, Data: data})
	}
	return sources
}
