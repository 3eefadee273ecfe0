// Package unclosed finds files, responses and query results that nobody closes.
//
//	resp, err := client.Get(url)
//	if err != nil {
//		return err
//	}
//	return json.NewDecoder(resp.Body).Decode(&out)   // resp.Body stays open
//
// It reports a value that a call of the standard library opened and that its function neither closes nor hands on: returned, stored, captured
// by a method value or given to a function that may close it. Functions that are known only to read or write it (io.Copy, json.NewDecoder)
// do not count as such. What is left open on some paths only is not reported, nor is what the function main leaves to the end of the program.
package unclosed

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
	Name:             "unclosed",
	Doc:              "finds files, responses and query results that nobody closes",
	Requires:         []*analysis.Analyzer{inspect.Analyzer},
	RunDespiteErrors: true,
	Run:              run,
}

// openers give something that must be closed as their first result: what it is, as a message calls it.
var openers = map[string]string{
	"os.Open": "file", "os.OpenFile": "file", "os.Create": "file", "os.CreateTemp": "file", "io/ioutil.TempFile": "file",
	"(*os.Root).Open": "file", "(*os.Root).Create": "file", "(*os.Root).OpenFile": "file", "os.OpenRoot": "folder",
	"net/http.Get": "response", "net/http.Head": "response", "net/http.Post": "response", "net/http.PostForm": "response",
	"(*net/http.Client).Do": "response", "(*net/http.Client).Get": "response", "(*net/http.Client).Head": "response", "(*net/http.Client).Post": "response",
	"(*net/http.Client).PostForm": "response", "(net/http.RoundTripper).RoundTrip": "response", "(*net/http.Transport).RoundTrip": "response",
	"(*database/sql.DB).Query": "query result", "(*database/sql.DB).QueryContext": "query result", "(*database/sql.Tx).Query": "query result",
	"(*database/sql.Tx).QueryContext": "query result", "(*database/sql.Conn).QueryContext": "query result", "(*database/sql.Stmt).Query": "query result",
	"(*database/sql.Stmt).QueryContext": "query result", "(*database/sql.DB).Conn": "connection",
	"(*database/sql.DB).Prepare": "statement", "(*database/sql.DB).PrepareContext": "statement",
	"net.Dial": "connection", "net.DialTimeout": "connection", "crypto/tls.Dial": "connection", "(*net.Dialer).Dial": "connection", "(*net.Dialer).DialContext": "connection",
	"archive/zip.OpenReader": "archive", "(*archive/zip.File).Open": "file", "(*mime/multipart.FileHeader).Open": "file",
}

// borrowers take a reader or writer and do not close it.
var borrowers = map[string]bool{
	"io.ReadAll": true, "io/ioutil.ReadAll": true, "io.Copy": true, "io.CopyN": true, "io.CopyBuffer": true, "io.ReadFull": true, "io.ReadAtLeast": true, "io.WriteString": true,
	"io.LimitReader": true, "io.TeeReader": true, "io.MultiWriter": true, "io.MultiReader": true, "bufio.NewReader": true, "bufio.NewReaderSize": true, "bufio.NewWriter": true,
	"bufio.NewWriterSize": true, "bufio.NewScanner": true, "encoding/json.NewDecoder": true, "encoding/json.NewEncoder": true, "encoding/xml.NewDecoder": true,
	"encoding/xml.NewEncoder": true, "encoding/csv.NewReader": true, "encoding/csv.NewWriter": true, "encoding/gob.NewDecoder": true, "encoding/gob.NewEncoder": true,
	"encoding/binary.Read": true, "encoding/binary.Write": true, "compress/gzip.NewReader": true, "compress/gzip.NewWriter": true, "archive/tar.NewReader": true,
	"archive/tar.NewWriter": true, "archive/zip.NewWriter": true, "fmt.Fprint": true, "fmt.Fprintf": true, "fmt.Fprintln": true, "fmt.Fscan": true, "fmt.Fscanf": true,
	"fmt.Fscanln": true, "fmt.Printf": true, "fmt.Println": true, "log.Printf": true, "log.Println": true, "(*bytes.Buffer).ReadFrom": true, "image.Decode": true,
	"image/png.Decode": true, "image/jpeg.Decode": true, "image/png.Encode": true, "image/jpeg.Encode": true,
}

func run(pass *analysis.Pass) (any, error) {
	in := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector)
	for decl := range in.PreorderSeq((*ast.FuncDecl)(nil)) {
		fn := decl.(*ast.FuncDecl)
		if fn.Body == nil || fn.Recv == nil && fn.Name.Name == "main" && pass.Pkg.Name() == "main" {
			continue
		}
		function(pass, fn)
	}
	return nil, nil
}

