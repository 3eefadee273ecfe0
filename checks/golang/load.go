package golang

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"go/types"
	"go/version"
	"io"
	"path"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/golang/stdlib"
)

// The bounds of what is type-checked. Beyond them a file is told as unscanned.
const (
	maxFile  = 2 << 20 // bytes of one file
	maxDepth = 1000    // of its syntax tree: the type checker recurses as deep
)

// A source is one Go file of the change on one side.
type source struct {
	*checks.File
	name string // its path on the side
	text []byte
	ast  *ast.File
}

// A unit is what is type-checked together: the changed files of one package that one platform compiles.
type unit struct {
	dir      string
	platform string
	files    []*source
	fset     *token.FileSet
	pkg      *types.Package
	info     *types.Info
	errs     []types.Error
	unseen   []string // files of the folder that are not in the unit; what is in them is not known
}

// units gives the product's Go files of a side, package by package, not yet type-checked; of the given folders, or of all if there are none. Files that do not parse are left out: broken syntax is told
// by whoever reads syntax trees.
func units(ctx context.Context, pass *checks.Pass, folders map[string]bool) ([]*unit, error) {
	type key struct{ dir, pkg, platform string }
	var order []*unit
	known := map[key]*unit{}
	wanted := func(f *checks.File, name string) bool {
		return f.Class == checks.ClassProduct && strings.HasSuffix(name, ".go") && (folders == nil || folders[path.Dir(name)])
	}
	err := pass.Texts(ctx, wanted, func(f *checks.File, name string, text []byte) {
		if len(text) > maxFile {
			pass.Unscanned(checks.Unscanned{Path: name, Side: pass.Side, Reason: fmt.Sprintf("%d bytes of Go in one file, over the limit of %d", len(text), maxFile)})
			return
		}
		// Which unit the file belongs to is known only after its package clause was read; file sets are cheap.
		head, err := parser.ParseFile(token.NewFileSet(), name, text, parser.PackageClauseOnly)
		if err != nil {
			return
		}
		k := key{path.Dir(name), head.Name.Name, platform(name, text)}
		u := known[k]
		if u == nil {
			u = &unit{dir: k.dir, platform: k.platform, fset: token.NewFileSet()}
			known[k] = u
			order = append(order, u)
		}
		tree, err := parser.ParseFile(u.fset, name, text, parser.ParseComments)
		tooDeep := err != nil && strings.Contains(err.Error(), "max nesting depth") // the parser's own limit, which has no other name
		if err != nil && !tooDeep {
			return
		}
		if tooDeep || depth(tree) > maxDepth {
			pass.Unscanned(checks.Unscanned{Path: name, Side: pass.Side, Reason: fmt.Sprintf("Go code nested deeper than %d", maxDepth)})
			return
		}
		u.files = append(u.files, &source{File: f, name: name, text: text, ast: tree})
	})
	paths := pass.Change.Tree(pass.Side).Paths()
	for _, u := range order {
		u.unseen = u.others(paths)
	}
	return order, err
}

// others lists the Go files of a unit's folder that are not in it, tests aside. Where the tree's files are not known, nor are these.
func (u *unit) others(paths []string) []string {
	if paths == nil {
		return []string{"?"}
	}
	prefix := u.dir + "/"
	if u.dir == "." {
		prefix = ""
	}
	var out []string
	first, _ := slices.BinarySearch(paths, prefix)
	for _, p := range paths[first:] {
		if !strings.HasPrefix(p, prefix) {
			break
		}
		name := p[len(prefix):]
		if strings.Contains(name, "/") || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		if !slices.ContainsFunc(u.files, func(f *source) bool { return f.name == p }) {
			out = append(out, p)
		}
	}
	return out
}

// platforms are tried in turn: a file belongs to the first that compiles it, so that files which exclude each other are not read together.
var platforms = []string{"linux", "windows", "darwin", "js"}

// platform names the platform that a file is for, "" if it is one that is not tried, or for a build tag.
func platform(name string, text []byte) string {
	for _, goos := range platforms {
		c := build.Default
		c.GOOS, c.GOARCH, c.CgoEnabled, c.BuildTags = goos, "amd64", true, nil
		if goos == "js" {
			c.GOARCH = "wasm"
		}
		c.OpenFile = func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }
		if ok, err := c.MatchFile("", path.Base(name)); ok && err == nil {
			return goos
		}
	}
	return ""
}

func depth(tree *ast.File) int {
	deepest, now := 0, 0
	ast.Inspect(tree, func(n ast.Node) bool {
		if n == nil {
			now--
		} else {
			now++
			deepest = max(deepest, now)
		}
		return true
	})
	return deepest
}

// ahead tells a unit whose module wants a newer Go than the built-in library is of. A go.mod that was not fetched says nothing.
func (u *unit) ahead(tree checks.Tree) bool {
	for dir := u.dir; ; dir = path.Dir(dir) {
		if text, err := tree.Open(path.Join(dir, "go.mod")); err == nil {
			module, err := modfile.ParseLax("go.mod", text, nil)
			if err != nil || module.Go == nil {
				return false
			}
			have, err := stdlib.Version()
			return err == nil && version.Compare(version.Lang("go"+module.Go.Version), have) > 0
		}
		if dir == "." || dir == "/" {
			return false
		}
	}
}

// check type-checks a unit. What cannot be resolved (another module, a file that did not change) has an invalid type, and goes on.
func (u *unit) check(importer *stdlib.Importer) error {
	var broken error
	conf := types.Config{
		Importer: importerFunc(func(path string) (*types.Package, error) {
			p, err := importer.Import(path)
			if err != nil && !errors.Is(err, stdlib.ErrUnknown) {
				broken = err
			}
			return p, err
		}),
		FakeImportC:              true,
		DisableUnusedImportCheck: true,
		Sizes:                    types.SizesFor("gc", "amd64"),
		Error: func(err error) {
			var e types.Error
			if errors.As(err, &e) {
				u.errs = append(u.errs, e)
			}
		},
	}
	size := 0
	for _, f := range u.files {
		size += len(f.text)
	}
	u.info = &types.Info{ // maps of this size seldom have to grow: one expression for about twelve bytes
		Types:        make(map[ast.Expr]types.TypeAndValue, size/12),
		Instances:    map[*ast.Ident]types.Instance{},
		Defs:         make(map[*ast.Ident]types.Object, size/48),
		Uses:         make(map[*ast.Ident]types.Object, size/16),
		Implicits:    map[ast.Node]types.Object{},
		Selections:   map[*ast.SelectorExpr]*types.Selection{},
		Scopes:       map[ast.Node]*types.Scope{},
		FileVersions: map[*ast.File]string{},
	}
	u.pkg, _ = conf.Check(path.Dir(u.files[0].name), u.fset, u.trees(), u.info) // its errors are in u.errs
	return broken
}

func (u *unit) trees() []*ast.File {
	out := make([]*ast.File, len(u.files))
	for i, f := range u.files {
		out[i] = f.ast
	}
	return out
}

type importerFunc func(path string) (*types.Package, error)

func (f importerFunc) Import(path string) (*types.Package, error) { return f(path) }
