package rules

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
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

// BuiltinFor gives those of Builtin with a rule of a language that is wanted, and the ids of the rules in the others. It reads no YAML: each
// of the built-in files holds one rule, which it is named after, and says its languages on one line. A change in one language does not pay for
// the rules of all.
func BuiltinFor(wanted func(language string) bool) (sources []Source, left []string) {
	for _, src := range Builtin() {
		if slices.ContainsFunc(builtinLanguages(src.Data), wanted) {
			sources = append(sources, src)
		} else {
			left = append(left, strings.TrimSuffix(path.Base(src.Name), ".yaml"))
		}
	}
	return sources, left
}

func builtinLanguages(data []byte) []string {
	_, rest, _ := bytes.Cut(data, []byte("\n    languages: ["))
	list, _, _ := bytes.Cut(rest, []byte("]"))
	return strings.Split(string(list), ", ")
}
