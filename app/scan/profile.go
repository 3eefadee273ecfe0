package scan

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// A Cost is what one part of a scan took: a rule, a check, or what several of them share. The costs of a scan add up to its work: no time is in two of
// them. They are measured one after the other, without waiting for each other.
type Cost struct {
	Check   string        `json:"check,omitempty"` // "": shared by all
	Part    string        `json:"part,omitempty"`  // a rule's id, or what the check's rules share; "": the check itself
	Took    time.Duration `json:"nanoseconds"`
	Share   float64       `json:"percent"` // of all costs
	Files   int           `json:"files"`   // how often it looked at something: files, on both sides
	Matches int           `json:"matches"`
}

// Parsing is the Part of reading files into trees, which all checks share.
const Parsing = "parsing"

// Searching is the Part of looking through the tree for what checks want, which the parent does.
const Searching = "searching the tree"

// A profile collects costs. Its methods may be called on nil, where nobody asked for them.
type profile struct {
	mu    sync.Mutex
	costs map[[2]string]*Cost
}

func newProfile(wanted bool) *profile {
	if !wanted {
		return nil
	}
	return &profile{costs: map[[2]string]*Cost{}}
}

// add is a checks.Meter.
func (p *profile) add(check, part string, took time.Duration, matches int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := [2]string{check, part}
	c := p.costs[key]
	if c == nil {
		c = &Cost{Check: check, Part: part}
		p.costs[key] = c
	}
	c.Took += took
	c.Files++
	c.Matches += matches
}

// inside is what has been told so far of what happened inside of a check: its parts, and parsing.
func (p *profile) inside(check string) time.Duration {
	if p == nil {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var sum time.Duration
	for _, c := range p.costs {
		if c.Part != "" && (c.Check == check || c.Check == "") {
			sum += c.Took
		}
	}
	return sum
}

// list gives the costs, the largest first.
func (p *profile) list() []Cost {
	if p == nil {
		return nil
	}
	var out []Cost
	for _, c := range p.costs {
		out = append(out, *c)
	}
	return sortedCosts(out)
}

// sortedCosts adds up what is of one part, and says the shares.
func sortedCosts(list []Cost) []Cost {
	var out []Cost
	at := map[[2]string]int{}
	var sum time.Duration
	for _, c := range list {
		sum += c.Took
		i, ok := at[[2]string{c.Check, c.Part}]
		if !ok {
			at[[2]string{c.Check, c.Part}] = len(out)
			out = append(out, c)
			continue
		}
		out[i].Took += c.Took
		out[i].Files += c.Files
		out[i].Matches += c.Matches
	}
	for i := range out {
		out[i].Share = 100 * float64(out[i].Took) / float64(max(sum, 1))
	}
	slices.SortFunc(out, func(a, b Cost) int {
		return cmp.Or(cmp.Compare(b.Took, a.Took), cmp.Compare(a.Check, b.Check), cmp.Compare(a.Part, b.Part))
	})
	return out
}
