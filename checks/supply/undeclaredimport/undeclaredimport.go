package undeclaredimport

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/supply/internal/manifest"
	"github.com/reviewgate-app/reviewgate/checks/syntax"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

//go:embed doc.go
var doc string

//go:embed examples.txtar
var examples string

const undeclared = "undeclared-import"

// Check is the check.
var Check = &checks.Check{
	Name:  "supply/undeclared-import",
	Doc:   doc,
	Scope: checks.Difference,
	Rules: []checks.RuleInfo{{
		ID:         undeclared,
		Title:      "An import of a package that the project does not declare",
		Why:        "Language models invent names of packages. One that does not exist breaks the build; one that somebody has registered since runs their code.",
		Remedy:     "Look the package up where packages of the language are published. Declare it with a version if it is the right one, or use what the project has.",
		Severity:   checks.High,
		Confidence: checks.Certain,
		CWE:        []string{"CWE-829", "CWE-1357"},
		References: []string{"https://arxiv.org/abs/2406.10279", "https://cwe.mitre.org/data/definitions/829.html"},
		Tags:       []string{"security", "supply-chain", "ai"},
		Languages:  []string{"go", "java", "javascript", "python", "typescript"},
		Rollout:    checks.RolloutBlock,
		Origin:     "builtin",
	}},
	Examples: examples,
	Reads:    manifest.Reads,
	Run:      run,
}

// An imported is one import of a module that is not of the file's own package by its spelling.
type imported struct {
	module string      // as written
	node   language.ID // the statement
	at     language.ID // the module's name
	maybe  doubt
}

// doubt says how far an import may fail without harm.
type doubt uint8

const (
	plain    doubt = iota
	lazy           // in a function: it may never run
	guarded        // in try, under a condition: it is allowed to be missing
	typeOnly       // TypeScript: it is gone at run time
)

// A verdict says what is wrong with one import; "" for nothing.
type verdict struct {
	name       string // the package, as a reader would look it up
	message    string
	severity   checks.Severity
	confidence checks.Confidence
	unsure     bool // not all that may declare it could be read
}

// A resolver knows what one language may import.
type resolver interface {
	// known gives the name by which two imports are of the same package, and false for what needs no declaration by its spelling alone.
	known(file, module string) (name string, external bool)
	// judge tells an import that nothing explains.
	judge(file string, i *imported, name string) *verdict
}

func run(ctx context.Context, pass *checks.Pass) error {
	r := &resolvers{pass: pass}
	before := map[string]bool{} // language and package: imported at base, in a file of the change
	for _, f := range pass.Change.Files {
		if _, ok := f.PathOn(checks.Base); !ok || f.Opaque != "" || f.BaseOpaque != "" {
			continue
		}
		if err := r.each(ctx, f, checks.Base, func(res resolver, spec, file string, _ *language.Tree, i *imported) {
			if name, external := res.known(file, i.module); external {
				before[spec+" "+name] = true
			}
		}); err != nil {
			return err
		}
	}
	told := map[string]bool{} // one for a package: the first file shows it
	for _, f := range pass.Change.Files {
		if f.Opaque != "" || f.Class == checks.ClassVendored || f.Class == checks.ClassGenerated || f.Class == checks.ClassExample || f.Class == checks.ClassDocs || manifest.Fixture(f.Path) {
			continue
		}
		if err := r.each(ctx, f, checks.Head, func(res resolver, spec, file string, tree *language.Tree, i *imported) {
			name, external := res.known(file, i.module)
			if !external || i.maybe == guarded || f.Class == checks.ClassTest && i.maybe != plain || before[spec+" "+name] || told[spec+" "+name] {
				return
			}
			v := res.judge(file, i, name)
			if v == nil {
				return
			}
			told[spec+" "+name] = true
			if f.Class == checks.ClassTest || i.maybe != plain {
				v.confidence = min(v.confidence, checks.Likely)
				v.severity = min(v.severity, checks.Medium)
			}
			if f.Class == checks.ClassTest && v.unsure {
				v.severity = checks.Low // tests of build tools make up packages
			}
			line, column := tree.Position(tree.Nodes[i.at].Start)
			endLine, endColumn := tree.Position(tree.Nodes[i.at].End)
			pass.Report(checks.Finding{
				RuleID: undeclared, Message: v.message, Severity: v.severity, Confidence: v.confidence, Key: spec + " " + v.name,
				Location: checks.Location{Path: file, Side: checks.Head, StartLine: line, StartColumn: column, EndLine: endLine, EndColumn: endColumn},
			})
		}); err != nil {
			return err
		}
	}
	return nil
}

type resolvers struct {
	pass   *checks.Pass
	byName map[string]resolver
}

// each hands over the imports of one file of the change.
func (r *resolvers) each(ctx context.Context, f *checks.File, side checks.Side, do func(res resolver, spec, file string, tree *language.Tree, i *imported)) error {
	file, ok := f.PathOn(side)
	if !ok {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	tree, err := syntax.Code(r.pass.Change, side, file)
	if errors.Is(err, syntax.ErrNoLanguage) || errors.Is(err, language.ErrLimit) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, checks.ErrNotFetched) {
		return nil // rules tell of files over the limits
	}
	if err != nil {
		return err
	}
	res, spec, err := r.of(tree.Spec.Name)
	if err != nil {
		return err
	}
	for _, i := range imports(tree) {
		do(res, spec, file, tree, &i)
	}
	return nil
}

