// Package endless finds loops that go on for ever in functions that were given a context.
//
//	func (w *Worker) Run(ctx context.Context) {
//		for {
//			w.poll(ctx)
//			time.Sleep(time.Second)   // ctx is cancelled, and it goes on
//		}
//	}
//
// A loop is reported that has no condition and no way out (return, break, goto, panic, the end of the program) in a function with a parameter of
// type context.Context or *http.Request, or in a goroutine that it starts; not where it says `_ = ctx`. A call of a function that is not known may end it, but does so for other
// reasons than the context.
package endless

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"
)

// Analyzer is the analyzer.
var Analyzer = &analysis.Analyzer{
	Name:             "endless",
	Doc:              "finds loops that go on for ever in functions that were given a context",
	Requires:         []*analysis.Analyzer{inspect.Analyzer},
	RunDespiteErrors: true,
	Run:              run,
}

func run(pass *analysis.Pass) (any, error) {
	in := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector)
	in.WithStack([]ast.Node{(*ast.ForStmt)(nil)}, func(n ast.Node, push bool, stack []ast.Node) bool {
		loop := n.(*ast.ForStmt)
		if !push || loop.Cond != nil || len(loop.Body.List) == 0 {
			return true
		}
		if name := context(pass, stack); name != "" && !ends(pass, loop, label(stack)) {
			pass.Report(analysis.Diagnostic{
				Pos: loop.Pos(), End: loop.Body.Lbrace,
				Message: "this loop never ends, not even when `" + name + "` is cancelled. Return when `" + name + ".Done()` is closed",
			})
		}
		return true
	})
	return nil, nil
}

// context names the context that the innermost functions around a loop were given: a parameter of the function or, for a literal, of one around it.
func context(pass *analysis.Pass, stack []ast.Node) string {
	for i := len(stack) - 1; i >= 0; i-- {
		var params *ast.FieldList
		var body *ast.BlockStmt
		switch f := stack[i].(type) {
		case *ast.FuncLit:
			params, body = f.Type.Params, f.Body
		case *ast.FuncDecl:
			params, body = f.Type.Params, f.Body
		default:
			continue
		}
		for _, p := range params.List {
			t := pass.TypesInfo.TypeOf(p.Type)
			if t == nil || !isContext(t) {
				continue
			}
			for _, id := range p.Names {
				if id.Name != "_" && !waived(body, id.Name) {
					return id.Name
				}
			}
		}
	}
	return ""
}

// waived tells a context that a function says it does not look at: `_ = ctx`.
func waived(body *ast.BlockStmt, name string) bool {
	return slices.ContainsFunc(body.List, func(s ast.Stmt) bool {
		a, ok := s.(*ast.AssignStmt)
		if !ok || len(a.Lhs) != 1 || len(a.Rhs) != 1 {
			return false
		}
		l, isL := a.Lhs[0].(*ast.Ident)
		r, isR := a.Rhs[0].(*ast.Ident)
		return isL && isR && l.Name == "_" && r.Name == name
	})
}

func isContext(t types.Type) bool {
	named, ok := types.Unalias(t).(*types.Named)
	return ok && named.Obj().Name() == "Context" && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == "context"
}

func label(stack []ast.Node) string {
	if len(stack) > 1 {
		if l, ok := stack[len(stack)-2].(*ast.LabeledStmt); ok {
			return l.Label.Name
		}
	}
	return ""
}

// ends tells a loop with a way out.
func ends(pass *analysis.Pass, loop *ast.ForStmt, label string) bool {
	found := false
	var visit func(n ast.Node, inner bool) // inner: a plain break leaves something else
	visit = func(n ast.Node, inner bool) {
		ast.Inspect(n, func(c ast.Node) bool {
			if found || c == nil {
				return false
			}
			switch c := c.(type) {
			case *ast.FuncLit:
				return false
			case *ast.ReturnStmt:
				found = true
			case *ast.BranchStmt:
				switch {
				case c.Tok == token.GOTO:
					found = true
				case c.Tok == token.BREAK && c.Label == nil:
					found = found || !inner
				case c.Tok == token.BREAK:
					found = true // of this loop, or of one around it
				case c.Tok == token.CONTINUE && c.Label != nil && c.Label.Name != label:
					found = true // perhaps of a loop around it
				}
			case *ast.CallExpr:
				found = found || final(pass, c)
			case *ast.ForStmt, *ast.RangeStmt, *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt:
				if c != n && !inner {
					visit(c, true)
					return false
				}
			}
			return !found
		})
	}
	visit(loop.Body, false)
	return found
}

// final tells calls that do not come back.
func final(pass *analysis.Pass, call *ast.CallExpr) bool {
	switch f := typeutil.Callee(pass.TypesInfo, call).(type) {
	case *types.Builtin:
		return f.Name() == "panic"
	case *types.Func:
		switch f.FullName() {
		case "os.Exit", "runtime.Goexit", "log.Fatal", "log.Fatalf", "log.Fatalln", "log.Panic", "log.Panicf", "log.Panicln", "syscall.Exit", "syscall.Exec",
			"(*log.Logger).Fatal", "(*log.Logger).Fatalf", "(*log.Logger).Fatalln":
			return true
		}
	}
	// A logger of another module has no type here.
	name := ""
	switch f := call.Fun.(type) {
	case *ast.SelectorExpr:
		name = f.Sel.Name
	case *ast.Ident:
		name = f.Name
	}
	switch name {
	case "Fatal", "Fatalf", "Fatalln", "Fatalw", "Panic", "Panicf", "Exit", "exit", "fatal", "fatalf", "die", "must", "Must", "Goexit":
		return true
	}
	return false
}
