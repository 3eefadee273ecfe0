// Package member finds uses of the standard library that it does not have.
//
//	strings.ContainsString(s, "x")        // there is no such function
//	resp.Body.ReadAll()                   // nor such a method
//	strings.Replace(s, "a", "b")          // one argument is missing
//
// Names that are remembered wrongly, or from another language, do not compile; where nobody compiles the change (a build tag, a generated example, a
// tool folder) they stay. Only packages and types that are known completely are judged; package syscall differs from platform to platform
// and is left out.
package member

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"
)

// Analyzer is the analyzer.
var Analyzer = &analysis.Analyzer{
	Name:             "member",
	Doc:              "finds uses of the standard library that it does not have",
	Requires:         []*analysis.Analyzer{inspect.Analyzer},
	RunDespiteErrors: true,
	Run:              run,
}

func run(pass *analysis.Pass) (any, error) {
	in := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector)
	for n := range in.PreorderSeq((*ast.SelectorExpr)(nil), (*ast.CallExpr)(nil)) {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			selector(pass, n)
		case *ast.CallExpr:
			arguments(pass, n)
		}
	}
	return nil, nil
}

// known tells a package of which everything is known; only those of the standard library are complete.
func known(p *types.Package, own *types.Package) bool {
	return p != nil && p != own && p.Complete() && p != types.Unsafe && p.Path() != "syscall" && p.Path() != "C"
}

func selector(pass *analysis.Pass, n *ast.SelectorExpr) {
	if !n.Sel.IsExported() || pass.TypesInfo.Uses[n.Sel] != nil || pass.TypesInfo.Selections[n] != nil {
		return
	}
	if id, ok := n.X.(*ast.Ident); ok {
		if name, ok := pass.TypesInfo.Uses[id].(*types.PkgName); ok {
			if p := name.Imported(); known(p, pass.Pkg) && p.Scope().Lookup(n.Sel.Name) == nil {
				pass.ReportRangef(n, "package %s has no %s", p.Path(), n.Sel.Name)
			}
			return
		}
	}
	t := pass.TypesInfo.TypeOf(n.X)
	if t == nil {
		return
	}
	bare := types.Unalias(t)
	if p, ok := bare.(*types.Pointer); ok {
		bare = types.Unalias(p.Elem())
	}
	named, ok := bare.(*types.Named)
	if !ok || !known(named.Obj().Pkg(), pass.Pkg) || named.TypeParams().Len() > 0 {
		return
	}
	if o, _, _ := types.LookupFieldOrMethod(t, true, pass.Pkg, n.Sel.Name); o == nil {
		pass.ReportRangef(n, "%s.%s has no field or method %s", named.Obj().Pkg().Path(), named.Obj().Name(), n.Sel.Name)
	}
}

func arguments(pass *analysis.Pass, n *ast.CallExpr) {
	f, ok := typeutil.Callee(pass.TypesInfo, n).(*types.Func)
	if !ok || !known(f.Pkg(), pass.Pkg) || n.Ellipsis.IsValid() {
		return
	}
	params := f.Signature().Params().Len()
	given := len(n.Args)
	if given == 1 {
		if _, several := pass.TypesInfo.TypeOf(n.Args[0]).(*types.Tuple); several {
			return // f(g()) with all that g returns
		}
		if _, call := ast.Unparen(n.Args[0]).(*ast.CallExpr); call && params != 1 {
			return // perhaps the same, with a g that is not known
		}
	}
	if s, ok := n.Fun.(*ast.SelectorExpr); ok {
		if sel := pass.TypesInfo.Selections[s]; sel != nil && sel.Kind() == types.MethodExpr {
			return
		}
	}
	switch {
	case f.Signature().Variadic():
		if given >= params-1 {
			return
		}
	case given == params:
		return
	}
	pass.ReportRangef(n, "%s takes %s, not %d", f.FullName(), count(params, f.Signature().Variadic()), given)
}

func count(n int, variadic bool) string {
	word := []string{"no argument", "one argument", "two arguments", "three arguments", "four arguments"}
	switch {
	case variadic:
		return word[min(n-1, len(word)-1)] + " or more"
	case n < len(word):
		return word[n]
	}
	return "more arguments"
}
