// Package racy finds variables that several goroutines write without a lock.
//
//	for _, url := range urls {
//		wg.Add(1)
//		go func() {
//			defer wg.Done()
//			results[url] = fetch(url)   // a map: the program ends when two do this at once
//		}()
//	}
//
// It looks at goroutines that are started in a loop and write to a map, append to a slice, or count, where the variable is declared outside of
// the loop. A goroutine that locks anything, or receives from a channel before it writes, is not reported; nor is an element of a slice, which
// each goroutine may have for itself.
package racy

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"
)

// Analyzer is the analyzer.
var Analyzer = &analysis.Analyzer{
	Name:             "racy",
	Doc:              "finds variables that several goroutines write without a lock",
	Requires:         []*analysis.Analyzer{inspect.Analyzer},
	RunDespiteErrors: true,
	Run:              run,
}

func run(pass *analysis.Pass) (any, error) {
	in := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector)
	in.WithStack([]ast.Node{(*ast.FuncLit)(nil)}, func(n ast.Node, push bool, stack []ast.Node) bool {
		if !push {
			return false
		}
		fn := n.(*ast.FuncLit)
		loop := startedIn(stack)
		if loop != nil && !guarded(fn) {
			writes(pass, fn, loop)
		}
		return true
	})
	return nil, nil
}

// startedIn gives the loop that starts a function literal as a goroutine again and again, or nil: go func() {...}(), wg.Go(func() {...}).
func startedIn(stack []ast.Node) ast.Node {
	i := len(stack) - 2
	if i < 1 {
		return nil
	}
	call, ok := stack[i].(*ast.CallExpr)
	if !ok {
		return nil
	}
	if _, isGo := stack[i-1].(*ast.GoStmt); !isGo || call.Fun != stack[i+1] {
		if sel, ok := call.Fun.(*ast.SelectorExpr); !ok || sel.Sel.Name != "Go" {
			return nil
		}
	}
	for i--; i >= 0; i-- {
		switch loop := stack[i].(type) {
		case *ast.ForStmt:
			if leaves(loop.Body, call) {
				return nil
			}
			return loop
		case *ast.RangeStmt:
			if leaves(loop.Body, call) {
				return nil
			}
			return loop
		case *ast.FuncLit, *ast.FuncDecl:
			return nil
		}
	}
	return nil
}

// leaves tells a loop that does not go round while the goroutine runs: it waits after the call, or ends.
func leaves(body *ast.BlockStmt, call *ast.CallExpr) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		if n == nil || n.End() <= call.Pos() {
			return n != nil && n.Pos() <= call.Pos()
		}
		if n.Pos() > call.End() {
			switch n := n.(type) {
			case *ast.FuncLit:
				return false
			case *ast.UnaryExpr:
				found = found || n.Op == token.ARROW
			case *ast.SelectStmt:
				found = true
			case *ast.CallExpr:
				if sel, ok := n.Fun.(*ast.SelectorExpr); ok && strings.HasPrefix(sel.Sel.Name, "Wait") {
					found = true
				}
			case *ast.ReturnStmt:
				found = true
			case *ast.BranchStmt:
				found = found || n.Tok == token.BREAK
			}
		}
		return !found
	})
	return found
}

// guarded tells a function that takes turns with others: by a lock, or by a channel.
func guarded(fn *ast.FuncLit) bool {
	found := false
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			name := ""
			switch f := n.Fun.(type) {
			case *ast.SelectorExpr:
				name = f.Sel.Name
			case *ast.Ident:
				name = f.Name
			}
			name = strings.ToLower(name)
			if strings.Contains(name, "lock") || strings.Contains(name, "acquire") || name == "do" {
				found = true
			}
		case *ast.UnaryExpr:
			found = found || n.Op == token.ARROW
		}
		return !found
	})
	return found
}

func writes(pass *analysis.Pass, fn *ast.FuncLit, loop ast.Node) {
	shared := func(e ast.Expr) string {
		id, ok := ast.Unparen(e).(*ast.Ident)
		if !ok {
			return ""
		}
		v, ok := pass.TypesInfo.Uses[id].(*types.Var)
		if !ok || v.Pos() >= loop.Pos() && v.Pos() < loop.End() {
			return ""
		}
		return v.Name()
	}
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false // runs elsewhere, or has its own turn
		case *ast.IncDecStmt:
			if name := shared(n.X); name != "" {
				report(pass, n, "count in `"+name+"`")
			}
		case *ast.AssignStmt:
			for i, l := range n.Lhs {
				if index, ok := ast.Unparen(l).(*ast.IndexExpr); ok {
					t := pass.TypesInfo.TypeOf(index.X)
					if name := shared(index.X); name != "" && t != nil && isMap(t) {
						report(pass, n, "write to the map `"+name+"`")
					}
					continue
				}
				name := shared(l)
				if name == "" {
					continue
				}
				if n.Tok != token.ASSIGN && n.Tok != token.DEFINE {
					report(pass, n, "count in `"+name+"`")
				} else if i < len(n.Rhs) && appendsTo(n.Rhs[i], name) {
					report(pass, n, "append to `"+name+"`")
				}
			}
		}
		return true
	})
}

func isMap(t types.Type) bool {
	_, ok := t.Underlying().(*types.Map)
	return ok
}

func appendsTo(e ast.Expr, name string) bool {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok || len(call.Args) == 0 {
		return false
	}
	fn, ok := call.Fun.(*ast.Ident)
	first, isID := ast.Unparen(call.Args[0]).(*ast.Ident)
	return ok && fn.Name == "append" && isID && first.Name == name
}

func report(pass *analysis.Pass, n ast.Node, what string) {
	pass.ReportRangef(n, "several goroutines %s at once, without a lock. Guard it with a sync.Mutex, or give each goroutine its own element of a slice", what)
}
