package record

import (
	"cmp"
	"fmt"
	"slices"
)

// A Chain is what the records of one installation say together.
type Chain struct {
	Installation int64
	First, Last  int64  // sequence numbers
	Head         string // digest of the last
	Problems     []string
}

// Chains joins records by their links and says where a chain is broken: what is missing, what stands twice, what does not fit.
func Chains(records []*Record) []Chain {
	by := map[int64][]*Record{}
	var order []int64
	for _, r := range records {
		id := r.Statement.Predicate.Chain.Installation
		if by[id] == nil {
			order = append(order, id)
		}
		by[id] = append(by[id], r)
	}
	slices.Sort(order)
	var out []Chain
	for _, id := range order {
		list := by[id]
		slices.SortStableFunc(list, func(a, b *Record) int {
			return cmp.Or(cmp.Compare(a.Statement.Predicate.Chain.Sequence, b.Statement.Predicate.Chain.Sequence), cmp.Compare(a.Digest, b.Digest))
		})
		c := Chain{Installation: id, First: list[0].Statement.Predicate.Chain.Sequence}
		if c.First != 1 {
			c.wrong("it begins with record %d: those before it are missing", c.First)
		}
		for i, r := range list {
			link := r.Statement.Predicate.Chain
			c.Last, c.Head = link.Sequence, r.Digest
			if i == 0 {
				continue
			}
			before := list[i-1]
			switch at := before.Statement.Predicate.Chain.Sequence; {
			case at == link.Sequence && before.Digest == r.Digest:
			case at == link.Sequence:
				c.wrong("there are two different records %d", link.Sequence)
			case at+1 != link.Sequence:
				c.wrong("after record %d comes record %d: those between are missing", at, link.Sequence)
			case link.Previous == nil || link.Previous.SHA256 != before.Digest:
				c.wrong("record %d follows another record than the %d that is here", link.Sequence, at)
			}
		}
		out = append(out, c)
	}
	return out
}

// maxProblems bounds what is told of one chain.
const maxProblems = 20

func (c *Chain) wrong(format string, args ...any) {
	switch n := len(c.Problems); {
	case n < maxProblems:
		c.Problems = append(c.Problems, fmt.Sprintf(format, args...))
	case n == maxProblems:
		c.Problems = append(c.Problems, "and more of this kind")
	}
}
