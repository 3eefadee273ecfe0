package undeclaredimport

import (
	"strings"

	"github.com/reviewgate-app/reviewgate/checks/supply/internal/known"
	"github.com/reviewgate-app/reviewgate/checks/supply/internal/manifest"
	"github.com/reviewgate-app/reviewgate/checks/supply/internal/stdlib"
)

type golang struct{ set *manifest.Set }

func newGo(set *manifest.Set) *golang { return &golang{set} }

func (g *golang) known(file, module string) (string, bool) {
	if module == "C" || module[0] == '.' || module[0] == '/' || stdlib.Go(module) || strings.Contains(file, "testdata/") || strings.HasPrefix(module, "internal/") {
		return "", false
	}
	return module, true
}

func (g *golang) judge(file string, _ *imported, pkg string) *verdict {
	above := g.set.Above(manifest.Go, file)
	var mod *manifest.File
	for _, f := range above {
		if strings.HasSuffix(f.Path, "go.mod") {
			mod = f
			break
		}
	}
	if mod == nil || len(mod.Names) == 0 {
		return nil
	}
	for _, f := range g.set.Of(manifest.Go) {
		if f != mod && f.Dir() != "" && !strings.HasPrefix(file, f.Dir()+"/") {
			// A module beside this one: a workspace, or a replacement by path, may bring it.
			for _, name := range f.Names {
				if below(pkg, name) {
					return nil
				}
			}
			continue
		}
		for _, name := range f.Names {
			if below(pkg, name) {
				return nil
			}
		}
		for _, d := range f.Deps {
			if below(pkg, d.Name) {
				return nil
			}
		}
	}
	first, _, _ := strings.Cut(pkg, "/")
	if !strings.Contains(first, ".") {
		return nil // a package of a newer Go, or of a build that makes its own: the compiler tells
	}
	for m := pkg; strings.Contains(m, "/"); m = m[:strings.LastIndexByte(m, '/')] {
		if known.Popular(manifest.Go, m) {
			v := say("The module of `"+pkg+"`", mod.Path, true, "")
			v.message = "The module of `" + pkg + "` is not required in " + mod.Path + ". Require it with a version (go get), and look at what it brings"
			v.name = pkg
			return v
		}
	}
	v := say("The module of `"+pkg+"`", mod.Path, false, mod.Partial)
	v.name = pkg
	return v
}

// below tells whether a package lies in a module.
func below(pkg, module string) bool {
	return pkg == module || strings.HasPrefix(pkg, module+"/")
}
