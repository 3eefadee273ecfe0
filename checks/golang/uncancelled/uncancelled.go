// Package uncancelled finds cancel functions that are kept from the compiler only.
//
//	ctx, cancel := context.WithTimeout(ctx, time.Second)
//	_ = cancel   // declared and used, says the compiler; nobody calls it
//
// x/tools' lostcancel takes this for a use. Reported is a cancel function of which every use is such an assignment. So is one that is kept in a
// variable of the package or a field that nothing reads: only where all files of the package are seen, and nobody else can reach it.
package uncancelled

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"
)

// Analyzer is the analyzer.
var Analyzer = &analysis.Analyzer{
	Name:             "uncancelled",
	Doc:              "finds cancel functions that are kept from the compiler only",
	Requires:         []*analysis.Analyzer{inspect.Analyzer},
	RunDespiteErrors: true,
	Run:              run,
}

func run(pass *analysis.Pass) (any, error) {
	in := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector)
	blank := map[*ast.Ident]bool{} // uses in `_ = cancel`
	for n := range in.PreorderSeq((*ast.AssignStmt)(nil)) {
		s := n.(*ast.AssignStmt)
		if len(s.Lhs) != len(s.Rhs) {
			continue
		}
		for i, r := range s.Rhs {
			id, isID := ast.Unparen(r).(*ast.Ident)
			if l, ok := s.Lhs[i].(*ast.Ident); ok && isID && l.Name == "_" {
				blank[id] = true
			}
		}
	}
	kept(pass, in)
	if len(blank) == 0 {
		return nil, nil
	}
	called := map[types.Object]bool{}
	for id, o := range pass.TypesInfo.Uses {
		if !blank[id] {
			called[o] = true
		}
	}
	for n := range in.PreorderSeq((*ast.AssignStmt)(nil)) {
		s := n.(*ast.AssignStmt)
		if len(s.Lhs) != 2 || len(s.Rhs) != 1 {
			continue
		}
		id, ok := s.Lhs[1].(*ast.Ident)
		if !ok {
			continue
		}
		o := pass.TypesInfo.Defs[id]
		if o == nil || called[o] {
			continue
		}
		if isCancel(o.Type()) {
			pass.ReportRangef(s, "`%s` is never called, so that the context stays until its parent ends: put `defer %s()` right after it", id.Name, id.Name)
		}
	}
	return nil, nil
}

func isCancel(t types.Type) bool {
	named, ok := types.Unalias(t).(*types.Named)
	return ok && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == "context" && (named.Obj().Name() == "CancelFunc" || named.Obj().Name() == "CancelCauseFunc")
}

// kept reports cancel functions that are put where nothing takes them from.
func kept(pass *analysis.Pass, in *inspector.Inspector) {
	if len(pass.IgnoredFiles) > 0 { // another file may take them
		return
	}
	type place struct {
		at   ast.Node
		name string
	}
	puts := map[*types.Var]place{} // the first place that puts a cancel function there
	var order []*types.Var
	written := map[*ast.Ident]bool{}
	put := func(id *ast.Ident, value ast.Expr, at ast.Node) {
		written[id] = true
		v, ok := pass.TypesInfo.Uses[id].(*types.Var)
		if !ok || v.Exported() && pass.Pkg.Name() != "main" || !v.IsField() && v.Parent() != pass.Pkg.Scope() {
			return
		}
		if t := pass.TypesInfo.TypeOf(value); t == nil || !gives(t) {
			return
		}
		if _, there := puts[v.Origin()]; !there {
			puts[v.Origin()] = place{at, id.Name}
			order = append(order, v.Origin())
		}
	}
	for n := range in.PreorderSeq((*ast.AssignStmt)(nil), (*ast.KeyValueExpr)(nil)) {
		switch n := n.(type) {
		case *ast.KeyValueExpr:
			if id, ok := n.Key.(*ast.Ident); ok {
				put(id, n.Value, n)
			}
		case *ast.AssignStmt:
			for i, l := range n.Lhs {
				value := n.Rhs[min(i, len(n.Rhs)-1)]
				switch l := l.(type) {
				case *ast.Ident:
					put(l, value, n)
				case *ast.SelectorExpr:
					put(l.Sel, value, n)
				}
			}
		}
	}
	if len(puts) == 0 {
		return
	}
	read := map[string]bool{} // of something whose type is not known
	for n := range in.PreorderSeq((*ast.SelectorExpr)(nil)) {
		if sel := n.(*ast.SelectorExpr).Sel; pass.TypesInfo.Uses[sel] == nil {
			read[sel.Name] = true
		}
	}
	for id, o := range pass.TypesInfo.Uses {
		if v, ok := o.(*types.Var); ok && !written[id] {
			delete(puts, v.Origin())
		}
	}
	for _, v := range order {
		if p, still := puts[v]; still && !read[p.name] {
			pass.ReportRangef(p.at, "nothing reads `%s`, so that this context is never cancelled and stays until its parent ends: call `%s` where the work ends", p.name, p.name)
		}
	}
}

// gives tells a cancel function, or the results of what makes one.
func gives(t types.Type) bool {
	if results, ok := t.(*types.Tuple); ok {
		return results.Len() == 2 && isCancel(results.At(1).Type())
	}
	return isCancel(t)
}
