// Package nonce finds nonces and initialisation vectors that are the same for every message.
//
//	var iv = []byte("1234567890123456")
//
//	func seal(block cipher.Block, text []byte) {
//		cipher.NewCTR(block, iv).XORKeyStream(text, text)   // each message with the same key stream
//	}
//
// A value counts as fixed when all that it can come from is written in the code: bytes of a literal, of a variable that nothing else is put into, of
// a function that returns such bytes, or make without anybody who fills it. Whoever is handed the bytes and is not known may have filled them. A
// parameter is followed to the calls in the same package that pass such a value, and those are reported.
//
// Decryption uses the nonce that encryption chose, and is not looked at.
package nonce

import (
	"go/ast"
	"go/constant"
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
	Name:             "nonce",
	Doc:              "finds nonces that are the same for every message",
	Requires:         []*analysis.Analyzer{inspect.Analyzer},
	RunDespiteErrors: true,
	Run:              run,
}

// maxDepth bounds how far a value is followed, from variable to variable and from function to caller.
const maxDepth = 6

const advice = "the same for every message: two of them give away what they hold, and with GCM allow forgeries. Fill it from crypto/rand for each message"

func run(pass *analysis.Pass) (any, error) {
	in := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector)
	var f *finder
	for c := range in.Root().Preorder((*ast.CallExpr)(nil)) {
		nonce := argument(pass.TypesInfo, c.Node().(*ast.CallExpr))
		if nonce == nil {
			continue
		}
		if f == nil {
			f = newFinder(pass, in)
		}
		for _, at := range f.origins(nonce, 0) {
			if !f.said[at] {
				f.said[at] = true
				pass.ReportRangef(at, "this nonce is %s", advice)
			}
		}
	}
	return nil, nil
}

// argument gives the nonce of a call that encrypts.
func argument(info *types.Info, call *ast.CallExpr) ast.Expr {
	switch f := typeutil.Callee(info, call).(type) {
	case *types.Func:
		switch f.FullName() {
		case "crypto/cipher.NewCBCEncrypter", "crypto/cipher.NewCFBEncrypter", "crypto/cipher.NewCTR", "crypto/cipher.NewOFB":
			if len(call.Args) == 2 {
				return call.Args[1]
			}
		case "(crypto/cipher.AEAD).Seal":
			if len(call.Args) == 4 {
				return call.Args[1]
			}
		}
	case *types.Var: // one of the constructors, chosen before
		if s, ok := f.Type().Underlying().(*types.Signature); ok && len(call.Args) == 2 && types.TypeString(s, nil) == "func(crypto/cipher.Block, []byte) crypto/cipher.Stream" {
			return call.Args[1]
		}
	case nil: // of another module, such as chacha20poly1305.New
		if sel, ok := call.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "Seal" && len(call.Args) == 4 {
			return call.Args[1]
		}
	}
	return nil
}

// A finder knows where the variables of a package are used.
type finder struct {
	info   *types.Info
	in     *inspector.Inspector
	uses   map[types.Object][]inspector.Cursor
	bodies map[types.Object]*ast.FuncDecl
	seen   map[types.Object]bool // on the way, so that no circle is followed
	said   map[ast.Expr]bool
}

func newFinder(pass *analysis.Pass, in *inspector.Inspector) *finder {
	f := &finder{
		info: pass.TypesInfo, in: in, uses: map[types.Object][]inspector.Cursor{}, bodies: map[types.Object]*ast.FuncDecl{},
		seen: map[types.Object]bool{}, said: map[ast.Expr]bool{},
	}
	for c := range in.Root().Preorder((*ast.Ident)(nil), (*ast.FuncDecl)(nil)) {
		switch n := c.Node().(type) {
		case *ast.Ident:
			if o := pass.TypesInfo.ObjectOf(n); o != nil {
				f.uses[o] = append(f.uses[o], c)
			}
		case *ast.FuncDecl:
			if o := pass.TypesInfo.Defs[n.Name]; o != nil && n.Body != nil {
				f.bodies[o] = n
			}
		}
	}
	return f
}

// origins gives the expressions that make a nonce the same for every message: itself, or what callers pass for it.
func (f *finder) origins(e ast.Expr, deep int) []ast.Expr {
	if deep > maxDepth {
		return nil
	}
	param, fn := f.parameter(f.text(e))
	if param == nil {
		if f.fixed(e, deep) {
			return []ast.Expr{e}
		}
		return nil
	}
	if f.changed(param, deep) || f.assigned(param) {
		return nil
	}
	var out []ast.Expr
	for _, use := range f.uses[fn] {
		call, ok := f.called(use)
		if !ok {
			continue
		}
		if i := index(fn, param); i >= 0 && i < len(call.Args) {
			out = append(out, f.origins(call.Args[i], deep+1)...)
		}
	}
	return out
}

