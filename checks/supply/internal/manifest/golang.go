package manifest

import (
	"golang.org/x/mod/modfile"
)

func readGoMod(f *File, data []byte) error {
	m, err := modfile.ParseLax(f.Path, data, nil)
	if err != nil {
		return err
	}
	if m.Module != nil {
		f.Names = append(f.Names, m.Module.Mod.Path)
	}
	if m.Go != nil {
		f.Settings = append(f.Settings, Setting{"go", m.Go.Version, m.Go.Syntax.Start.Line})
	}
	for _, r := range m.Require {
		group := "require"
		if r.Indirect {
			group = "indirect"
		}
		f.Deps = append(f.Deps, Dependency{Name: r.Mod.Path, Constraint: r.Mod.Version, Group: group, Line: r.Syntax.Start.Line})
	}
	// The lax reader passes over replace, which only counts in the main module: this is one.
	full, err := modfile.Parse(f.Path, data, nil)
	if err != nil {
		f.Partial = "it has directives that are not known here"
		return nil //nolint:nilerr // what the lax reader gave is right; the file says that it is not all
	}
	f.replaced(full.Replace)
	return nil
}

func (f *File) replaced(list []*modfile.Replace) {
	for _, r := range list {
		f.Deps = append(f.Deps, Dependency{Name: r.Old.Path, Alias: r.Old.Path, Constraint: r.New.Version, Source: r.New.Path, Group: "replace", Line: r.Syntax.Start.Line})
	}
}

func readGoWork(f *File, data []byte) error {
	w, err := modfile.ParseWork(f.Path, data, nil)
	if err != nil {
		return err
	}
	f.replaced(w.Replace)
	return nil
}
