package language

// The grammar of Solidity takes `a / b.c()` for `(a / b).c()`. What is done with the last operand of an operator is put back to it here.

// solidityPostfix writes a call, member or subscript; if it is one of an operator without parentheses, it is that of the last operand.
func solidityPostfix(write lowerFunc) lowerFunc {
	return func(l *lowerer, r int32, slot Slot) {
		if r <= l.looked { // what it is done with was looked at from outside
			write(l, r, slot)
			return
		}
		c := r
		var chain []int32
		for {
			next := solidityBase(l, c)
			if next < 0 {
				break
			}
			chain = append(chain, c)
			c = next
			for l.instead[c] > 0 {
				c = l.instead[c]
			}
		}
		last := int32(-1)
		switch l.name(c) {
		case "binary_expression":
			last = l.field(c, fRight)
		case "unary_expression":
			last = l.field(c, fArgument)
		case "ternary_expression":
			last = l.child(c, 2)
		}
		if last < 0 {
			before := l.looked
			l.looked = c
			write(l, r, slot)
			l.looked = before
			return
		}
		for _, p := range chain {
			l.recs[p].start = l.recs[last].start
		}
		l.recs[c].end = l.recs[r].end
		if l.instead == nil {
			l.instead = map[int32]int32{}
		}
		l.instead[last], l.instead[c] = r, last
		l.lowering(c)(l, c, slot)
	}
}

// solidityBase is what a call, member or subscript is one of; -1 for all else.
func solidityBase(l *lowerer, r int32) int32 {
	switch l.name(r) {
	case "call_expression":
		return l.field(r, fFunction)
	case "member_expression":
		return l.field(r, fObject)
	case "array_access", "slice_access":
		return l.field(r, fBase)
	case "struct_expression":
		return l.field(r, fType)
	case "expression":
		return l.child(r, 0)
	}
	return -1
}
