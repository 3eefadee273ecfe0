// Package uncancelled finds cancel functions that are kept from the compiler only.
//
//	ctx, cancel := context.WithTimeout(ctx, time.Second)
//	_ = cancel   // declared and used, says the compiler; nobody calls it
//
// x/tools' lostcancel takes this for a use. Reported is a cancel function of which every use is such an assignment.
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
		if named, ok := types.Unalias(o.Type()).(*types.Named); ok && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == "context" &&
			(named.Obj().Name() == "CancelFunc" || named.Obj().Name() == "CancelCauseFunc") {
			pass.ReportRangef(s, "`%s` is never called, so that the context stays until its parent ends: put `defer %s()` right after it", id.Name, id.Name)
		}
	}
	return nil, nil
}
