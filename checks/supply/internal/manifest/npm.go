package manifest

import "strings"

// installScripts are those that npm, pnpm and yarn run while a package is installed; prepare runs in the checkout too.
var installScripts = map[string]bool{"preinstall": true, "install": true, "postinstall": true, "prepare": true, "preprepare": true, "postprepare": true, "prepublish": true, "dependencies": true}

func readPackageJSON(f *File, data []byte) error {
	entries, err := jsonEntries(data)
	if err != nil {
		return err
	}
	for _, e := range entries {
		switch top := e.key(0); {
		case top == "name" && len(e.keys) == 1:
			f.Names = append(f.Names, e.value)
		case len(e.keys) == 2 && (top == "dependencies" || top == "devDependencies" || top == "peerDependencies" || top == "optionalDependencies"):
			f.Deps = append(f.Deps, npmDependency(e.keys[1], e.value, top, e.line))
		case top == "scripts" && len(e.keys) == 2 && installScripts[e.keys[1]]:
			f.Scripts = append(f.Scripts, Script{e.keys[1], e.value, e.line})
		case (top == "overrides" || top == "resolutions" || e.under("pnpm", "overrides")) && e.value != "":
			name := e.keys[len(e.keys)-1]
			f.Settings = append(f.Settings, Setting{"override " + name, e.value, e.line})
		}
	}
	return nil
}

// npmDependency reads one specifier: a range, a tag, an alias (npm:real@1), an address or a path.
func npmDependency(name, spec, group string, line int) Dependency {
	d := Dependency{Name: name, Constraint: spec, Group: group, Line: line}
	switch {
	case strings.HasPrefix(spec, "npm:"):
		d.Alias = name
		d.Name, d.Constraint = cutVersion(strings.TrimPrefix(spec, "npm:"))
	case strings.HasPrefix(spec, "workspace:"), strings.HasPrefix(spec, "catalog:"), strings.HasPrefix(spec, "patch:"), strings.HasPrefix(spec, "jsr:"):
	case strings.Contains(spec, "://"), strings.HasPrefix(spec, "git@"), strings.Contains(spec, "/"),
		strings.HasPrefix(spec, "file:"), strings.HasPrefix(spec, "link:"), strings.HasPrefix(spec, "portal:"), strings.HasPrefix(spec, "github:"), strings.HasPrefix(spec, "gist:"):
		d.Source, d.Constraint = spec, ""
	}
	return d
}

// cutVersion splits "@scope/name@1.2" at the last at sign that is not the scope's.
func cutVersion(s string) (name, version string) {
	if i := strings.LastIndexByte(s, '@'); i > 0 {
		return s[:i], s[i+1:]
	}
	return s, ""
}

func readDeno(f *File, data []byte) error {
	entries, err := jsonEntries(data)
	if err != nil {
		return err
	}
	for _, e := range entries {
		switch {
		case e.under("name") && len(e.keys) == 1:
			f.Names = append(f.Names, e.value)
		case e.under("imports") && len(e.keys) == 2:
			f.Deps = append(f.Deps, Dependency{Name: strings.TrimSuffix(e.keys[1], "/"), Constraint: e.value, Group: "imports", Line: e.line})
		}
	}
	return nil
}