// called gives the call whose function an identifier names.
func (f *finder) called(use inspector.Cursor) (*ast.CallExpr, bool) {
	fun := ast.Expr(use.Node().(*ast.Ident))
	up := use.Parent()
	if sel, ok := up.Node().(*ast.SelectorExpr); ok && sel.Sel == fun {
		fun, up = sel, up.Parent()
	}
	call, ok := up.Node().(*ast.CallExpr)
	return call, ok && call.Fun == fun
}

// parameter tells whether an expression is a parameter of a function declaration, and of which.
func (f *finder) parameter(e ast.Expr) (*types.Var, *types.Func) {
	id, ok := e.(*ast.Ident)
	if !ok {
		return nil, nil
	}
	v, ok := f.info.ObjectOf(id).(*types.Var)
	if !ok {
		return nil, nil
	}
	for o, decl := range f.bodies {
		if decl.Type.Params.Pos() <= v.Pos() && v.Pos() < decl.Type.Params.End() {
			fn, _ := o.(*types.Func)
			return v, fn
		}
	}
	return nil, nil
}

func index(fn *types.Func, param *types.Var) int {
	params := fn.Signature().Params()
	for i := range params.Len() {
		if params.At(i) == param {
			return i
		}
	}
	return -1
}

// text is what bytes are made of by conversions: []byte(s).
func (f *finder) text(e ast.Expr) ast.Expr {
	for {
		e = base(e)
		call, ok := e.(*ast.CallExpr)
		if !ok || len(call.Args) != 1 || !f.info.Types[call.Fun].IsType() {
			return e
		}
		e = call.Args[0]
	}
}

// base is what a slice is taken of.
func base(e ast.Expr) ast.Expr {
	for {
		switch x := e.(type) {
		case *ast.ParenExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		default:
			return e
		}
	}
}

// fixed tells a value of which every byte is known from the code.
func (f *finder) fixed(e ast.Expr, deep int) bool {
	if deep > maxDepth {
		return false
	}
	e = base(e)
	if f.info.Types[e].Value != nil {
		return true
	}
	switch e := e.(type) {
	case *ast.CompositeLit:
		return f.literal(e)
	case *ast.CallExpr:
		return f.result(e, deep+1)
	case *ast.Ident:
		v, ok := f.info.ObjectOf(e).(*types.Var)
		if !ok || v.IsField() || f.seen[v] {
			return false
		}
		f.seen[v] = true
		defer delete(f.seen, v)
		return f.variable(v, deep+1)
	}
	return false
}

func (f *finder) literal(e *ast.CompositeLit) bool {
	for _, el := range e.Elts {
		if kv, ok := el.(*ast.KeyValueExpr); ok {
			el = kv.Value
		}
		if f.info.Types[el].Value == nil {
			return false
		}
	}
	return true
}

// result tells a call that gives fixed bytes.
func (f *finder) result(call *ast.CallExpr, deep int) bool {
	if f.info.Types[call.Fun].IsType() {
		return len(call.Args) == 1 && f.fixed(call.Args[0], deep)
	}
	var body *ast.BlockStmt
	switch fun := ast.Unparen(call.Fun).(type) {
	case *ast.FuncLit:
		body = fun.Body
	default:
		switch callee := typeutil.Callee(f.info, call).(type) {
		case *types.Builtin:
			return callee.Name() == "make" && len(call.Args) > 1
		case *types.Func:
			if decl := f.bodies[callee]; decl != nil {
				body = decl.Body
			}
		}
	}
	if body == nil {
		return false
	}
	returns := 0
	all := true
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt:
			returns++
			all = all && len(n.Results) == 1 && f.given(n.Results[0], deep)
		}
		return all
	})
	return all && returns > 0
}

// given is fixed for what a function returns: its own parameters are not followed to all of their callers.
func (f *finder) given(e ast.Expr, deep int) bool {
	if param, _ := f.parameter(f.text(e)); param != nil {
		return false
	}
	return f.fixed(e, deep)
}

// variable tells a variable whose value is fixed wherever it is set, and that nobody fills.
func (f *finder) variable(v *types.Var, deep int) bool {
	global := v.Parent() != nil && v.Pkg() != nil && v.Parent() == v.Pkg().Scope()
	set := 0
	for _, use := range f.uses[v] {
		value, sets := assignedTo(use)
		if !sets {
			continue
		}
		if value == nil || !f.given(value, deep) {
			return false
		}
		if global && !f.says(value) {
			return false // another file of the package may fill it
		}
		set++
	}
	if set == 0 {
		_, array := v.Type().Underlying().(*types.Array)
		if !array || global {
			return false
		}
	}
	return !f.changed(v, deep)
}

// says tells a value that has bytes in it, not only room for them.
func (f *finder) says(e ast.Expr) bool {
	if call, ok := e.(*ast.CallExpr); ok && f.info.Types[call.Fun].IsType() && len(call.Args) == 1 {
		v := f.info.Types[call.Args[0]].Value
		return v != nil && v.Kind() == constant.String && constant.StringVal(v) != ""
	}
	lit, ok := e.(*ast.CompositeLit)
	return ok && len(lit.Elts) > 0
}

