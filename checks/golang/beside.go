package golang

import (
	"bytes"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
)

// The bounds of what is read beside the changed files of one folder. Beyond them the types of the rest are not known, as those of other modules.
const (
	maxBeside      = 150
	maxBesideBytes = 2 << 20
)

// readsNear names the Go files that lie beside changed ones: what they declare gives types to what the changed ones use.
func readsNear(changed, paths []string) []string {
	count := map[string]int{}
	is := map[string]bool{}
	for _, p := range changed {
		is[p] = true
		if product(p) {
			count[path.Dir(p)] = 1
		}
	}
	if len(count) == 0 {
		return nil
	}
	var out []string
	for _, p := range paths {
		if !product(p) || is[p] {
			continue
		}
		if dir := path.Dir(p); count[dir] > 0 && count[dir] <= maxBeside {
			count[dir]++
			out = append(out, p)
		}
	}
	return out
}

func product(p string) bool { return strings.HasSuffix(p, ".go") && !strings.HasSuffix(p, "_test.go") }

// readBeside parses the declarations of the files that lie beside the unit's own and are compiled with them, and keeps those that it uses. One that
// cannot be read leaves its types unknown, as if it were of another module; so do all of a folder that is beyond the bounds.
func (u *unit) readBeside(tree checks.Tree) {
	size := 0
	texts := make(map[string][]byte, len(u.unseen))
	for _, name := range u.unseen {
		if text, err := tree.Open(name); err == nil {
			texts[name] = text
			size += len(text)
		}
	}
	if len(texts) > maxBeside || size > maxBesideBytes {
		return
	}
	var files []*ast.File
	for _, name := range u.unseen {
		text, ok := texts[name]
		if !ok || !u.compiles(name, text) {
			continue
		}
		file, err := parser.ParseFile(u.fset, name, declarations(text), parser.SkipObjectResolution)
		if err != nil {
			// Not as gofmt writes it.
			if file, err = parser.ParseFile(u.fset, name, text, parser.SkipObjectResolution); err != nil {
				continue
			}
		}
		if file.Name.Name == u.files[0].ast.Name.Name && depth(file) <= maxDepth {
			files = append(files, file)
		}
	}
	u.beside = used(files, u.trees())
}

// used cuts files down to the declarations that others use, and what those need themselves: the rest would cost more than all that is looked at.
func used(files, by []*ast.File) []*ast.File {
	type place struct{ file, decl int }
	named, methods := map[string][]place{}, map[string][]place{}
	for i, f := range files {
		for k, d := range f.Decls {
			at := place{i, k}
			switch d := d.(type) {
			case *ast.FuncDecl:
				d.Body = nil
				if d.Recv == nil {
					named[d.Name.Name] = append(named[d.Name.Name], at)
				} else if name := receiver(d); name != "" {
					methods[name] = append(methods[name], at)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch spec := spec.(type) {
					case *ast.TypeSpec:
						named[spec.Name.Name] = append(named[spec.Name.Name], at)
					case *ast.ValueSpec:
						if spec.Type != nil && d.Tok == token.VAR {
							spec.Values = nil
						}
						for _, n := range spec.Names {
							named[n.Name] = append(named[n.Name], at)
						}
					}
				}
			}
		}
	}
	needed, kept := map[string]bool{}, map[place]bool{}
	var queue []string
	need := func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && !needed[id.Name] {
			needed[id.Name] = true
			queue = append(queue, id.Name)
		}
		return true
	}
	for _, f := range by {
		ast.Inspect(f, need)
	}
	asked := maps.Clone(needed) // a method that is not called by name needs no types: that it is there is enough
	for len(queue) > 0 {
		name := queue[0]
		queue = queue[1:]
		for _, at := range named[name] {
			if !kept[at] {
				kept[at] = true
				ast.Inspect(files[at.file].Decls[at.decl], need)
			}
		}
		for _, at := range methods[name] {
			if d := files[at.file].Decls[at.decl].(*ast.FuncDecl); !kept[at] {
				kept[at] = true
				if asked[d.Name.Name] {
					ast.Inspect(d, need)
				}
			}
		}
	}
	var out []*ast.File
	for i, f := range files {
		var decls []ast.Decl
		for k, d := range f.Decls {
			if kept[place{i, k}] {
				decls = append(decls, d)
			}
		}
		if len(decls) == 0 {
			continue
		}
		f.Imports = slices.DeleteFunc(f.Imports, func(spec *ast.ImportSpec) bool { return !needed[importName(spec)] })
		for _, spec := range f.Imports {
			decls = append([]ast.Decl{&ast.GenDecl{Tok: token.IMPORT, Specs: []ast.Spec{spec}}}, decls...)
		}
		f.Decls = decls
		out = append(out, f)
	}
	return out
}

// receiver names the type that a method is of.
func receiver(d *ast.FuncDecl) string {
	if len(d.Recv.List) == 0 {
		return ""
	}
	t := ast.Unparen(d.Recv.List[0].Type)
	if p, ok := t.(*ast.StarExpr); ok {
		t = ast.Unparen(p.X)
	}
	switch g := t.(type) {
	case *ast.IndexExpr:
		t = g.X
	case *ast.IndexListExpr:
		t = g.X
	}
	if id, ok := t.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}

// importName is what a file calls a package of the standard library: only those are known.
func importName(spec *ast.ImportSpec) string {
	if spec.Name != nil {
		return spec.Name.Name
	}
	p := strings.Trim(spec.Path.Value, "\"`")
	if base := path.Base(p); len(base) < 2 || base[0] != 'v' || strings.Trim(base[1:], "0123456789") != "" {
		return base
	}
	return path.Base(path.Dir(p))
}

// compiles tells whether a file belongs to the unit's platform.
func (u *unit) compiles(name string, text []byte) bool {
	if u.platform == "" {
		return platform(name, text) == platforms[0]
	}
	c := build.Default
	c.GOOS, c.GOARCH, c.CgoEnabled, c.BuildTags = u.platform, "amd64", true, nil
	if u.platform == "js" {
		c.GOARCH = "wasm"
	}
	c.OpenFile = func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }
	ok, err := c.MatchFile("", path.Base(name))
	return ok && err == nil
}

// declarations leaves the bodies of functions out of code that is written as gofmt writes it: a body begins at the end of a line and ends with the next
// line that begins with a brace. Parsing is most of the work, and bodies are most of the code.
func declarations(text []byte) []byte {
	out := make([]byte, 0, len(text)/2)
	for len(text) > 0 {
		i := 0
		if !bytes.HasPrefix(text, []byte("func ")) {
			i = bytes.Index(text, []byte("\nfunc ")) + 1
			if i == 0 {
				return append(out, text...)
			}
		}
		out, text = append(out, text[:i]...), text[i:]
		line, _, _ := bytes.Cut(text, []byte("\n"))
		if bytes.HasSuffix(line, []byte("}")) { // on one line
			out, text = append(out, line...), text[len(line):]
			continue
		}
		open, end := bytes.Index(text, []byte("{\n")), bytes.Index(text, []byte("\n}"))
		if open < 0 || end < open {
			return append(out, text...)
		}
		out, text = append(out, text[:open]...), text[end+2:]
	}
	return out
}

// own tells an error about one of the changed files.
func (u *unit) own(e *types.Error) bool {
	file := e.Fset.File(e.Pos)
	if file == nil {
		return true
	}
	for _, f := range u.files {
		if int(f.ast.FileStart) == file.Base() {
			return true
		}
	}
	return false
}