// of gives the resolver of a language, which is made when the first file of it comes. Both sides are judged by head: what head declares, and
// what lies in it.
func (r *resolvers) of(name string) (res resolver, spec string, err error) {
	if name == "typescript" {
		name = "javascript"
	}
	if res := r.byName[name]; res != nil {
		return res, name, nil
	}
	set, err := manifest.Load(r.pass.Change, checks.Head)
	if err != nil {
		return nil, "", err
	}
	paths := r.pass.Change.Head.Paths()
	switch name {
	case "python":
		res = newPython(set, paths)
	case "javascript":
		res = newScript(set, paths)
	case "go":
		res = newGo(set)
	default:
		res = newJava(set, paths)
	}
	if r.byName == nil {
		r.byName = map[string]resolver{}
	}
	r.byName[name] = res
	return res, name, nil
}

// imports lists the imports of a file in its order.
func imports(tree *language.Tree) []imported {
	var out []imported
	script := tree.Spec.Name == "javascript" || tree.Spec.Name == "typescript"
	for n := range tree.Nodes {
		id := language.ID(n)
		at := language.None
		switch node := &tree.Nodes[id]; node.Kind {
		case language.Import, language.ImportFrom:
			at = tree.Child(id, language.SlotModule)
		case language.Call:
			if !script {
				continue
			}
			callee := tree.Child(id, language.SlotCallee)
			if callee == language.None || tree.Nodes[callee].Kind != language.Name {
				continue
			}
			if name := tree.Nodes[callee].Value; name != "require" && name != "import" {
				continue
			}
			if parent := node.Parent; parent >= 0 && node.Slot == language.SlotValue && isImport(tree, parent) {
				continue // the import that this is written as was listed
			}
			if args := tree.Child(id, language.SlotArgs); args != language.None {
				for c := range tree.Children(args) {
					if tree.Nodes[c].Kind == language.Str {
						at = c
					}
					break
				}
			}
		case language.Other:
			if !script || tree.Type(id) != "export_statement" || strings.HasPrefix(tree.Text(id), "export default") {
				continue // export default "text" takes nothing in
			}
			for c := range tree.Children(id) {
				if tree.Nodes[c].Kind == language.Str {
					at = c
				}
			}
		}
		if at == language.None || broken(tree, id) {
			continue
		}
		module := tree.Nodes[at].Value
		if module == "" {
			continue
		}
		out = append(out, imported{module: module, node: id, at: at, maybe: doubts(tree, id)})
	}
	return out
}

func isImport(tree *language.Tree, id language.ID) bool {
	k := tree.Nodes[id].Kind
	return k == language.Import || k == language.ImportFrom
}

// broken tells what lies in a region that could not be read.
func broken(tree *language.Tree, id language.ID) bool {
	n := &tree.Nodes[id]
	for _, e := range tree.Errors {
		if e.Start < n.End && n.Start < e.End {
			return true
		}
	}
	return false
}

// doubts looks at what stands around an import.
func doubts(tree *language.Tree, id language.ID) doubt {
	text := tree.Text(id)
	if strings.HasPrefix(text, "import type ") || strings.HasPrefix(text, "import type{") || strings.HasPrefix(text, "export type ") || strings.HasPrefix(text, "import typeof ") {
		return typeOnly
	}
	found := plain
	for child, p := id, tree.Nodes[id].Parent; p >= 0; child, p = p, tree.Nodes[p].Parent {
		slot := tree.Nodes[child].Slot
		switch tree.Nodes[p].Kind {
		case language.Try, language.If, language.Ternary, language.Switch, language.Case, language.With, language.Catch:
			if slot != language.SlotCond || tree.Nodes[p].Kind == language.Try {
				return guarded
			}
		case language.Binary:
			if op := tree.Nodes[p].Value; op == "&&" || op == "||" || op == "??" {
				return guarded
			}
		case language.Func:
			found = lazy
		case language.Class:
			if tree.Nodes[p].Value == "namespace" {
				return guarded // declare module "x" { import ... }
			}
		case language.Other:
			if strings.HasSuffix(tree.Type(p), "type_alias_declaration") || strings.HasSuffix(tree.Type(p), "type_query") {
				return typeOnly
			}
		case language.Dot:
			if name := tree.Child(p, language.SlotName); name != language.None && tree.Nodes[name].Value == "catch" {
				return guarded // import("x").catch(...)
			}
		}
	}
	return found
}

// folders lists all folders of some paths.
func folders(paths []string) map[string]bool {
	out := map[string]bool{}
	for _, p := range paths {
		for d := path.Dir(p); d != "." && !out[d]; d = path.Dir(d) {
			out[d] = true
		}
	}
	return out
}

// say words a finding: what is imported, and where it was looked for.
func say(what, where string, popular bool, why string) *verdict {
	v := &verdict{severity: checks.High, confidence: checks.Certain}
	switch {
	case popular:
		v.severity, v.confidence = checks.Medium, checks.Likely
		v.message = fmt.Sprintf("%s is not declared in %s. It may be there because another package needs it, until that one changes its mind: declare it with a version", what, where)
	case why != "":
		v.severity, v.confidence, v.unsure = checks.Medium, checks.Likely, true
		v.message = fmt.Sprintf("%s is not declared in %s, as far as that can be read (%s). Look the package up: declare it with a version if it is the right one, or use what the project has", what, where, why)
	default:
		v.message = fmt.Sprintf("%s is not declared in %s, and nothing in the repository has that name. Look the package up: declare it with a version if it is the right one, or use what the project has", what, where)
	}
	return v
}
