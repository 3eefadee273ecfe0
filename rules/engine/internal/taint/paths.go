package taint

import (
	"math/bits"
	"slices"

	"github.com/reviewgate-app/reviewgate/rules/language"
)

// A path is a variable with the members that lead to a value: x.a.b. An index is no part of a path: x[0].a is the path x.a, so that an element
// stands for the whole.
type path struct {
	base   int32  // the variable, by machine.key
	fields string // interned: the numbers of the names, as machine.field makes them
}

// maxDepth is how many members of a variable are told apart. What is deeper is the member that holds it.
const maxDepth = 6

// maxFields is how many members of one value are told apart.
const maxFields = 64

// state says what is known of a value.
type state uint8

const (
	unknown state = iota // what it is part of says
	clean
	tainted
)

// A cell is what is known of a value and its members. Cells are never changed once made.
type cell struct {
	state  state
	taints taints
	fields []field // sorted by name
}

type field struct {
	name int32
	cell *cell
}

func (c *cell) field(name int32) *cell {
	i, ok := slices.BinarySearchFunc(c.fields, name, func(f field, n int32) int { return int(f.name) - int(n) })
	if !ok {
		return nil
	}
	return c.fields[i].cell
}

// with gives the cell with another member; nil removes it.
func (c *cell) with(name int32, member *cell) *cell {
	out := *c
	i, ok := slices.BinarySearchFunc(c.fields, name, func(f field, n int32) int { return int(f.name) - int(n) })
	switch {
	case ok:
		out.fields = slices.Clone(c.fields)
		out.fields[i].cell = member
	case len(c.fields) < maxFields:
		out.fields = slices.Insert(slices.Clip(c.fields), i, field{name, member})
	}
	return &out
}

// all gives the marks of the value and of all its members.
func (c *cell) all() taints {
	if c == nil || c.state == clean {
		return nil
	}
	out := c.taints
	for _, f := range c.fields {
		out = union(out, f.cell.all())
	}
	return out
}

// merge gives what is known where two ways come together. What only one of them knows stays known.
func merge(a, b *cell) *cell {
	switch {
	case a == b || b == nil:
		return a
	case a == nil:
		return b
	}
	out := &cell{taints: union(a.taints, b.taints), fields: mergeFields(a.fields, b.fields)}
	switch {
	case a.state == tainted || b.state == tainted:
		out.state = tainted
	case a.state == clean && b.state == clean:
		out.state = clean
	}
	if sameCell(out, a) {
		return a
	}
	return out
}

func mergeFields(a, b []field) []field {
	switch {
	case len(a) == 0:
		return b
	case len(b) == 0:
		return a
	}
	out := make([]field, 0, max(len(a), len(b)))
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].name < b[0].name:
			out, a = append(out, a[0]), a[1:]
		case len(a) == 0 || b[0].name < a[0].name:
			out, b = append(out, b[0]), b[1:]
		default:
			out, a, b = append(out, field{a[0].name, merge(a[0].cell, b[0].cell)}), a[1:], b[1:]
		}
	}
	return out[:min(len(out), maxFields)]
}

func sameCell(a, b *cell) bool {
	if a == b {
		return true
	}
	if a == nil || b == nil || a.state != b.state || !sameTaints(a.taints, b.taints) || len(a.fields) != len(b.fields) {
		return false
	}
	for i := range a.fields {
		if a.fields[i].name != b.fields[i].name || !sameCell(a.fields[i].cell, b.fields[i].cell) {
			return false
		}
	}
	return true
}

// add marks the end of a path and gives it members.
func (c *cell) add(names []int32, set taints, members []field) *cell {
	if len(set) == 0 && len(members) == 0 {
		return c
	}
	if c == nil {
		c = &cell{}
	}
	if len(names) > 0 {
		inner := c.field(names[0])
		out := c.with(names[0], inner.add(names[1:], set, members))
		if out.state == clean {
			out.state = unknown // a clean value has no tainted member
		}
		return out
	}
	out := &cell{state: c.state, taints: union(set, c.taints), fields: mergeFields(members, c.fields)}
	switch {
	case len(out.taints) > 0:
		out.state = tainted
	case out.state == clean:
		out.state = unknown
	}
	return out
}

// clear makes the end of a path clean.
func (c *cell) clear(names []int32) *cell {
	if len(names) == 0 {
		return &cell{state: clean}
	}
	if c == nil {
		return nil
	}
	inner := c.field(names[0])
	if inner == nil {
		inner = &cell{}
	}
	return c.with(names[0], inner.clear(names[1:]))
}

