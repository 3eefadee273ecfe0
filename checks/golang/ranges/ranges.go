// Package ranges follows the values of local integer variables and the lengths of slices, and finds what cannot be right.
//
//	if v < -129 || v > 255 {      // lets -129 through, and 255 is no int8
//		return 0
//	}
//	return int8(v)
//
//	for i := 0; i <= len(s); i++ {
//		s[i] = i                  // the last round is one too far
//	}
//
// Conversion reports conversions to a smaller integer type whose operand was compared with a bound, and the bound lets values through that do not
// fit; and values that strconv read with more bits. A conversion of a value of which nothing is known is not reported: there are too many that are
// right. Nor is one far beyond the end of the type, as in code that takes a number apart byte by byte. Bounds reports an index or slice
// expression beyond the length that the code itself gave the slice.
//
// One function is followed at a time, statement by statement. What is assigned in a closure, or whose address is taken, is not followed. Bit
// operations are taken to be meant.
package ranges

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"math/big"
	"reflect"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"
)

// Conversion finds conversions whose bounds are wrong.
var Conversion = &analysis.Analyzer{
	Name: "conversion", Doc: "finds integer conversions that lose a part of the value", Requires: []*analysis.Analyzer{walk}, RunDespiteErrors: true,
	Run: func(pass *analysis.Pass) (any, error) { return nil, tell(pass, true) },
}

// Bounds finds indexes that are out of range.
var Bounds = &analysis.Analyzer{
	Name: "bounds", Doc: "finds indexes that are out of range", Requires: []*analysis.Analyzer{walk}, RunDespiteErrors: true,
	Run: func(pass *analysis.Pass) (any, error) { return nil, tell(pass, false) },
}

// walk follows the values once, for both.
var walk = &analysis.Analyzer{
	Name: "ranges", Doc: "follows the values of local variables", Requires: []*analysis.Analyzer{inspect.Analyzer}, RunDespiteErrors: true,
	ResultType: reflect.TypeFor[[]diagnostic](),
	Run:        run,
}

type diagnostic struct {
	analysis.Diagnostic
	conversion bool
}

func tell(pass *analysis.Pass, conversions bool) error {
	for _, d := range pass.ResultOf[walk].([]diagnostic) {
		if d.conversion == conversions {
			pass.Report(d.Diagnostic)
		}
	}
	return nil
}

func run(pass *analysis.Pass) (any, error) {
	in := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector)
	var found []diagnostic
	for n := range in.PreorderSeq((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		var body *ast.BlockStmt
		switch f := n.(type) {
		case *ast.FuncDecl:
			body = f.Body
		case *ast.FuncLit:
			body = f.Body
		}
		if body == nil {
			continue
		}
		w := &walker{pass: pass, info: pass.TypesInfo, wild: wild(pass.TypesInfo, body), compared: map[*ast.CallExpr]bool{}}
		w.block(body.List, env{})
		found = append(found, w.found...)
	}
	return found, nil
}

// A span is the values that an integer may have. low and high tell ends that the code states (a constant, a comparison): only those are reported.
type span struct {
	lo, hi    *big.Int
	low, high bool
	every     bool   // each value in between occurs
	parsed    string // the call of strconv that read it
}

// env holds what is known at one point: of integer variables their values, of slices and arrays their length and capacity. nil: nobody comes here.
type env map[types.Object]known

type known struct {
	value    span
	len, cap span
	slice    bool
}

func (e env) clone() env {
	if e == nil {
		return nil
	}
	out := make(env, len(e))
	for k, v := range e {
		out[k] = v
	}
	return out
}

// merge keeps what holds on both ways.
func merge(a, b env) env {
	if a == nil {
		return b
	}
	if b == nil {
		return a
	}
	out := env{}
	for k, v := range a {
		if o, ok := b[k]; ok && o.slice == v.slice {
			out[k] = known{value: join(v.value, o.value), len: join(v.len, o.len), cap: join(v.cap, o.cap), slice: v.slice}
		}
	}
	return out
}

func join(a, b span) span {
	if a.lo == nil || b.lo == nil {
		return span{}
	}
	out := span{lo: a.lo, hi: a.hi, low: a.low && b.low, high: a.high && b.high}
	if b.lo.Cmp(a.lo) < 0 {
		out.lo = b.lo
	}
	if b.hi.Cmp(a.hi) > 0 {
		out.hi = b.hi
	}
	if a.parsed == b.parsed {
		out.parsed = a.parsed
	}
	return out
}

type walker struct {
	pass  *analysis.Pass
	info  *types.Info
	found []diagnostic
	wild  map[types.Object]bool // not followed
	loops int                   // how deep in loops that may end early, or in branches of loops

	compared map[*ast.CallExpr]bool // conversions of a comparison
}

