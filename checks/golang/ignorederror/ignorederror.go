// Package ignorederror finds errors that are dropped although the work of the call matters.
//
//	_ = tx.Commit()                          // nothing was written, and nobody knows
//	json.Unmarshal(body, &settings)          // settings stay empty
//	if err := os.Rename(tmp, path); err != nil {
//	}
//
// Only calls of the standard library whose failure nobody would want to miss are looked at: those that write, commit, parse or run something.
// What prints, closes a reader, removes, or answers a request is not among them. A dropped error with a comment beside it, one in a defer, and one
// in the handling of another error are left alone.
package ignorederror

import (
	"go/ast"
	"go/token"
	"go/types"
	"regexp"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"
)

// Analyzer is the analyzer.
var Analyzer = &analysis.Analyzer{
	Name:             "ignorederror",
	Doc:              "finds errors that are dropped although the work of the call matters",
	Requires:         []*analysis.Analyzer{inspect.Analyzer},
	RunDespiteErrors: true,
	Run:              run,
}

// grave are calls whose failure matters, with what then did not happen. Where one writes `_ =` before a call that parses, somebody decided that the
// value may be empty; see parses.
var grave = map[string]string{
	"(*database/sql.Tx).Commit":        "nothing was written",
	"(*database/sql.DB).Exec":          "the statement did nothing",
	"(*database/sql.DB).ExecContext":   "the statement did nothing",
	"(*database/sql.Tx).Exec":          "the statement did nothing",
	"(*database/sql.Tx).ExecContext":   "the statement did nothing",
	"(*database/sql.Stmt).Exec":        "the statement did nothing",
	"(*database/sql.Stmt).ExecContext": "the statement did nothing",
	"(*database/sql.Row).Scan":         "the variables keep their old values",
	"(*database/sql.Rows).Scan":        "the variables keep their old values",
	"os.WriteFile":                     "the file was not written",
	"io/ioutil.WriteFile":              "the file was not written",
	"os.Rename":                        "the file has its old name",
	"os.Truncate":                      "the file has its old content",
	"(*os.File).Truncate":              "the file has its old content",
	"encoding/json.Unmarshal":          "the value stays empty",
	"encoding/xml.Unmarshal":           "the value stays empty",
	"(*encoding/json.Decoder).Decode":  "the value stays empty",
	"(*encoding/gob.Decoder).Decode":   "the value stays empty",
	"encoding/hex.DecodeString":        "the value is cut off",
	"net/http.NewRequest":              "there is no request",
	"net/http.NewRequestWithContext":   "there is no request",
	"net/http.Get":                     "there is no response",
	"net/http.Post":                    "there is no response",
	"(*net/http.Client).Do":            "there is no response",
	"(*net/http.Client).Get":           "there is no response",
	"(*net/http.Client).Post":          "there is no response",
	"os.Open":                          "there is no file",
	"os.Create":                        "there is no file",
	"os.ReadFile":                      "there is no content",
	"(*os/exec.Cmd).Run":               "the command failed",
	"(*compress/gzip.Writer).Close":    "the end of the output is lost",
	"(*archive/zip.Writer).Close":      "the archive has no directory",
	"(*archive/tar.Writer).Close":      "the archive has no end",
}

// parses are the grave calls that may be given something on purpose that they cannot read.
var parses = map[string]bool{
	"encoding/json.Unmarshal": true, "encoding/xml.Unmarshal": true, "(*encoding/json.Decoder).Decode": true, "(*encoding/gob.Decoder).Decode": true,
	"encoding/hex.DecodeString": true, "os.ReadFile": true, "os.Open": true,
}

