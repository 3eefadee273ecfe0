package manifest

import (
	"regexp"
	"strings"

	"github.com/reviewgate-app/reviewgate/rules/language"
)

var separators = regexp.MustCompile(`[-_.]+`)

// PyName spells a Python distribution's name as PEP 503 does.
func PyName(s string) string { return separators.ReplaceAllString(strings.ToLower(s), "-") }

var (
	pep508 = regexp.MustCompile(`^\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(?:@\s*(\S+)|\(?\s*((?:[<>=!~][^;#)]*)?)\)?)\s*(?:;.*)?$`)
	egg    = regexp.MustCompile(`[#&]egg=([A-Za-z0-9._-]+)`)
	repo   = regexp.MustCompile(`/([A-Za-z0-9._-]+?)(?:\.git)?(?:@[^/]*)?(?:[#?].*)?$`)
)

// requirement reads one requirement of PEP 508, or an address as pip takes it.
func requirement(s, group string, line int) (Dependency, bool) {
	if i := strings.Index(s, " #"); i >= 0 {
		s = s[:i]
	}
	s = strings.TrimSpace(s)
	if m := pep508.FindStringSubmatch(s); m != nil {
		return Dependency{Name: PyName(m[1]), Constraint: strings.TrimSpace(m[3]), Source: m[2], Group: group, Line: line}, true
	}
	if address := strings.Contains(s, "://") || strings.HasPrefix(s, "git+"); address {
		d := Dependency{Source: s, Group: group, Line: line}
		if m := egg.FindStringSubmatch(s); m != nil {
			d.Name = PyName(m[1])
		} else if m := repo.FindStringSubmatch(s); m != nil {
			d.Name = PyName(m[1])
		}
		return d, true
	}
	return Dependency{}, false
}

// options of pip that decide where packages come from.
var pipOption = regexp.MustCompile(`^(-i|--index-url|--extra-index-url|-f|--find-links|--trusted-host)(?:[ =]+)(\S+)`)