// wild lists the variables of a body that others may change: assigned in a closure, or whose address is taken.
func wild(info *types.Info, body *ast.BlockStmt) map[types.Object]bool {
	out := map[types.Object]bool{}
	mark := func(e ast.Expr) {
		if id, ok := ast.Unparen(e).(*ast.Ident); ok {
			if o := info.ObjectOf(id); o != nil {
				out[o] = true
			}
		}
	}
	var visit func(n ast.Node, closure bool)
	visit = func(n ast.Node, closure bool) {
		ast.Inspect(n, func(c ast.Node) bool {
			switch c := c.(type) {
			case *ast.FuncLit:
				if !closure {
					visit(c.Body, true)
					return false
				}
			case *ast.UnaryExpr:
				if c.Op == token.AND {
					mark(c.X)
				}
			case *ast.SelectorExpr:
				// A method with a pointer receiver takes the address.
				if s := info.Selections[c]; s != nil && s.Kind() == types.MethodVal {
					mark(c.X)
				}
			case *ast.AssignStmt:
				if closure {
					for _, l := range c.Lhs {
						mark(l)
					}
				}
			case *ast.IncDecStmt:
				if closure {
					mark(c.X)
				}
			case *ast.BranchStmt:
				if c.Tok == token.GOTO {
					out[nil] = true
				}
			}
			return true
		})
	}
	visit(body, false)
	return out
}

func number(n int64) *big.Int { return big.NewInt(n) }

// exactly is a span of one value that the code states.
func exactly(n *big.Int) span { return span{lo: n, hi: n, low: true, high: true, every: true} }

// typeSpan gives the values of an integer type.
func typeSpan(t types.Type) (span, bool) {
	basic, ok := t.Underlying().(*types.Basic)
	if !ok || basic.Info()&types.IsInteger == 0 {
		return span{}, false
	}
	bits, signed := uint(64), basic.Info()&types.IsUnsigned == 0
	switch basic.Kind() {
	case types.Int8, types.Uint8:
		bits = 8
	case types.Int16, types.Uint16:
		bits = 16
	case types.Int32, types.Uint32:
		bits = 32
	case types.Int, types.Int64, types.Uint, types.Uint64, types.Uintptr:
	default:
		return span{}, false
	}
	if signed {
		end := new(big.Int).Lsh(number(1), bits-1)
		return span{lo: new(big.Int).Neg(end), hi: new(big.Int).Sub(end, number(1))}, true
	}
	return span{lo: number(0), hi: new(big.Int).Sub(new(big.Int).Lsh(number(1), bits), number(1))}, true
}

// maxLen is more than any slice has.
var maxLen = new(big.Int).Lsh(number(1), 62)

// value gives what is known of an integer expression; lo is nil where nothing is.
func (w *walker) value(e ast.Expr, at env) span {
	tv, ok := w.info.Types[e]
	if !ok || tv.Type == nil {
		if id, isID := e.(*ast.Ident); !isID || w.info.ObjectOf(id) == nil {
			return span{}
		}
	}
	if tv.Value != nil {
		if v := constant.ToInt(tv.Value); v.Kind() == constant.Int {
			if n, ok := new(big.Int).SetString(v.ExactString(), 10); ok {
				return exactly(n)
			}
		}
		return span{}
	}
	t := w.info.TypeOf(e)
	if t == nil {
		return span{}
	}
	whole, ok := typeSpan(t)
	if !ok {
		return span{}
	}
	s := whole
	switch e := e.(type) {
	case *ast.ParenExpr:
		return w.value(e.X, at)
	case *ast.Ident:
		if k, ok := at[w.info.ObjectOf(e)]; ok && !k.slice && k.value.lo != nil {
			s = k.value
		}
	case *ast.UnaryExpr:
		if x := w.value(e.X, at); x.lo != nil && e.Op == token.SUB {
			s = span{lo: new(big.Int).Neg(x.hi), hi: new(big.Int).Neg(x.lo), low: x.high, high: x.low, every: x.every}
		}
	case *ast.BinaryExpr:
		s = arithmetic(e.Op, w.value(e.X, at), w.value(e.Y, at))
	case *ast.CallExpr:
		s = w.call(e, at)
	}
	if s.lo == nil || s.lo.Cmp(whole.lo) < 0 || s.hi.Cmp(whole.hi) > 0 {
		return whole // nothing is known, or it wraps
	}
	return s
}

func (w *walker) call(e *ast.CallExpr, at env) span {
	if len(e.Args) != 1 {
		return span{}
	}
	if tv := w.info.Types[e.Fun]; tv.IsType() { // a conversion that loses nothing
		x := w.value(e.Args[0], at)
		if to, ok := typeSpan(tv.Type); ok && x.lo != nil && x.lo.Cmp(to.lo) >= 0 && x.hi.Cmp(to.hi) <= 0 {
			return x
		}
		return span{}
	}
	if id, ok := e.Fun.(*ast.Ident); ok && (id.Name == "len" || id.Name == "cap") {
		if _, builtin := w.info.Uses[id].(*types.Builtin); builtin {
			if k, ok := w.slice(e.Args[0], at); ok {
				if id.Name == "cap" {
					return k.cap
				}
				return k.len
			}
			return span{lo: number(0), hi: maxLen}
		}
	}
	return span{}
}