func run(pass *analysis.Pass) (any, error) {
	in := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector)
	comments := commented(pass)
	in.WithStack([]ast.Node{(*ast.ExprStmt)(nil), (*ast.AssignStmt)(nil), (*ast.IfStmt)(nil)}, func(n ast.Node, push bool, stack []ast.Node) bool {
		if !push {
			return true
		}
		var call *ast.CallExpr
		switch s := n.(type) {
		case *ast.ExprStmt:
			call, _ = ast.Unparen(s.X).(*ast.CallExpr)
		case *ast.AssignStmt:
			call = dropped(pass, s)
		case *ast.IfStmt:
			empty(pass, s)
			return true
		}
		if call == nil {
			return true
		}
		callee := typeutil.StaticCallee(pass.TypesInfo, call)
		if callee == nil {
			return true
		}
		what := grave[callee.FullName()]
		if _, bare := n.(*ast.ExprStmt); !bare && parses[callee.FullName()] || tidies(call) {
			return true
		}
		if what == "" || comments[line(pass, n.Pos())] || comments[line(pass, n.Pos())-1] || handling(stack) {
			return true
		}
		pass.ReportRangef(n, "when `%s` fails, %s and nobody learns of it. Return or log its error, or say in a comment why it does not matter", callee.Name(), what)
		return true
	})
	return nil, nil
}

// dropped gives the call of an assignment whose last result, an error, goes to the blank identifier.
func dropped(pass *analysis.Pass, s *ast.AssignStmt) *ast.CallExpr {
	if len(s.Rhs) != 1 {
		return nil
	}
	id, ok := s.Lhs[len(s.Lhs)-1].(*ast.Ident)
	call, isCall := ast.Unparen(s.Rhs[0]).(*ast.CallExpr)
	if !ok || id.Name != "_" || !isCall {
		return nil
	}
	return call
}

// tidies tells SQL that cleans up, or sets an option of the connection.
func tidies(call *ast.CallExpr) bool {
	for _, arg := range call.Args {
		text := ""
		ast.Inspect(arg, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && text == "" {
				text = strings.ToUpper(strings.TrimLeft(lit.Value, "\"` \t\n"))
			}
			return true
		})
		for _, word := range []string{"DROP ", "PRAGMA ", "SET ", "ROLLBACK", "TRUNCATE "} {
			if strings.HasPrefix(text, word) {
				return true
			}
		}
	}
	return false
}

// empty reports `if err != nil {}`.
func empty(pass *analysis.Pass, s *ast.IfStmt) {
	cond, ok := s.Cond.(*ast.BinaryExpr)
	if !ok || cond.Op != token.NEQ || len(s.Body.List) > 0 || s.Else != nil {
		return
	}
	t := pass.TypesInfo.TypeOf(cond.X)
	null, ok := cond.Y.(*ast.Ident)
	if t == nil || !ok || null.Name != "nil" || !types.Identical(t, types.Universe.Lookup("error").Type()) {
		return
	}
	for _, f := range pass.Files {
		for _, c := range f.Comments {
			if s.Body.Lbrace < c.Pos() && c.Pos() < s.Body.Rbrace && !marks.MatchString(c.List[0].Text) {
				return
			}
		}
	}
	pass.ReportRangef(s, "the error is looked at, and nothing is done about it. Return or log it, or say in a comment why it does not matter")
}

// handling tells code that runs because something else failed already, or that is cleaning up.
func handling(stack []ast.Node) bool {
	for i := len(stack) - 2; i >= 0; i-- {
		switch n := stack[i].(type) {
		case *ast.DeferStmt:
			return true
		case *ast.IfStmt:
			if cond, ok := n.Cond.(*ast.BinaryExpr); ok && cond.Op == token.NEQ && stack[i+1] == n.Body {
				if null, ok := cond.Y.(*ast.Ident); ok && null.Name == "nil" {
					if id, ok := cond.X.(*ast.Ident); ok && len(id.Name) >= 3 && (id.Name[:3] == "err" || id.Name[len(id.Name)-3:] == "Err") {
						return true
					}
				}
			}
		case *ast.FuncDecl:
			return false
		}
	}
	return false
}

// marks are comments that say nothing about why.
var marks = regexp.MustCompile(`(?i)^/[/*]\s*(todo|fixme|nolint|nosec|#nosec|lint:|errcheck)`)

// commented gives the lines of all files that have a comment.
func commented(pass *analysis.Pass) map[int]bool {
	out := map[int]bool{}
	for _, f := range pass.Files {
		for _, group := range f.Comments {
			for _, c := range group.List {
				if !marks.MatchString(c.Text) {
					out[line(pass, c.End())] = true
				}
			}
		}
	}
	return out
}

// line numbers the lines of all files of the pass without overlaps.
func line(pass *analysis.Pass, pos token.Pos) int {
	f := pass.Fset.File(pos)
	return f.Base() + f.PositionFor(pos, false).Line
}
