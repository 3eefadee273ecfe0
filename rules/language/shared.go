package language

import "strings"

// Lowerings that several languages share, because their grammars use the same roles.

func number(l *lowerer, r int32, slot Slot) {
	text := l.text(r)
	if strings.Contains(text, "_") {
		text = strings.ReplaceAll(text, "_", "")
	}
	l.leaf(Num, slot, r, text)
}

func pair(l *lowerer, r int32, slot Slot) {
	id := l.open(Pair, slot, r)
	l.lower(l.field(r, fKey), SlotKey)
	l.lower(l.field(r, fValue), SlotOperand)
	l.close(id)
}

// dot writes a member access, which may have no node of its own in the grammar (Java's a.b()); it reaches from operand to name.
func dot(l *lowerer, r int32, slot Slot, operand, name int32) ID {
	id := l.open(Dot, slot, r)
	if operand >= 0 && name >= 0 {
		l.span(id, operand, name)
	}
	l.lower(operand, SlotOperand)
	if name >= 0 {
		l.leaf(Name, SlotName, name, l.text(name))
	}
	l.close(id)
	return id
}

// dotted writes the first last+1 identifiers below r as nested member accesses.
func dotted(l *lowerer, r int32, last int, slot Slot) {
	var open []ID
	for i := last; i > 0; i-- {
		open = append(open, l.open(Dot, slot, r))
		slot = SlotOperand
	}
	i := 0
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if !l.code(c) {
			continue
		}
		if i == 0 {
			l.lower(c, slot)
		} else {
			l.leaf(Name, SlotName, c, l.text(c))
			id := open[len(open)-1]
			open = open[:len(open)-1]
			l.nodes[id].End = l.recs[c].end
			l.close(id)
		}
		i++
	}
}

var spelling = map[string]string{"and": "&&", "or": "||", "<>": "!="}

func binaryOperator(l *lowerer, r int32, slot Slot) {
	op := l.operator(r)
	if s, ok := spelling[op]; ok {
		op = s
	}
	l.binary(r, slot, l.field(r, fLeft), l.field(r, fRight), op)
}

// slice tells the bounds of a[x:y:z] apart by the colons before them.
func slice(l *lowerer, r int32, slot Slot) {
	id := l.open(Slice, slot, r)
	at := SlotLeft
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch {
		case l.code(c):
			l.lower(c, at)
		case l.name(c) == ":" && at == SlotLeft:
			at = SlotRight
		case l.name(c) == ":":
			at = SlotUpdate
		}
	}
	l.close(id)
}

// emptyParams writes the parameter list of a function that has none written.
func (l *lowerer) emptyParams(r int32) {
	id := l.open(Params, SlotParams, r)
	l.nodes[id].End = l.nodes[id].Start
	l.close(id)
}

// singleParam writes the parameters of a lambda that has one and no parentheses.
func (l *lowerer) singleParam(r int32) {
	id := l.open(Params, SlotParams, r)
	p := l.open(Param, Item, r)
	l.lower(r, SlotName)
	l.close(p)
	l.close(id)
}

// update writes ++x and x++, which rules do not tell apart.
func update(l *lowerer, r int32, slot Slot) {
	op := "++"
	if l.has(r, "--") {
		op = "--"
	}
	l.unary(r, slot, l.child(r, 0), op)
}

func ternary(l *lowerer, r int32, slot Slot) {
	id := l.open(Ternary, slot, r)
	l.lower(l.field(r, fCondition), SlotCond)
	l.lower(l.field(r, fConsequence), SlotThen)
	l.lower(l.field(r, fAlternative), SlotElse)
	l.close(id)
}

// loop writes while and do.
func loop(l *lowerer, r int32, slot Slot, value, block string) {
	id := l.open(For, slot, r)
	l.nodes[id].Value = value
	l.lower(l.field(r, fCondition), SlotCond)
	l.block(l.field(r, fBody), SlotBody, block)
	l.close(id)
}

// forLoop is a loop of the C form. Several parts may stand in each of its places.
func forLoop(init field, block ...string) lowerFunc {
	return func(l *lowerer, r int32, slot Slot) {
		id := l.open(For, slot, r)
		for c := l.first(r); c >= 0; c = l.next(r, c) {
			switch {
			case !l.code(c):
			case l.fieldOf(c) == init:
				l.lower(c, SlotInit)
			case l.fieldOf(c) == fCondition:
				l.lower(c, SlotCond)
			case l.fieldOf(c) == fUpdate:
				l.lower(c, SlotUpdate)
			}
		}
		l.block(l.field(r, fBody), SlotBody, block...)
		l.close(id)
	}
}

// forEach is a loop over a collection that declares its variable with a type.
func forEach(target, value field) lowerFunc {
	return func(l *lowerer, r int32, slot Slot) {
		id := l.open(ForEach, slot, r)
		l.nodes[id].Flags = Declares
		l.lower(l.field(r, target), SlotTarget)
		l.lower(l.field(r, fType), SlotType)
		l.lower(l.field(r, value), SlotValue)
		l.block(l.field(r, fBody), SlotBody, "block")
		l.close(id)
	}
}

// switchOn is a switch whose body holds the cases.
func switchOn(operand field) lowerFunc {
	return func(l *lowerer, r int32, slot Slot) {
		id := l.open(Switch, slot, r)
		l.lower(l.field(r, operand), SlotOperand)
		if b := l.field(r, fBody); b >= 0 {
			l.children(b, Item)
		}
		l.close(id)
	}
}

// argument is an argument that may have a name.
func argument(l *lowerer, r int32, slot Slot) {
	name := l.field(r, fName)
	if name < 0 {
		l.children(r, slot)
		return
	}
	id := l.open(KeyArg, slot, r)
	l.lower(name, SlotName)
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.code(c) && c != name {
			l.lower(c, SlotOperand)
		}
	}
	l.close(id)
}