func arithmetic(op token.Token, x, y span) span {
	if x.lo == nil || y.lo == nil {
		return span{}
	}
	corner := func(f func(a, b *big.Int) *big.Int) span {
		var out span
		for _, a := range []*big.Int{x.lo, x.hi} {
			for _, b := range []*big.Int{y.lo, y.hi} {
				v := f(a, b)
				if out.lo == nil || v.Cmp(out.lo) < 0 {
					out.lo = v
				}
				if out.hi == nil || v.Cmp(out.hi) > 0 {
					out.hi = v
				}
			}
		}
		out.low, out.high = x.low && x.high && y.low && y.high, x.low && x.high && y.low && y.high
		return out
	}
	single := func(s span) bool { return s.lo.Cmp(s.hi) == 0 }
	switch op {
	case token.ADD:
		return span{lo: new(big.Int).Add(x.lo, y.lo), hi: new(big.Int).Add(x.hi, y.hi), low: x.low && y.low, high: x.high && y.high, every: x.every && single(y) || y.every && single(x)}
	case token.SUB:
		return span{lo: new(big.Int).Sub(x.lo, y.hi), hi: new(big.Int).Sub(x.hi, y.lo), low: x.low && y.high, high: x.high && y.low, every: x.every && single(y)}
	case token.MUL:
		return corner(func(a, b *big.Int) *big.Int { return new(big.Int).Mul(a, b) })
	case token.QUO:
		if y.lo.Sign() > 0 {
			return corner(func(a, b *big.Int) *big.Int { return new(big.Int).Quo(a, b) })
		}
	case token.REM: // meant, so that its ends are not held against it
		if y.lo.Sign() > 0 && x.lo.Sign() >= 0 {
			return span{lo: number(0), hi: new(big.Int).Sub(y.hi, number(1))}
		}
	case token.AND:
		if y.lo.Sign() >= 0 {
			return span{lo: number(0), hi: y.hi}
		}
		if x.lo.Sign() >= 0 {
			return span{lo: number(0), hi: x.hi}
		}
	case token.SHL:
		if x.lo.Sign() >= 0 && single(y) && y.lo.IsUint64() && y.lo.Uint64() < 64 {
			n := uint(y.lo.Uint64())
			return span{lo: new(big.Int).Lsh(x.lo, n), hi: new(big.Int).Lsh(x.hi, n), low: x.low, high: x.high}
		}
	case token.SHR:
		if x.lo.Sign() >= 0 && single(y) && y.lo.IsUint64() && y.lo.Uint64() < 64 {
			return span{lo: new(big.Int).Rsh(x.lo, uint(y.lo.Uint64())), hi: new(big.Int).Rsh(x.hi, uint(y.lo.Uint64()))}
		}
	default:
	}
	return span{}
}

// slice gives the length and capacity of a slice or array expression.
func (w *walker) slice(e ast.Expr, at env) (known, bool) {
	e = ast.Unparen(e)
	t := w.info.TypeOf(e)
	if t == nil {
		return known{}, false
	}
	under := t.Underlying()
	if p, ok := under.(*types.Pointer); ok {
		under = p.Elem().Underlying()
	}
	if a, ok := under.(*types.Array); ok {
		n := exactly(number(a.Len()))
		return known{len: n, cap: n, slice: true}, a.Len() >= 0
	}
	if _, ok := under.(*types.Slice); !ok {
		return known{}, false
	}
	switch e := e.(type) {
	case *ast.Ident:
		k, ok := at[w.info.ObjectOf(e)]
		return k, ok && k.slice
	case *ast.CompositeLit:
		for _, el := range e.Elts {
			if _, keyed := el.(*ast.KeyValueExpr); keyed {
				return known{}, false
			}
		}
		n := exactly(number(int64(len(e.Elts))))
		return known{len: n, cap: n, slice: true}, true
	case *ast.CallExpr:
		id, ok := e.Fun.(*ast.Ident)
		if !ok || id.Name != "make" || len(e.Args) < 2 {
			return known{}, false
		}
		if _, builtin := w.info.Uses[id].(*types.Builtin); !builtin {
			return known{}, false
		}
		n := w.value(e.Args[1], at)
		c := n
		if len(e.Args) > 2 {
			c = w.value(e.Args[2], at)
		}
		return known{len: n, cap: c, slice: true}, n.lo != nil && c.lo != nil
	case *ast.SliceExpr:
		k, ok := w.slice(e.X, at)
		if !ok {
			return known{}, false
		}
		low, high, limit := exactly(number(0)), k.len, k.cap
		if e.Low != nil {
			low = w.value(e.Low, at)
		}
		if e.High != nil {
			high = w.value(e.High, at)
		}
		if e.Max != nil {
			limit = w.value(e.Max, at)
		}
		if low.lo == nil || high.lo == nil || limit.lo == nil {
			return known{}, false
		}
		k = known{len: arithmetic(token.SUB, high, low), cap: arithmetic(token.SUB, limit, low), slice: true}
		return k, k.len.lo.Sign() >= 0
	}
	return known{}, false
}

// look reports what is wrong within an expression.
func (w *walker) look(n ast.Node, at env) {
	if n == nil || at == nil {
		return
	}
	ast.Inspect(n, func(c ast.Node) bool {
		switch c := c.(type) {
		case *ast.FuncLit:
			return false
		case *ast.BinaryExpr:
			w.rangeCheck(c)
			if c.Op == token.LAND || c.Op == token.LOR {
				w.look(c.X, at)
				w.loops++
				w.look(c.Y, w.assume(c.X, c.Op == token.LAND, at))
				w.loops--
				return false
			}
		case *ast.CallExpr:
			w.convert(c, at)
		case *ast.IndexExpr:
			w.index(c, at)
		case *ast.SliceExpr:
			w.cut(c, at)
		}
		return true
	})
}

