// Package partescape finds HTML that is put together from strings of which some are escaped and one is not.
//
//	fmt.Fprintf(w, "<a title='%s'>%s</a>", html.EscapeString(title), name)   // name is a script as well as title is
//
// Whoever escapes one value knows that values come from strangers. A raw value is reported if it is a variable, field or element of type string
// that is not itself the result of a call, here or where it was assigned.
package partescape

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"
)

// Analyzer is the analyzer.
var Analyzer = &analysis.Analyzer{
	Name:             "partescape",
	Doc:              "finds HTML of which one part is escaped and another is not",
	Requires:         []*analysis.Analyzer{inspect.Analyzer},
	RunDespiteErrors: true,
	Run:              run,
}

var escapes = map[string]bool{"html.EscapeString": true, "html/template.HTMLEscapeString": true, "text/template.HTMLEscapeString": true, "html/template.HTMLEscaper": true}

// formats are the functions with a format, and where it stands.
var formats = map[string]int{"fmt.Sprintf": 0, "fmt.Printf": 0, "fmt.Fprintf": 1, "fmt.Appendf": 1}

func run(pass *analysis.Pass) (any, error) {
	in := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector)
	in.WithStack([]ast.Node{(*ast.CallExpr)(nil), (*ast.BinaryExpr)(nil)}, func(n ast.Node, push bool, stack []ast.Node) bool {
		if !push {
			return true
		}
		switch n := n.(type) {
		case *ast.CallExpr:
			callee := typeutil.StaticCallee(pass.TypesInfo, n)
			if callee == nil {
				return true
			}
			at, ok := formats[callee.FullName()]
			if !ok || len(n.Args) <= at || !markup(pass, n.Args[at]) {
				return true
			}
			judge(pass, n.Args[at+1:], stack)
		case *ast.BinaryExpr:
			if n.Op != token.ADD {
				return true
			}
			var parts []ast.Expr
			html := false
			var visit func(e ast.Expr)
			visit = func(e ast.Expr) {
				if b, ok := ast.Unparen(e).(*ast.BinaryExpr); ok && b.Op == token.ADD {
					visit(b.X)
					visit(b.Y)
					return
				}
				html = html || markup(pass, e)
				parts = append(parts, e)
			}
			visit(n)
			if html {
				judge(pass, parts, stack)
			}
			return false
		}
		return true
	})
	return nil, nil
}

// markup tells a constant text with a tag in it.
func markup(pass *analysis.Pass, e ast.Expr) bool {
	v := pass.TypesInfo.Types[e].Value
	if v == nil {
		return false
	}
	text := v.ExactString()
	return strings.Contains(text, "</") || strings.Contains(text, "/>") || strings.Contains(text, "<br") || strings.Contains(text, "<a ") || strings.Contains(text, "<img ") ||
		strings.Contains(text, "<input ") || strings.Contains(text, "<div") || strings.Contains(text, "<p>") || strings.Contains(text, "<li>")
}

func judge(pass *analysis.Pass, parts []ast.Expr, stack []ast.Node) {
	escaped := ""
	for _, p := range parts {
		if call, ok := ast.Unparen(p).(*ast.CallExpr); ok {
			if f := typeutil.StaticCallee(pass.TypesInfo, call); f != nil && escapes[f.FullName()] && len(call.Args) > 0 {
				escaped = types.ExprString(call.Args[0])
			}
		}
	}
	if escaped == "" {
		return
	}
	for _, p := range parts {
		if raw(pass, p, stack) {
			pass.ReportRangef(p, "`%s` goes into this HTML as it is, while `%s` beside it is escaped. Escape it too (html.EscapeString), or use html/template", types.ExprString(p), escaped)
		}
	}
}

// raw tells a string variable, field or element that nobody made safe.
func raw(pass *analysis.Pass, e ast.Expr, stack []ast.Node) bool {
	tv := pass.TypesInfo.Types[e]
	if tv.Type == nil || tv.Value != nil {
		return false
	}
	if basic, ok := types.Unalias(tv.Type).(*types.Basic); !ok || basic.Kind() != types.String {
		return false // a number, or a type of its own that may say what it is
	}
	switch x := ast.Unparen(e).(type) {
	case *ast.SelectorExpr:
		return !speaks(x.Sel.Name)
	case *ast.IndexExpr:
		return true
	case *ast.Ident:
		return !speaks(x.Name) && !made(pass, x, stack)
	}
	return false
}

// speaks tells a name that says that the value is HTML already.
func speaks(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"html", "escap", "safe", "markup", "encoded", "sanit", "body", "content", "class", "style", "css", "tag", "svg", "icon", "attr"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// made tells a local variable that was given the result of a call, or a text put together, somewhere in the function; or a constant only.
func made(pass *analysis.Pass, id *ast.Ident, stack []ast.Node) bool {
	object := pass.TypesInfo.ObjectOf(id)
	var fn ast.Node
	for _, n := range stack {
		if d, ok := n.(*ast.FuncDecl); ok {
			fn = d
		}
	}
	if object == nil || fn == nil {
		return true
	}
	assigned, calls := false, false
	visit := func(l ast.Expr, r ast.Expr) {
		if x, ok := l.(*ast.Ident); ok && pass.TypesInfo.ObjectOf(x) == object {
			assigned = true
			if r == nil {
				calls = true
				return
			}
			switch v := ast.Unparen(r).(type) {
			case *ast.CallExpr:
				if !asked(v) {
					calls = true
				}
			case *ast.BasicLit, *ast.BinaryExpr:
				calls = true
			}
		}
	}
	ast.Inspect(fn, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for i, l := range n.Lhs {
				if len(n.Lhs) == len(n.Rhs) {
					visit(l, n.Rhs[i])
				} else {
					visit(l, nil)
				}
			}
		case *ast.ValueSpec:
			for i, l := range n.Names {
				if i < len(n.Values) {
					visit(l, n.Values[i])
				} else {
					visit(l, nil)
				}
			}
		}
		return true
	})
	return assigned && calls
}

// asked tells calls that give what somebody sent: r.FormValue("name").
func asked(call *ast.CallExpr) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	switch sel.Sel.Name {
	case "FormValue", "PostFormValue", "PathValue", "Query", "Param", "PostForm", "Get", "QueryParam", "URLParam", "DefaultQuery":
		return true
	}
	return false
}
