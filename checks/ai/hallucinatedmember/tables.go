package hallucinatedmember

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

// The tables, one line for each module, type or class: its name, a tab, its members. "name<3.10" in Python's is a member that Python 3.10 no longer has;
// a line "module.function(" gives the function's keyword arguments.
var (
	//go:embed tables/python.txt
	pythonText string
	//go:embed tables/node.txt
	nodeText string
	//go:embed tables/java.txt
	javaText string
)

type tables struct{ python, node, java table }

type table map[string]string

var load = sync.OnceValue(func() *tables {
	return &tables{parse(pythonText), parse(nodeText), parse(javaText)}
})

func parse(text string) table {
	out := table{}
	for line := range strings.Lines(text) {
		if name, members, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t"); ok && name[0] != '#' {
			out[name] = members
		}
	}
	return out
}

// members lists what an entry has; ok is false if the table knows nothing of it.
func (t table) members(name string) (list []string, ok bool) {
	line, ok := t[name]
	return strings.Fields(line), ok
}

// has tells whether an entry has a member. since is the version that no longer has it, "" for all.
func (t table) has(name, member string) (has bool, since string) {
	list, _ := t.members(name)
	if slices.Contains(list, member) {
		return true, ""
	}
	for _, m := range list {
		if n, version, ok := strings.Cut(m, "<"); ok && n == member {
			return true, version
		}
	}
	return false, ""
}