func (w *walker) convert(c *ast.CallExpr, at env) {
	if len(c.Args) != 1 || !w.info.Types[c.Fun].IsType() {
		return
	}
	if tv := w.info.Types[c]; tv.Value != nil {
		return
	}
	to, ok := typeSpan(w.info.Types[c.Fun].Type)
	x := w.value(c.Args[0], at)
	if !ok || x.lo == nil || w.compared[c] && to.lo.Sign() == 0 {
		return
	}
	target := types.TypeString(w.info.Types[c.Fun].Type, types.RelativeTo(w.pass.Pkg))
	switch {
	case x.parsed != "":
		if wider(x, to) {
			w.report(c, true, "%s read a number that need not fit into %s: a large one becomes another number here. Read it with the size of %s, or compare it first", x.parsed, target, target)
		}
	case x.high && x.hi.Cmp(to.hi) > 0 && (meant(x, to) || x.low && x.lo.Cmp(to.lo) == 0 && to.lo.Sign() < 0):
		w.report(c, true, "the value can be %s here, and %s ends at %s: it becomes another number. Compare it with the bounds of %s first", x.hi, target, to.hi, target)
	case x.low && x.lo.Cmp(to.lo) < 0 && x.lo.Sign() < 0 && meantBelow(x, to) && (x.lo.Cmp(x.hi) == 0 || w.narrower(c.Args[0], to)):
		w.report(c, true, "the value can be %s here, and %s begins at %s: it becomes another number. Compare it with the bounds of %s first", x.lo, target, to.lo, target)
	}
}

func (w *walker) report(n ast.Node, conversion bool, format string, args ...any) {
	w.found = append(w.found, diagnostic{analysis.Diagnostic{Pos: n.Pos(), End: n.End(), Message: fmt.Sprintf(format, args...)}, conversion})
}

// wider tells a value that was read with more bits than the type has, or as one that may be negative where the type has as many and no sign.
func wider(x, to span) bool {
	bits := func(s span) int { return new(big.Int).Sub(s.hi, s.lo).BitLen() }
	return bits(x) > bits(to) || bits(x) == bits(to) && x.lo.Sign() < 0 && to.lo.Sign() == 0
}

// rangeCheck marks the conversions of a comparison: uint(n) > max says of a negative n that it is too large, which is meant.
func (w *walker) rangeCheck(c *ast.BinaryExpr) {
	switch c.Op {
	case token.LSS, token.LEQ, token.GTR, token.GEQ:
		for _, side := range []ast.Expr{c.X, c.Y} {
			if call, ok := ast.Unparen(side).(*ast.CallExpr); ok {
				w.compared[call] = true
			}
		}
	}
}

// meant tells a bound that was meant to keep the value within the type, and does not: it lies beyond the end, but not far. Who takes a number apart
// byte by byte, or reads the same bits with another sign, has compared it with something else. A value that is known is judged as it is.
func meant(x, to span) bool {
	if x.lo.Cmp(x.hi) == 0 {
		return true
	}
	far := uint(1)
	if x.low && x.high { // somebody said both ends
		far = 2
	}
	return !endsByte(x.hi) && x.hi.Cmp(new(big.Int).Lsh(to.hi, far)) <= 0
}

// narrower tells a type with fewer bits than the operand's has. With as many, code that packs bits takes a number for one without a sign.
func (w *walker) narrower(e ast.Expr, to span) bool {
	from, ok := typeSpan(w.info.TypeOf(e))
	return ok && (to.lo.Sign() < 0 || new(big.Int).Sub(from.hi, from.lo).Cmp(to.hi) > 0)
}

// meantBelow is meant for the lower end, which the value has below that of the type.
func meantBelow(x, to span) bool {
	below := new(big.Int).Neg(x.lo)
	switch {
	case x.lo.Cmp(x.hi) == 0:
		return true
	case to.lo.Sign() < 0: // and the upper end is that of the type: the comparison was for this
		return x.high && x.hi.Cmp(to.hi) == 0 || meant(span{lo: to.lo, hi: below}, span{hi: new(big.Int).Neg(to.lo)})
	}
	// -128 to 255 is a byte with or without a sign; -129 to 255 is a mistake.
	return x.high && x.hi.Cmp(to.hi) <= 0 && !endsByte(new(big.Int).Sub(below, number(1)))
}

// endsByte tells 255, 65535 and what else has all bits set.
func endsByte(n *big.Int) bool {
	return n.Sign() > 0 && new(big.Int).And(new(big.Int).Add(n, number(1)), n).Sign() == 0
}

func (w *walker) index(c *ast.IndexExpr, at env) {
	k, ok := w.slice(c.X, at)
	i := w.value(c.Index, at)
	if !ok || i.lo == nil || w.info.Types[c.Index].Value != nil && !isSlice(w.info.TypeOf(c.X)) {
		return // the compiler says it of arrays and constants
	}
	last := new(big.Int).Sub(k.len.hi, number(1))
	if w.beyond(i, last) {
		w.report(c, false, "index %s is out of range: `%s` has %s. The program ends here", shown(i), text(c.X), elements(k.len.hi))
	} else if i.hi.Sign() < 0 {
		w.report(c, false, "index %s is negative. The program ends here", i.hi)
	}
}

func (w *walker) cut(c *ast.SliceExpr, at env) {
	k, ok := w.slice(c.X, at)
	if !ok {
		return
	}
	report := func(i span, end *big.Int, what string) bool {
		if i.lo == nil || !w.beyond(i, end) {
			return false
		}
		w.report(c, false, "%s is out of range: `%s` has %s. The program ends here", shown(i), text(c.X), what)
		return true
	}
	for _, e := range []ast.Expr{c.Max, c.High} {
		if e != nil {
			if report(w.value(e, at), k.cap.hi, "a capacity of "+k.cap.hi.String()) {
				return
			}
		}
	}
	if c.Low != nil && c.High == nil {
		report(w.value(c.Low, at), k.len.hi, elements(k.len.hi))
	}
}