func readRequirements(f *File, text string) {
	list := lines(text)
	for i := 0; i < len(list); i++ {
		at, line := i+1, list[i]
		for strings.HasSuffix(line, `\`) && i+1 < len(list) {
			i++
			line = strings.TrimSuffix(line, `\`) + " " + list[i]
		}
		line = strings.TrimSpace(line)
		if j := strings.Index(line, " --hash"); j >= 0 {
			line = line[:j]
		}
		switch {
		case line == "" || line[0] == '#':
		case strings.HasPrefix(line, "-e "), strings.HasPrefix(line, "--editable"):
			_, rest, _ := strings.Cut(line, " ")
			if d, ok := requirement(rest, "requirements", at); ok && d.Source != "" {
				f.Deps = append(f.Deps, d)
			}
		case line[0] == '-':
			if m := pipOption.FindStringSubmatch(line); m != nil {
				f.Settings = append(f.Settings, Setting{m[1], m[2], at})
			}
		default:
			if d, ok := requirement(line, "requirements", at); ok {
				f.Deps = append(f.Deps, d)
			} else if !strings.HasPrefix(line, ".") && !strings.HasPrefix(line, "/") {
				f.Partial = "a line of it is no requirement"
			}
		}
	}
}

func readPyproject(f *File, data []byte) error {
	entries, err := tomlEntries(data)
	if err != nil {
		return err
	}
	list := func(e *entry, group string) {
		if d, ok := requirement(e.value, group, e.line); ok {
			f.Deps = append(f.Deps, d)
		}
	}
	dynamic, fromFile, sources := false, false, map[string]string{}
	for i := range entries {
		e := &entries[i]
		switch {
		case len(e.keys) == 2 && e.under("project", "name"), len(e.keys) == 3 && e.under("tool", "poetry", "name"):
			f.Names = append(f.Names, PyName(e.value))
		case e.under("project", "dependencies", "*"):
			list(e, "dependencies")
		case e.under("project", "optional-dependencies", "*", "*"):
			list(e, e.keys[2])
		case e.under("build-system", "requires", "*"):
			list(e, "build")
		case e.under("dependency-groups", "*", "*") && len(e.keys) == 3:
			list(e, e.keys[1])
		case e.under("tool", "uv", "dev-dependencies", "*"), e.under("tool", "flit", "metadata", "requires", "*"):
			list(e, e.keys[2])
		case e.under("tool", "pdm", "dev-dependencies", "*", "*"):
			list(e, e.keys[3])
		case e.under("tool", "hatch", "envs", "*") && (e.key(4) == "dependencies" || e.key(4) == "extra-dependencies"):
			list(e, e.keys[3])
		case e.under("tool", "poetry", "dependencies", "*"), e.under("tool", "poetry", "dev-dependencies", "*"):
			f.table(e, 3, e.keys[2])
		case e.under("tool", "poetry", "group", "*", "dependencies", "*"):
			f.table(e, 5, e.keys[3])
		case e.under("tool", "uv", "sources", "*"):
			switch e.key(len(e.keys) - 1) {
			case "git", "url":
				sources[PyName(e.keys[3])] = e.value
			}
		case e.under("tool", "poetry", "source", "*", "url"), e.under("tool", "uv", "index", "*", "url"), e.under("tool", "pdm", "source", "*", "url"):
			f.Settings = append(f.Settings, Setting{"--extra-index-url", e.value, e.line})
		case e.under("tool", "uv", "extra-index-url"):
			f.Settings = append(f.Settings, Setting{"--extra-index-url", e.value, e.line})
		case e.under("project", "dynamic", "*") && (e.value == "dependencies" || e.value == "optional-dependencies"):
			dynamic = true
		case e.under("tool", "setuptools", "dynamic", "*", "file"), e.under("tool", "setuptools", "dynamic", "optional-dependencies"):
			fromFile = true // requirements files, which are read by themselves
		}
	}
	for i := range f.Deps {
		if s := sources[f.Deps[i].Name]; s != "" {
			f.Deps[i].Source = s
		}
	}
	if dynamic && !fromFile {
		f.Partial = "its dependencies are dynamic"
	}
	return nil
}

// table reads a dependency as Poetry and Pipenv write it: name = "^1" or name = {version = "^1", git = "..."}; at is the key that names it.
func (f *File) table(e *entry, at int, group string) {
	name := PyName(e.keys[at])
	if name == "python" {
		return
	}
	n := len(f.Deps)
	if n == 0 || f.Deps[n-1].Name != name || f.Deps[n-1].Group != group || len(e.keys) == at+1 {
		f.Deps = append(f.Deps, Dependency{Name: name, Group: group, Line: e.line})
		n++
	}
	d := &f.Deps[n-1]
	switch last := e.keys[len(e.keys)-1]; {
	case len(e.keys) == at+1, last == "version":
		d.Constraint = e.value
	case last == "git", last == "url", last == "path", last == "file":
		d.Source = e.value
	}
}

func readPipfile(f *File, data []byte) error {
	entries, err := tomlEntries(data)
	if err != nil {
		return err
	}
	for i := range entries {
		if e := &entries[i]; e.under("packages", "*") || e.under("dev-packages", "*") {
			f.table(e, 1, e.keys[0])
		}
	}
	return nil
}

// readSetupCfg reads the lists of setuptools' declarative configuration.
func readSetupCfg(f *File, text string) {
	section, key := "", ""
	for i, line := range lines(text) {
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "" || trimmed[0] == '#' || trimmed[0] == ';':
			continue
		case trimmed[0] == '[' && strings.HasSuffix(trimmed, "]") && line[0] == '[':
			section, key = strings.Trim(trimmed, "[]"), ""
			continue
		}
		value := trimmed
		if line[0] != ' ' && line[0] != '\t' {
			k, v, ok := strings.Cut(line, "=")
			if !ok {
				continue
			}
			key, value = strings.TrimSpace(k), strings.TrimSpace(v)
		}
		switch {
		case section == "metadata" && key == "name" && value != "":
			f.Names = append(f.Names, PyName(value))
		case section == "options" && (key == "install_requires" || key == "setup_requires" || key == "tests_require"), section == "options.extras_require":
			if strings.HasPrefix(value, "file:") {
				continue // requirements files, which are read by themselves
			}
			for part := range strings.SplitSeq(value, ",\n") {
				if d, ok := requirement(part, key, i+1); ok {
					f.Deps = append(f.Deps, d)
				}
			}
		}
	}
}

// readConda reads the names of an environment file; they are mostly those of PyPI.
func readConda(f *File, text string) {
	for i, line := range lines(text) {
		if m := conda.FindStringSubmatch(line); m != nil {
			f.Deps = append(f.Deps, Dependency{Name: PyName(m[1]), Constraint: m[2], Group: "conda", Line: i + 1})
		}
	}
}

var conda = regexp.MustCompile(`^\s*-\s*["']?(?:[\w.-]+::)?([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*([=<>!~][^"'#]*)?["']?\s*(?:#.*)?$`)

// readSetupPy reads the lists that setup() is given where they are literal, or names of literal lists.
func readSetupPy(f *File, data []byte) error {
	tree, err := language.ForName("python").Parse(f.Path, data)
	if err != nil {
		return err
	}
	s := setupPy{File: f, tree: tree, values: map[string]language.ID{}}
	var setup language.ID = language.None
	for id := range tree.Nodes {
		id := language.ID(id)
		switch n := &tree.Nodes[id]; n.Kind { //nolint:exhaustive // the others say nothing
		case language.Assign:
			if target := tree.Child(id, language.SlotTarget); target != language.None && n.Value == "=" {
				s.values[tree.Text(target)] = tree.Child(id, language.SlotValue)
			}
		case language.Call:
			if callee := tree.Child(id, language.SlotCallee); callee != language.None {
				if name := tree.Text(callee); name == "setup" || name == "setuptools.setup" {
					setup = id
				}
			}
		}
	}
	if setup == language.None {
		return nil
	}
	args := tree.Child(setup, language.SlotArgs)
	for arg := range tree.Children(args) {
		switch tree.Nodes[arg].Kind { //nolint:exhaustive // setup takes names only
		case language.Spread:
			f.Partial = "setup() is given computed arguments"
		case language.KeyArg:
			name, value := tree.Child(arg, language.SlotName), tree.Child(arg, language.SlotOperand)
			if name == language.None || value == language.None {
				continue
			}
			switch key := tree.Text(name); key {
			case "name":
				if tree.Nodes[value].Kind == language.Str {
					f.Names = append(f.Names, PyName(tree.Nodes[value].Value))
				}
			case "install_requires", "extras_require", "tests_require", "setup_requires":
				s.collect(value, key, 0)
			case "cmdclass":
				line, _ := tree.Position(tree.Nodes[arg].Start)
				f.Scripts = append(f.Scripts, Script{"cmdclass", tree.Text(value), line})
			}
		}
	}
	return nil
}

type setupPy struct {
	*File
	tree   *language.Tree
	values map[string]language.ID
}

func (s *setupPy) collect(id language.ID, group string, depth int) {
	if id == language.None || depth > 8 {
		s.Partial = group + " is computed"
		return
	}
	n := &s.tree.Nodes[id]
	switch n.Kind { //nolint:exhaustive // anything else is computed
	case language.Str:
		for _, part := range strings.Split(n.Value, "\n") {
			line, _ := s.tree.Position(n.Start)
			if d, ok := requirement(part, group, line); ok {
				s.Deps = append(s.Deps, d)
			}
		}
	case language.List, language.Tuple, language.Dict, language.Binary:
		for c := range s.tree.Children(id) {
			s.collect(c, group, depth+1)
		}
	case language.Pair:
		s.collect(s.tree.Child(id, language.SlotOperand), group, depth+1)
	case language.Name:
		if value, ok := s.values[n.Value]; ok && value != id {
			s.collect(value, group, depth+1)
			return
		}
		s.Partial = group + " is computed"
	default:
		s.Partial = group + " is computed"
	}
}