func function(pass *analysis.Pass, fn *ast.FuncDecl) {
	type opened struct {
		at   *ast.CallExpr
		what string
	}
	open := map[types.Object]opened{}
	var order []types.Object
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		assign, ok := n.(*ast.AssignStmt)
		if !ok || len(assign.Rhs) != 1 || len(assign.Lhs) < 2 {
			return true
		}
		call, ok := ast.Unparen(assign.Rhs[0]).(*ast.CallExpr)
		if !ok {
			return true
		}
		callee := typeutil.StaticCallee(pass.TypesInfo, call)
		if callee == nil {
			callee, _ = typeutil.Callee(pass.TypesInfo, call).(*types.Func)
		}
		if callee == nil {
			return true
		}
		what := openers[callee.FullName()]
		id, isID := assign.Lhs[0].(*ast.Ident)
		if what == "" || !isID {
			return true
		}
		if id.Name == "_" {
			pass.ReportRangef(call, "the %s that `%s` opens is dropped and stays open. Keep it and close it", what, callee.Name())
			return true
		}
		object := pass.TypesInfo.ObjectOf(id)
		if _, again := open[object]; object == nil || again || !local(pass, fn, object) {
			return true
		}
		open[object] = opened{call, what}
		order = append(order, object)
		return true
	})
	if len(order) == 0 {
		return
	}
	gone := map[types.Object]bool{} // closed, or handed on
	stack := []ast.Node{}
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		if n == nil {
			stack = stack[:len(stack)-1]
			return true
		}
		stack = append(stack, n)
		if id, ok := n.(*ast.Ident); ok {
			if object := pass.TypesInfo.Uses[id]; object != nil {
				if _, tracked := open[object]; tracked && !harmless(pass, stack) {
					gone[object] = true
				}
			}
		}
		return true
	})
	for _, object := range order {
		if o := open[object]; !gone[object] {
			closer := object.Name() + ".Close()"
			if o.what == "response" {
				closer = object.Name() + ".Body.Close()"
			}
			pass.ReportRangef(o.at, "this %s is never closed, and nobody else is given it. Put `defer %s` after the check of the error", o.what, closer)
		}
	}
}

// local tells a variable of the function that is not one of its results.
func local(pass *analysis.Pass, fn *ast.FuncDecl, object types.Object) bool {
	v, ok := object.(*types.Var)
	if !ok || v.IsField() || object.Parent() == pass.Pkg.Scope() || object.Pos() < fn.Pos() || object.Pos() > fn.End() {
		return false
	}
	// A named result of the function, or of a literal in it, goes to the caller.
	result := false
	ast.Inspect(fn, func(n ast.Node) bool {
		if t, ok := n.(*ast.FuncType); ok && t.Results != nil && t.Results.Pos() <= object.Pos() && object.Pos() < t.Results.End() {
			result = true
		}
		return !result
	})
	return !result
}

// harmless tells a use (the last of the stack) that neither closes the value nor gives it to somebody who may.
func harmless(pass *analysis.Pass, stack []ast.Node) bool {
	i := len(stack) - 1
	expr := stack[i].(ast.Expr)
	for i--; i >= 0; i-- {
		switch p := stack[i].(type) {
		case *ast.ParenExpr:
			expr = p
		case *ast.SelectorExpr: // f.Name, resp.Body
			switch p.Sel.Name {
			case "Close", "Hijack", "SyscallConn", "Fd", "Detach":
				return false
			case "Body":
				expr = p
				continue
			}
			if i > 0 {
				if call, ok := stack[i-1].(*ast.CallExpr); ok && call.Fun == p {
					return true // a method, called
				}
			}
			_, isMethod := pass.TypesInfo.Uses[p.Sel].(*types.Func)
			return !isMethod // a method value keeps it; a field does not
		case *ast.BinaryExpr:
			return true // a comparison
		case *ast.AssignStmt:
			for _, l := range p.Lhs {
				if l == expr {
					return true // it is assigned to
				}
			}
			return blank(p, expr)
		case *ast.CallExpr:
			callee := typeutil.StaticCallee(pass.TypesInfo, p)
			return callee != nil && borrowers[callee.FullName()]
		default:
			return false
		}
	}
	return false
}

// blank tells `_ = x`, which is no use.
func blank(assign *ast.AssignStmt, expr ast.Expr) bool {
	for i, r := range assign.Rhs {
		if r == expr && i < len(assign.Lhs) {
			id, ok := assign.Lhs[i].(*ast.Ident)
			return ok && id.Name == "_"
		}
	}
	return false
}