// beyond tells a value that is above the end always, or that gets there.
func (w *walker) beyond(i span, end *big.Int) bool {
	return i.lo.Cmp(end) > 0 || w.loops == 0 && i.every && i.hi.Cmp(end) > 0
}

func shown(i span) string { return i.hi.String() }

func elements(n *big.Int) string {
	if n.Cmp(number(1)) == 0 {
		return "1 element"
	}
	return n.String() + " elements"
}

func text(e ast.Expr) string { return types.ExprString(e) }

func isSlice(t types.Type) bool {
	if t == nil {
		return false
	}
	_, ok := t.Underlying().(*types.Slice)
	return ok
}

// assume narrows what is known by a condition that is true (or, if holds is not set, false). nil: it cannot be.
func (w *walker) assume(cond ast.Expr, holds bool, at env) env {
	if at == nil {
		return nil
	}
	switch c := ast.Unparen(cond).(type) {
	case *ast.CallExpr: // if tooLarge(n): somebody looked at it, and what for is not known here
		for _, arg := range c.Args {
			id, ok := ast.Unparen(arg).(*ast.Ident)
			if !ok {
				continue
			}
			if k, tracked := at[w.info.ObjectOf(id)]; tracked && k.value.parsed != "" {
				k.value.parsed = ""
				at = w.set(at, id, k)
			}
		}
	case *ast.UnaryExpr:
		if c.Op == token.NOT {
			return w.assume(c.X, !holds, at)
		}
	case *ast.BinaryExpr:
		op := c.Op
		switch op {
		case token.LAND, token.LOR:
			if (op == token.LAND) == holds {
				return w.assume(c.Y, holds, w.assume(c.X, holds, at))
			}
			left := w.assume(c.X, holds, at)
			right := w.assume(c.Y, holds, w.assume(c.X, !holds, at))
			return merge(left, right)
		case token.LSS, token.LEQ, token.GTR, token.GEQ, token.EQL, token.NEQ:
			if !holds {
				op = map[token.Token]token.Token{token.LSS: token.GEQ, token.LEQ: token.GTR, token.GTR: token.LEQ, token.GEQ: token.LSS, token.EQL: token.NEQ, token.NEQ: token.EQL}[op]
			}
			x, y := w.value(c.X, at), w.value(c.Y, at)
			flip := map[token.Token]token.Token{token.LSS: token.GTR, token.LEQ: token.GEQ, token.GTR: token.LSS, token.GEQ: token.LEQ, token.EQL: token.EQL, token.NEQ: token.NEQ}[op]
			at = w.narrow(c.X, op, y, at)
			return w.narrow(c.Y, flip, x, at)
		default:
		}
	}
	return at
}

// narrow uses `e op bound`.
func (w *walker) narrow(e ast.Expr, op token.Token, bound span, at env) env {
	if at == nil || bound.lo == nil {
		return at
	}
	e = ast.Unparen(e)
	now := w.value(e, at)
	if now.lo == nil {
		return at
	}
	above := func(n *big.Int, stated bool) { // the value is at least n
		if n.Cmp(now.lo) > 0 || n.Cmp(now.lo) == 0 && stated {
			now.lo, now.low, now.every = n, stated, false
		}
	}
	below := func(n *big.Int, stated bool) {
		if n.Cmp(now.hi) < 0 || n.Cmp(now.hi) == 0 && stated {
			now.hi, now.high, now.every = n, stated, false
		}
	}
	one := number(1)
	switch op {
	case token.LSS:
		below(new(big.Int).Sub(bound.hi, one), bound.high)
	case token.LEQ:
		below(bound.hi, bound.high)
	case token.GTR:
		above(new(big.Int).Add(bound.lo, one), bound.low)
	case token.GEQ:
		above(bound.lo, bound.low)
	case token.EQL:
		above(bound.lo, bound.low)
		below(bound.hi, bound.high)
	case token.NEQ:
		if bound.lo.Cmp(bound.hi) == 0 && now.lo.Cmp(now.hi) == 0 && bound.lo.Cmp(now.lo) == 0 {
			return nil
		}
		return at
	default:
		return at
	}
	if now.lo.Cmp(now.hi) > 0 {
		return nil
	}
	if now.low && now.high {
		now.parsed = "" // somebody looked at it
	}
	switch e := e.(type) {
	case *ast.Ident:
		return w.set(at, e, known{value: now})
	case *ast.BinaryExpr: // x+1 < n: x < n-1
		c := w.value(e.Y, at)
		if c.lo != nil && c.lo.Cmp(c.hi) == 0 && (e.Op == token.ADD || e.Op == token.SUB) {
			back := token.SUB
			if e.Op == token.SUB {
				back = token.ADD
			}
			return w.narrow(e.X, op, arithmetic(back, bound, c), at)
		}
	case *ast.CallExpr: // len(s) > 3: only that nobody comes here when it cannot be
		if id, ok := e.Fun.(*ast.Ident); ok && id.Name == "len" && len(e.Args) == 1 {
			if k, ok := w.slice(e.Args[0], at); ok {
				if arg, isID := ast.Unparen(e.Args[0]).(*ast.Ident); isID && isSlice(w.info.TypeOf(arg)) {
					k.len = now
					return w.set(at, arg, k)
				}
			}
		}
		if len(e.Args) == 1 && w.info.Types[e.Fun].IsType() { // int64(x) > max: x itself, where nothing is lost
			if x := w.value(e.Args[0], at); x.lo != nil {
				if to, ok := typeSpan(w.info.Types[e.Fun].Type); ok && x.lo.Cmp(to.lo) >= 0 && x.hi.Cmp(to.hi) <= 0 {
					return w.narrow(e.Args[0], op, bound, at)
				}
			}
		}
	}
	return at
}