// assigned tells a variable that is set anywhere.
func (f *finder) assigned(v *types.Var) bool {
	for _, use := range f.uses[v] {
		if _, sets := assignedTo(use); sets {
			return true
		}
	}
	return false
}

// assignedTo gives what an identifier is set to where it stands; nil if that is one of several results, or not told.
func assignedTo(use inspector.Cursor) (value ast.Expr, sets bool) {
	id := use.Node().(*ast.Ident)
	switch s := use.Parent().Node().(type) {
	case *ast.AssignStmt:
		for i, l := range s.Lhs {
			if l != id {
				continue
			}
			if len(s.Lhs) == len(s.Rhs) && (s.Tok == token.ASSIGN || s.Tok == token.DEFINE) {
				return s.Rhs[i], true
			}
			return nil, true
		}
	case *ast.ValueSpec:
		for i, name := range s.Names {
			if name != id || len(s.Values) == 0 {
				continue
			}
			if len(s.Names) == len(s.Values) {
				return s.Values[i], true
			}
			return nil, true
		}
	case *ast.RangeStmt:
		return nil, s.Key == id || s.Value == id
	}
	return nil, false
}

// changed tells whether anything but constants may be put into the bytes of a variable.
func (f *finder) changed(v *types.Var, deep int) bool {
	if deep > maxDepth {
		return true
	}
	if basic, ok := v.Type().Underlying().(*types.Basic); ok && basic.Info()&types.IsString != 0 {
		return false
	}
	for _, use := range f.uses[v] {
		if f.fills(use, deep) {
			return true
		}
	}
	return false
}

// fills tells whether one use of bytes may change them.
func (f *finder) fills(use inspector.Cursor, deep int) bool {
	at := use
	for {
		up := at.Parent()
		if s, ok := up.Node().(*ast.SliceExpr); ok && s.X == at.Node() {
			at = up
			continue
		}
		if _, ok := up.Node().(*ast.ParenExpr); ok {
			at = up
			continue
		}
		break
	}
	up := at.Parent()
	switch n := up.Node().(type) {
	case *ast.IndexExpr:
		if n.X != at.Node() {
			return false
		}
		switch s := up.Parent().Node().(type) {
		case *ast.AssignStmt:
			for i, l := range s.Lhs {
				if l == ast.Expr(n) {
					return len(s.Lhs) != len(s.Rhs) || s.Tok != token.ASSIGN || f.info.Types[s.Rhs[i]].Value == nil
				}
			}
		case *ast.IncDecStmt:
			return true
		case *ast.UnaryExpr:
			return s.Op == token.AND
		}
		return false
	case *ast.CallExpr:
		return f.filledBy(n, at.Node().(ast.Expr), deep)
	case *ast.AssignStmt:
		for i, r := range n.Rhs {
			if r != at.Node() {
				continue
			}
			id, ok := n.Lhs[min(i, len(n.Lhs)-1)].(*ast.Ident)
			if !ok {
				return true // kept where others reach it
			}
			alias, ok := f.info.ObjectOf(id).(*types.Var)
			return id.Name != "_" && (!ok || f.changed(alias, deep+1))
		}
		return false
	case *ast.ValueSpec:
		for i, r := range n.Values {
			if r == at.Node() {
				alias, ok := f.info.ObjectOf(n.Names[min(i, len(n.Names)-1)]).(*types.Var)
				return !ok || f.changed(alias, deep+1)
			}
		}
		return false
	case *ast.UnaryExpr:
		return n.Op == token.AND
	case *ast.SelectorExpr, *ast.CompositeLit, *ast.KeyValueExpr, *ast.SendStmt:
		return true
	}
	return false
}

// reads are packages whose functions only read the bytes that they are given.
var reads = map[string]bool{"bytes": true, "crypto/aes": true, "crypto/cipher": true, "crypto/des": true, "crypto/hmac": true, "crypto/subtle": true, "encoding/base64": true, "encoding/hex": true, "fmt": true, "log": true, "slices": true}

// filledBy tells whether a call may change the bytes that it is given.
func (f *finder) filledBy(call *ast.CallExpr, arg ast.Expr, deep int) bool {
	if f.info.Types[call.Fun].IsType() {
		return false
	}
	place := -1
	for i, a := range call.Args {
		if a == arg {
			place = i
		}
	}
	if place < 0 {
		return false
	}
	if argument(f.info, call) == arg {
		return false
	}
	switch callee := typeutil.Callee(f.info, call).(type) {
	case *types.Builtin:
		return callee.Name() == "copy" && place == 0 && !f.given(call.Args[1], deep+1)
	case *types.Func:
		if decl := f.bodies[callee]; decl != nil {
			params := callee.Signature().Params()
			return place >= params.Len() || f.changed(params.At(place), deep+1)
		}
		if callee.Pkg() != nil && reads[callee.Pkg().Path()] {
			return strings.HasPrefix(callee.Name(), "Read") || strings.HasPrefix(callee.Name(), "Decode") || callee.Pkg().Path() == "fmt" && strings.Contains(callee.Name(), "can")
		}
	}
	return true
}
