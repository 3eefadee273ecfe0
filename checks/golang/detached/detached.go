// Package detached finds goroutines that begin with an empty context although the function around them was given one.
//
//	func (s *Service) Order(ctx context.Context, o Order) {
//		go func() {
//			s.notify(context.Background(), o)   // no trace, no tenant, no limit of what asked for it
//		}()
//	}
//
// Work that goes on after its caller has answered must not end with the caller's context, but it should keep what is in it:
// context.WithoutCancel(ctx) does that. Reported is context.Background or context.TODO in the body of a `go` statement's function literal, or passed
// to what it calls, where the function around has a parameter of type context.Context.
package detached

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
	Name:             "detached",
	Doc:              "finds goroutines that begin with an empty context",
	Requires:         []*analysis.Analyzer{inspect.Analyzer},
	RunDespiteErrors: true,
	Run:              run,
}

func run(pass *analysis.Pass) (any, error) {
	in := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector)
	for c := range in.Root().Preorder((*ast.GoStmt)(nil)) {
		decl := function(c)
		if decl == nil {
			continue
		}
		name := given(pass.TypesInfo, decl)
		if name == "" {
			continue
		}
		call := c.Node().(*ast.GoStmt).Call
		if lit, ok := call.Fun.(*ast.FuncLit); ok {
			for _, empty := range empties(pass.TypesInfo, lit.Body) {
				report(pass, empty, name)
			}
		}
		for _, arg := range call.Args {
			if empty, ok := ast.Unparen(arg).(*ast.CallExpr); ok && isEmpty(pass.TypesInfo, empty) {
				report(pass, empty, name)
			}
		}
	}
	return nil, nil
}

func report(pass *analysis.Pass, empty *ast.CallExpr, name string) {
	pass.ReportRangef(empty, "this goroutine loses what `%s` carries, such as trace and tenant: begin with context.WithoutCancel(%s)", name, name)
}

// function is the declaration around a statement.
func function(c inspector.Cursor) *ast.FuncDecl {
	for up := range c.Enclosing((*ast.FuncDecl)(nil)) {
		return up.Node().(*ast.FuncDecl)
	}
	return nil
}

// given names the context that a function was given and looks at.
func given(info *types.Info, decl *ast.FuncDecl) string {
	for _, p := range decl.Type.Params.List {
		if t := info.TypeOf(p.Type); t == nil || !isContext(t) {
			continue
		}
		for _, id := range p.Names {
			if id.Name != "_" {
				return id.Name
			}
		}
	}
	return ""
}

func isContext(t types.Type) bool {
	named, ok := types.Unalias(t).(*types.Named)
	return ok && named.Obj().Name() == "Context" && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == "context"
}

// empties lists the empty contexts that a body makes itself; what functions in it do is theirs.
func empties(info *types.Info, body *ast.BlockStmt) []*ast.CallExpr {
	var out []*ast.CallExpr
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.CallExpr:
			if isEmpty(info, n) {
				out = append(out, n)
			}
		}
		return true
	})
	return out
}

func isEmpty(info *types.Info, call *ast.CallExpr) bool {
	f := typeutil.StaticCallee(info, call)
	return f != nil && (f.FullName() == "context.Background" || f.FullName() == "context.TODO")
}