func (w *walker) set(at env, id *ast.Ident, k known) env {
	o := w.info.ObjectOf(id)
	v, ok := o.(*types.Var)
	if !ok || v.IsField() || w.wild[o] || w.wild[nil] || v.Parent() == w.pass.Pkg.Scope() {
		return at
	}
	if _, there := at[o]; !there && len(at) >= maxVariables {
		return at
	}
	out := at.clone()
	out[o] = k
	return out
}

// maxVariables bounds what is followed at one time: each step copies it.
const maxVariables = 64

// forget drops what is known of everything that a node assigns.
func (w *walker) forget(n ast.Node, at env) env {
	if n == nil || at == nil {
		return at
	}
	out := at.clone()
	drop := func(e ast.Expr) {
		if id, ok := ast.Unparen(e).(*ast.Ident); ok {
			delete(out, w.info.ObjectOf(id))
		}
	}
	ast.Inspect(n, func(c ast.Node) bool {
		switch c := c.(type) {
		case *ast.AssignStmt:
			for _, l := range c.Lhs {
				drop(l)
			}
		case *ast.IncDecStmt:
			drop(c.X)
		case *ast.RangeStmt:
			drop2(drop, c.Key, c.Value)
		}
		return true
	})
	return out
}

func drop2(drop func(ast.Expr), list ...ast.Expr) {
	for _, e := range list {
		if e != nil {
			drop(e)
		}
	}
}

// block follows statements; nil: the end is not reached.
func (w *walker) block(list []ast.Stmt, at env) env {
	for _, s := range list {
		at = w.stmt(s, at)
	}
	return at
}

func (w *walker) stmt(s ast.Stmt, at env) env {
	if at == nil {
		return nil
	}
	switch s := s.(type) {
	case *ast.BlockStmt:
		return w.block(s.List, at)
	case *ast.LabeledStmt:
		return w.stmt(s.Stmt, w.forget(s.Stmt, at))
	case *ast.ExprStmt:
		w.look(s.X, at)
		if call, ok := ast.Unparen(s.X).(*ast.CallExpr); ok && w.final(call) {
			return nil
		}
		return at
	case *ast.AssignStmt:
		return w.assign(s, at)
	case *ast.IncDecStmt:
		w.look(s.X, at)
		if id, ok := ast.Unparen(s.X).(*ast.Ident); ok {
			op := token.ADD
			if s.Tok == token.DEC {
				op = token.SUB
			}
			if v := arithmetic(op, w.value(id, at), exactly(number(1))); v.lo != nil {
				if whole, ok := typeSpan(w.info.TypeOf(id)); ok && v.lo.Cmp(whole.lo) >= 0 && v.hi.Cmp(whole.hi) <= 0 {
					return w.set(at, id, known{value: v})
				}
			}
		}
		return w.forget(s, at)
	case *ast.DeclStmt:
		return w.declare(s, at)
	case *ast.IfStmt:
		if s.Init != nil {
			at = w.stmt(s.Init, at)
		}
		w.look(s.Cond, at)
		w.loops++
		yes := w.block(s.Body.List, w.assume(s.Cond, true, at))
		no := w.assume(s.Cond, false, at)
		if s.Else != nil {
			no = w.stmt(s.Else, no)
		}
		w.loops--
		return merge(yes, no)
	case *ast.ForStmt:
		return w.loop(s, at)
	case *ast.RangeStmt:
		return w.ranging(s, at)
	case *ast.ReturnStmt:
		for _, r := range s.Results {
			w.look(r, at)
		}
		return nil
	case *ast.BranchStmt:
		if s.Tok == token.FALLTHROUGH {
			return at
		}
		return nil
	case *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt:
		return w.branches(s, at)
	case *ast.SendStmt:
		w.look(s, at)
	case *ast.GoStmt:
		w.look(s.Call, at)
	case *ast.DeferStmt:
		w.look(s.Call, at)
	}
	return at
}

func (w *walker) assign(s *ast.AssignStmt, at env) env {
	for _, e := range s.Rhs {
		w.look(e, at)
	}
	for _, e := range s.Lhs {
		w.look(e, at)
	}
	out := w.forget(s, at)
	if len(s.Lhs) == 2 && len(s.Rhs) == 1 {
		return w.parse(s, out)
	}
	if len(s.Lhs) != len(s.Rhs) {
		return out
	}
	for i, l := range s.Lhs {
		id, ok := ast.Unparen(l).(*ast.Ident)
		if !ok {
			continue
		}
		if s.Tok == token.ASSIGN || s.Tok == token.DEFINE {
			out = w.become(id, s.Rhs[i], at, out)
			continue
		}
		op := map[token.Token]token.Token{token.ADD_ASSIGN: token.ADD, token.SUB_ASSIGN: token.SUB, token.MUL_ASSIGN: token.MUL, token.QUO_ASSIGN: token.QUO}[s.Tok]
		if v := arithmetic(op, w.value(id, at), w.value(s.Rhs[i], at)); v.lo != nil {
			if whole, ok := typeSpan(w.info.TypeOf(id)); ok && v.lo.Cmp(whole.lo) >= 0 && v.hi.Cmp(whole.hi) <= 0 {
				out = w.set(out, id, known{value: v})
			}
		}
	}
	return out
}

