package golang

import (
	"fmt"
	"go/types"
	"reflect"

	"golang.org/x/tools/go/analysis"
)

// analyze runs analyzers on a unit that was type-checked, each after those that it requires. There is no toolchain and there are no facts about
// other packages: an analyzer knows what it sees.
func (u *unit) analyze(list []*analysis.Analyzer, report func(*analysis.Analyzer, analysis.Diagnostic)) error {
	r := &runner{unit: u, results: map[*analysis.Analyzer]any{}, failed: map[*analysis.Analyzer]bool{}, facts: map[factKey]analysis.Fact{}, report: report}
	for _, a := range list {
		if _, err := r.run(a); err != nil {
			return fmt.Errorf("analyzer %s: %w", a.Name, err)
		}
	}
	return nil
}

type runner struct {
	*unit
	results map[*analysis.Analyzer]any
	failed  map[*analysis.Analyzer]bool // could not cope with code whose types are not all known
	facts   map[factKey]analysis.Fact
	report  func(*analysis.Analyzer, analysis.Diagnostic)
}

type factKey struct {
	object types.Object // nil: of the package
	kind   reflect.Type
}

// run gives an analyzer's result; ok is false if it says nothing about this unit.
func (r *runner) run(a *analysis.Analyzer) (ok bool, err error) {
	if _, done := r.results[a]; done || r.failed[a] {
		return done, nil
	}
	inputs := map[*analysis.Analyzer]any{}
	for _, needed := range a.Requires {
		if ok, err := r.run(needed); !ok || err != nil {
			r.failed[a] = true
			return false, err
		}
		inputs[needed] = r.results[needed]
	}
	var found []analysis.Diagnostic
	if len(r.errs) > 0 && !a.RunDespiteErrors {
		// Most analyzers cope with types that are not known; one that does not says nothing about this package.
		defer func() {
			if recover() != nil {
				r.failed[a] = true
				ok, err = false, nil
			}
		}()
	}
	result, err := a.Run(r.pass(a, inputs, func(d analysis.Diagnostic) { found = append(found, d) }))
	if err != nil {
		return false, err
	}
	r.results[a] = result
	for _, d := range found {
		r.report(a, d)
	}
	return true, nil
}

func (r *runner) pass(a *analysis.Analyzer, inputs map[*analysis.Analyzer]any, report func(analysis.Diagnostic)) *analysis.Pass {
	set := func(k factKey, f analysis.Fact) { r.facts[k] = f }
	get := func(k factKey, into analysis.Fact) bool {
		f, ok := r.facts[k]
		if ok {
			reflect.ValueOf(into).Elem().Set(reflect.ValueOf(f).Elem())
		}
		return ok
	}
	return &analysis.Pass{
		Analyzer: a, Fset: r.fset, Files: r.trees(), IgnoredFiles: r.unseen, Pkg: r.pkg, TypesInfo: r.info, TypesSizes: types.SizesFor("gc", "amd64"), TypeErrors: r.errs,
		ResultOf: inputs, Report: report,
		ReadFile:          func(name string) ([]byte, error) { return nil, fmt.Errorf("%s: analyzers read no files", name) },
		ImportObjectFact:  func(o types.Object, f analysis.Fact) bool { return get(factKey{o, reflect.TypeOf(f)}, f) },
		ImportPackageFact: func(_ *types.Package, f analysis.Fact) bool { return get(factKey{nil, reflect.TypeOf(f)}, f) },
		ExportObjectFact:  func(o types.Object, f analysis.Fact) { set(factKey{o, reflect.TypeOf(f)}, f) },
		ExportPackageFact: func(f analysis.Fact) { set(factKey{nil, reflect.TypeOf(f)}, f) },
		AllObjectFacts:    func() []analysis.ObjectFact { return nil },
		AllPackageFacts:   func() []analysis.PackageFact { return nil },
	}
}
