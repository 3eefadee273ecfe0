// Package answered finds records that are sent to a client, or printed, together with their secrets.
//
//	type User struct {
//		Name         string
//		PasswordHash string
//	}
//	json.NewEncoder(w).Encode(user)   // w is the http.ResponseWriter: the client gets the hash
//
//	func (c Config) String() string {
//		text, _ := json.Marshal(c)      // whatever logs c logs its password
//		return string(text)
//	}
//
// A field counts by its name (Password, PasswordHash, PrivateKey and the like), unless its tag keeps it out or the type encodes itself.
package answered

import (
	"go/ast"
	"go/types"
	"reflect"
	"regexp"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"
)

// Analyzer is the analyzer.
var Analyzer = &analysis.Analyzer{
	Name:             "answered",
	Doc:              "finds records that are sent to a client together with their secrets",
	Requires:         []*analysis.Analyzer{inspect.Analyzer},
	RunDespiteErrors: true,
	Run:              run,
}

// secret are names of fields that no client should be told. Tokens are not among them: an answer that gives one is how a client gets it.
var secret = regexp.MustCompile(`^(Hashed|Encrypted)?(Password|Passwd|Passphrase)(Hash|Salt|Digest)?$|^(PrivateKey|TOTPSecret|OTPSecret|MFASecret|SSN|CVV|CardNumber)$`)

func run(pass *analysis.Pass) (any, error) {
	in := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector)
	for c := range in.Root().Preorder((*ast.CallExpr)(nil)) {
		call := c.Node().(*ast.CallExpr)
		told := "this answer contains %s.%s. Tag the field `json:\"-\"`, or answer with a type that has only what the client may see"
		value := answer(pass.TypesInfo, call)
		if value == nil {
			told = "this prints %s.%s, and it stays in logs and on screens. Tag the field `json:\"-\"`, or print a type without it"
			value = printed(pass.TypesInfo, c, call)
		}
		if value == nil {
			continue
		}
		t := pass.TypesInfo.TypeOf(value)
		if t == nil {
			continue
		}
		if owner, field := holds(t, 0); field != "" {
			pass.ReportRangef(call, told, owner, field)
		}
	}
	return nil, nil
}

// printed gives what a call encodes for people to read: json.NewEncoder(os.Stdout).Encode(x), or the receiver in its own String method.
func printed(info *types.Info, c inspector.Cursor, call *ast.CallExpr) ast.Expr {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	switch sel.Sel.Name {
	case "Encode":
		value, into, as := encoded(info, call)
		out, ok := into.(*ast.SelectorExpr)
		if !ok || !formats.MatchString(as) {
			return nil
		}
		if v, ok := info.Uses[out.Sel].(*types.Var); ok && v.Pkg() != nil && v.Pkg().Path() == "os" && (v.Name() == "Stdout" || v.Name() == "Stderr") {
			return value
		}
	case "Marshal", "MarshalIndent":
		f := typeutil.StaticCallee(info, call)
		if f == nil || f.Pkg().Path() != "encoding/json" || len(call.Args) == 0 {
			return nil
		}
		for up := range c.Enclosing((*ast.FuncDecl)(nil)) {
			decl := up.Node().(*ast.FuncDecl)
			if decl.Recv == nil || decl.Name.Name != "String" && decl.Name.Name != "GoString" || len(decl.Recv.List) == 0 || len(decl.Recv.List[0].Names) == 0 {
				return nil
			}
			if id, ok := ast.Unparen(call.Args[0]).(*ast.Ident); ok && info.Uses[id] == info.Defs[decl.Recv.List[0].Names[0]] {
				return id
			}
		}
	}
	return nil
}

// answer gives what a call sends to the client: json.NewEncoder(w).Encode(x), c.JSON(200, x) of gin and echo.
func answer(info *types.Info, call *ast.CallExpr) ast.Expr {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	switch sel.Sel.Name {
	case "Encode":
		value, into, as := encoded(info, call)
		if as != "encoding/json" {
			return nil
		}
		if t := info.TypeOf(into); t == nil || types.TypeString(t, nil) != "net/http.ResponseWriter" {
			return nil
		}
		return value
	case "JSON", "IndentedJSON":
		if len(call.Args) < 2 {
			return nil
		}
		if t, ok := info.TypeOf(call.Args[0]).(*types.Basic); !ok || t.Info()&types.IsInteger == 0 {
			return nil
		}
		return call.Args[1]
	}
	return nil
}

// encoded takes json.NewEncoder(into).Encode(value) apart, and says of which package it is; "" for another call. What it imports need not be known.
func encoded(info *types.Info, call *ast.CallExpr) (value, into ast.Expr, as string) {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return nil, nil, ""
	}
	maker, ok := sel.X.(*ast.CallExpr)
	if !ok || len(call.Args) != 1 || len(maker.Args) != 1 {
		return nil, nil, ""
	}
	made, ok := maker.Fun.(*ast.SelectorExpr)
	if !ok || made.Sel.Name != "NewEncoder" {
		return nil, nil, ""
	}
	name, ok := made.X.(*ast.Ident)
	if !ok {
		return nil, nil, ""
	}
	pkg, ok := info.Uses[name].(*types.PkgName)
	if !ok {
		return nil, nil, ""
	}
	return call.Args[0], maker.Args[0], pkg.Imported().Path()
}

// formats tells the packages that write a record as text, by their paths.
var formats = regexp.MustCompile(`^encoding/(json|xml)$|(^|/)(go-)?(json|toml|yaml)(\.?v\d+)?(/v\d+)?$`)

// holds finds a secret field that is encoded with a type, and the type that has it.
func holds(t types.Type, deep int) (owner, field string) {
	if deep > 4 || encodes(t) {
		return "", ""
	}
	switch u := types.Unalias(t).Underlying().(type) {
	case *types.Pointer:
		return holds(u.Elem(), deep+1)
	case *types.Slice:
		return holds(u.Elem(), deep+1)
	case *types.Array:
		return holds(u.Elem(), deep+1)
	case *types.Map:
		return holds(u.Elem(), deep+1)
	case *types.Struct:
		for i := range u.NumFields() {
			f := u.Field(i)
			if !f.Exported() || kept(u.Tag(i)) {
				continue
			}
			if text(f.Type()) && secret.MatchString(f.Name()) && !strings.Contains(u.Tag(i), "masked") {
				if n, ok := types.Unalias(t).(*types.Named); ok {
					return n.Obj().Name(), f.Name()
				}
				return "the value", f.Name()
			}
			if owner, field := holds(f.Type(), deep+1); field != "" {
				return owner, field
			}
		}
	}
	return "", ""
}

// kept tells a tag that keeps a field out of one of the formats.
func kept(tag string) bool {
	for _, format := range []string{"json", "yaml", "toml", "xml"} {
		if reflect.StructTag(tag).Get(format) == "-" {
			return true
		}
	}
	return false
}

// text tells a string, or bytes.
func text(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Kind() == types.String
	case *types.Slice:
		basic, ok := u.Elem().Underlying().(*types.Basic)
		return ok && basic.Kind() == types.Byte
	}
	return false
}

// encodes tells a type that decides itself what is sent.
func encodes(t types.Type) bool {
	for _, name := range []string{"MarshalJSON", "MarshalText"} {
		if o, _, _ := types.LookupFieldOrMethod(t, true, nil, name); o != nil {
			if _, ok := o.(*types.Func); ok {
				return true
			}
		}
	}
	return false
}