// become sets a variable to the value of an expression, as it was before.
func (w *walker) become(id *ast.Ident, e ast.Expr, before, out env) env {
	if k, ok := w.slice(e, before); ok && isSlice(w.info.TypeOf(id)) {
		return w.set(out, id, k)
	}
	if v := w.value(e, before); v.lo != nil && w.info.TypeOf(id) != nil {
		if _, ok := typeSpan(w.info.TypeOf(id)); ok {
			return w.set(out, id, known{value: v})
		}
	}
	return out
}

// parse knows what strconv gives: n, err := strconv.Atoi(s).
func (w *walker) parse(s *ast.AssignStmt, at env) env {
	call, ok := ast.Unparen(s.Rhs[0]).(*ast.CallExpr)
	id, isID := s.Lhs[0].(*ast.Ident)
	if !ok || !isID || id.Name == "_" {
		return at
	}
	callee := typeutil.StaticCallee(w.info, call)
	if callee == nil {
		return at
	}
	bits := int64(64)
	signed := true
	switch callee.FullName() {
	case "strconv.Atoi":
	case "strconv.ParseUint":
		signed = false
		fallthrough
	case "strconv.ParseInt":
		if len(call.Args) == 3 {
			if b := w.value(call.Args[2], at); b.lo != nil && b.lo.Cmp(b.hi) == 0 && b.lo.Sign() > 0 && b.lo.IsInt64() && b.lo.Int64() < 64 {
				bits = b.lo.Int64()
			}
		}
	default:
		return at
	}
	v := span{parsed: "`" + callee.FullName() + "`"}
	if signed {
		end := new(big.Int).Lsh(number(1), uint(bits-1))
		v.lo, v.hi = new(big.Int).Neg(end), new(big.Int).Sub(end, number(1))
	} else {
		v.lo, v.hi = number(0), new(big.Int).Sub(new(big.Int).Lsh(number(1), uint(bits)), number(1))
	}
	return w.set(at, id, known{value: v})
}

func (w *walker) declare(s *ast.DeclStmt, at env) env {
	decl, ok := s.Decl.(*ast.GenDecl)
	if !ok || decl.Tok != token.VAR {
		return at
	}
	for _, spec := range decl.Specs {
		v, ok := spec.(*ast.ValueSpec)
		if !ok {
			continue
		}
		for _, e := range v.Values {
			w.look(e, at)
		}
		for i, id := range v.Names {
			switch {
			case len(v.Values) == len(v.Names):
				at = w.become(id, v.Values[i], at, at)
			case len(v.Values) == 0 && isSlice(w.info.TypeOf(id)):
				none := exactly(number(0))
				at = w.set(at, id, known{len: none, cap: none, slice: true})
			case len(v.Values) == 0 && w.info.TypeOf(id) != nil:
				if _, ok := typeSpan(w.info.TypeOf(id)); ok {
					at = w.set(at, id, known{value: exactly(number(0))})
				}
			}
		}
	}
	return at
}

// loop follows `for`: a counter that only the loop itself moves has the values from its start to its end.
func (w *walker) loop(s *ast.ForStmt, at env) env {
	if s.Init != nil {
		at = w.stmt(s.Init, at)
	}
	inside := w.forget(s.Body, at)
	if s.Post != nil {
		inside = w.forget(s.Post, inside)
	}
	if id, start := w.counter(s, at); id != nil {
		whole, _ := typeSpan(w.info.TypeOf(id))
		inside = w.set(inside, id, known{value: span{lo: start.lo, hi: whole.hi}})
		if s.Cond != nil {
			inside = w.assume(s.Cond, true, inside)
		}
		if k, ok := inside[w.info.ObjectOf(id)]; ok && k.value.lo != nil {
			k.value.every = plain(s.Cond, id) && start.lo.Cmp(start.hi) == 0 && k.value.high
			k.value.low, k.value.high = false, false // counters are cut on purpose
			inside[w.info.ObjectOf(id)] = k
		}
	} else if s.Cond != nil {
		inside = w.assume(s.Cond, true, inside)
	}
	if s.Cond != nil {
		w.look(s.Cond, w.forget(s, at))
	}
	w.body(s.Body, inside)
	after := w.forget(s, at)
	if s.Cond != nil && !breaks(s.Body) {
		after = w.assume(s.Cond, false, after)
	}
	if s.Cond == nil && !breaks(s.Body) {
		return nil
	}
	return after
}

// body follows the body of a loop. In one that may end early, no value is sure to come.
func (w *walker) body(b *ast.BlockStmt, at env) {
	before := w.loops
	w.loops = 0
	if leaves(b) {
		w.loops = 1
	}
	w.block(b.List, at)
	w.loops = before
}

// counter gives the variable of `for i := start; ...; i++` that the body leaves alone.
func (w *walker) counter(s *ast.ForStmt, at env) (*ast.Ident, span) {
	post, ok := s.Post.(*ast.IncDecStmt)
	if !ok || post.Tok != token.INC || s.Init == nil || at == nil {
		return nil, span{}
	}
	id, ok := post.X.(*ast.Ident)
	if !ok {
		return nil, span{}
	}
	o := w.info.ObjectOf(id)
	k, ok := at[o]
	if !ok || k.slice || k.value.lo == nil {
		return nil, span{}
	}
	if _, still := w.forget(s.Body, at)[o]; !still {
		return nil, span{}
	}
	return id, k.value
}