// depth is how deep the members of a cell go, up to a limit.
func depth(fields []field, limit int) int {
	if limit == 0 {
		return 0
	}
	deepest := 0
	for _, f := range fields {
		deepest = max(deepest, 1+depth(f.cell.fields, limit-1))
	}
	return deepest
}

// flat is the members cut to a depth: what lies deeper is in the one that holds it.
func flat(fields []field, limit int) []field {
	if depth(fields, limit+1) <= limit {
		return fields
	}
	out := make([]field, len(fields))
	for i, f := range fields {
		c := f.cell
		if limit <= 1 {
			c = &cell{state: tainted, taints: c.all()}
		} else {
			d := *c
			d.fields = flat(c.fields, limit-1)
			c = &d
		}
		if c.state == tainted && len(c.taints) == 0 && len(c.fields) == 0 {
			c = &cell{state: clean}
		}
		out[i] = field{f.name, c}
	}
	return out
}

// passing adds a place to the ways of all members.
func passing(fields []field, node language.ID) []field {
	out := make([]field, len(fields))
	for i, f := range fields {
		c := *f.cell
		c.taints, c.fields = c.taints.passing(node), passing(c.fields, node)
		out[i] = field{f.name, &c}
	}
	return out
}

// A table maps variables to cells: a Patricia tree over their numbers (Okasaki and Gill, "Fast mergeable integer maps", 1998). It is
// immutable: a change copies the few nodes above it, and two tables that come from one share the rest, so that bringing two branches
// together costs what they changed and not what they hold.
type table struct {
	prefix, bit uint32 // of a branch; a leaf has bit 0 and its key as prefix
	leaf        *cell
	left, right *table
}

func (t *table) get(key uint32) *cell {
	for t != nil {
		if t.bit == 0 {
			if t.prefix == key {
				return t.leaf
			}
			return nil
		}
		if key&t.bit == 0 {
			t = t.left
		} else {
			t = t.right
		}
	}
	return nil
}

// mask keeps the bits above a branching bit.
func mask(key, bit uint32) uint32 { return key &^ (bit | (bit - 1)) }

func branch(p, q uint32, t, u *table) *table {
	bit := uint32(1) << (bits.Len32(p^q) - 1)
	b := &table{prefix: mask(p, bit), bit: bit, left: t, right: u}
	if p&bit != 0 {
		b.left, b.right = u, t
	}
	return b
}

// set gives the table with a variable changed; a nil cell is the same as none.
func (t *table) set(key uint32, c *cell) *table {
	switch {
	case t == nil:
		return &table{prefix: key, leaf: c}
	case t.bit == 0 && t.prefix == key:
		if t.leaf == c {
			return t
		}
		return &table{prefix: key, leaf: c}
	case t.bit == 0 || mask(key, t.bit) != t.prefix:
		return branch(key, t.prefix, &table{prefix: key, leaf: c}, t)
	}
	out := *t
	if key&t.bit == 0 {
		out.left = t.left.set(key, c)
		if out.left == t.left {
			return t
		}
	} else {
		out.right = t.right.set(key, c)
		if out.right == t.right {
			return t
		}
	}
	return &out
}

// merge gives the variables of both tables. It is t itself if u has nothing more.
func (t *table) merge(u *table) *table {
	switch {
	case t == u || u == nil:
		return t
	case t == nil:
		return u
	case u.bit == 0:
		return t.set(u.prefix, merge(t.get(u.prefix), u.leaf))
	case t.bit == 0:
		return u.set(t.prefix, merge(t.leaf, u.get(t.prefix)))
	case t.bit == u.bit && t.prefix == u.prefix:
		left, right := t.left.merge(u.left), t.right.merge(u.right)
		if left == t.left && right == t.right {
			return t
		}
		return &table{prefix: t.prefix, bit: t.bit, left: left, right: right}
	case t.bit > u.bit && mask(u.prefix, t.bit) == t.prefix:
		out := *t
		if u.prefix&t.bit == 0 {
			out.left = t.left.merge(u)
		} else {
			out.right = t.right.merge(u)
		}
		if out.left == t.left && out.right == t.right {
			return t
		}
		return &out
	case u.bit > t.bit && mask(t.prefix, u.bit) == u.prefix:
		out := *u
		if t.prefix&u.bit == 0 {
			out.left = t.merge(u.left)
		} else {
			out.right = t.merge(u.right)
		}
		return &out
	}
	return branch(t.prefix, u.prefix, t, u)
}

// same says whether two tables hold the same.
func (t *table) same(u *table) bool {
	if t == u {
		return true
	}
	if t == nil || u == nil || t.bit != u.bit || t.prefix != u.prefix {
		return false
	}
	if t.bit == 0 {
		return sameCell(t.leaf, u.leaf)
	}
	return t.left.same(u.left) && t.right.same(u.right)
}