// plain tells a condition that only compares the counter with an end.
func plain(cond ast.Expr, id *ast.Ident) bool {
	c, ok := ast.Unparen(cond).(*ast.BinaryExpr)
	if !ok {
		return false
	}
	x, ok := ast.Unparen(c.X).(*ast.Ident)
	return ok && x.Name == id.Name && (c.Op == token.LSS || c.Op == token.LEQ)
}

func (w *walker) ranging(s *ast.RangeStmt, at env) env {
	w.look(s.X, at)
	inside := w.forget(s, at)
	if key, ok := s.Key.(*ast.Ident); ok && key.Name != "_" {
		zero := number(0)
		if k, ok := w.slice(s.X, at); ok {
			if _, moved := w.forget(s.Body, at)[w.info.ObjectOf(key)]; !moved && k.len.hi.Sign() > 0 {
				v := span{lo: zero, hi: new(big.Int).Sub(k.len.hi, number(1)), every: k.len.lo.Cmp(k.len.hi) == 0}
				inside = w.set(inside, key, known{value: v})
			} else if k.len.hi.Sign() == 0 {
				inside = nil
			}
		} else if n := w.value(s.X, at); n.lo != nil && n.hi.Sign() > 0 {
			inside = w.set(inside, key, known{value: span{lo: zero, hi: new(big.Int).Sub(n.hi, number(1)), every: n.lo.Cmp(n.hi) == 0}})
		}
	}
	// A counter that the body changes is not followed.
	if key, ok := s.Key.(*ast.Ident); ok && inside != nil && changes(s.Body, key) {
		inside = w.forget(s.Body, inside)
		delete(inside, w.info.ObjectOf(key))
	}
	w.body(s.Body, inside)
	return w.forget(s, at)
}

func changes(b *ast.BlockStmt, id *ast.Ident) bool {
	found := false
	is := func(e ast.Expr) bool {
		x, ok := ast.Unparen(e).(*ast.Ident)
		return ok && x.Name == id.Name
	}
	ast.Inspect(b, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, l := range n.Lhs {
				found = found || is(l)
			}
		case *ast.IncDecStmt:
			found = found || is(n.X)
		}
		return !found
	})
	return found
}

// breaks tells a body with a break of any kind, so that the end of the loop says nothing about its condition.
func breaks(b *ast.BlockStmt) bool {
	found := false
	ast.Inspect(b, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.BranchStmt:
			found = found || n.Tok == token.BREAK || n.Tok == token.GOTO
		}
		return !found
	})
	return found
}

// leaves tells a body that may end the loop early, or skip a part of a round.
func leaves(b *ast.BlockStmt) bool {
	found := false
	ast.Inspect(b, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt, *ast.BranchStmt:
			found = true
		case *ast.CallExpr:
			id, ok := n.Fun.(*ast.Ident)
			found = found || ok && id.Name == "panic"
		}
		return !found
	})
	return found
}

// branches follows switch and select: each clause by itself, and afterwards nothing that one of them assigns is known.
func (w *walker) branches(s ast.Stmt, at env) env {
	var body *ast.BlockStmt
	var tag ast.Expr
	switch s := s.(type) {
	case *ast.SwitchStmt:
		if s.Init != nil {
			at = w.stmt(s.Init, at)
		}
		w.look(s.Tag, at)
		body, tag = s.Body, s.Tag
	case *ast.TypeSwitchStmt:
		body = s.Body
	case *ast.SelectStmt:
		body = s.Body
	}
	if at == nil {
		return nil
	}
	w.loops++
	_, isSwitch := s.(*ast.SwitchStmt)
	rest := at // what holds when no earlier case was taken
	for _, clause := range body.List {
		switch c := clause.(type) {
		case *ast.CaseClause:
			inside := rest
			if isSwitch && len(c.List) == 1 {
				if tag == nil {
					w.look(c.List[0], rest)
					inside, rest = w.assume(c.List[0], true, rest), w.assume(c.List[0], false, rest)
				} else {
					inside = w.narrow(tag, token.EQL, w.value(c.List[0], rest), rest)
				}
			}
			if inside != nil && falls(body) {
				inside = w.forget(body, at)
			}
			w.block(c.Body, inside)
		case *ast.CommClause:
			w.block(c.Body, w.forget(c, at))
		}
	}
	w.loops--
	return w.forget(s, at)
}

func falls(b *ast.BlockStmt) bool {
	found := false
	ast.Inspect(b, func(n ast.Node) bool {
		s, ok := n.(*ast.BranchStmt)
		found = found || ok && s.Tok == token.FALLTHROUGH
		return !found
	})
	return found
}

// final tells calls that do not come back.
func (w *walker) final(call *ast.CallExpr) bool {
	switch f := typeutil.Callee(w.info, call).(type) {
	case *types.Builtin:
		return f.Name() == "panic"
	case *types.Func:
		switch f.FullName() {
		case "os.Exit", "log.Fatal", "log.Fatalf", "log.Fatalln", "runtime.Goexit":
			return true
		}
		return false
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	return ok && (sel.Sel.Name == "Fatal" || sel.Sel.Name == "Fatalf")
}
