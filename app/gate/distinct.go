package gate

import (
	"slices"
	"strings"
)

// assign gives each of n places at most one of m candidates, each candidate at most one place, and as many as possible (augmenting paths).
// The answer is the candidate of each place, or -1.
func assign(n, m int, fits func(place, candidate int) bool) []int {
	byPlace, byCandidate := make([]int, n), make([]int, m)
	for i := range byPlace {
		byPlace[i] = -1
	}
	for i := range byCandidate {
		byCandidate[i] = -1
	}
	var try func(place int, seen []bool) bool
	try = func(place int, seen []bool) bool {
		for c := range m {
			if seen[c] || !fits(place, c) {
				continue
			}
			seen[c] = true
			if byCandidate[c] < 0 || try(byCandidate[c], seen) {
				byPlace[place], byCandidate[c] = c, place
				return true
			}
		}
		return false
	}
	for place := range n {
		try(place, make([]bool, m))
	}
	return byPlace
}

func placed(byPlace []int) int {
	n := 0
	for _, c := range byPlace {
		if c >= 0 {
			n++
		}
	}
	return n
}

// teams says how many of the approvals come from different teams, and which teams would add to that. Whoever is in none of the teams stands for none.
func (d *decider) teams(names []string, fresh []int) (n int, helping []string) {
	members := make([][]Person, len(names))
	for i, name := range names {
		members[i] = d.f.People.Teams[strings.ToLower(name)].Members
	}
	fits := func(team, c int) bool {
		who := d.approvals[fresh[c]].who
		return slices.ContainsFunc(members[team], func(m Person) bool { return m.ID != 0 && m.ID == who.ID })
	}
	n = placed(assign(len(names), len(fresh), fits))
	for i, name := range names {
		// One more person, of this team alone.
		if placed(assign(len(names), len(fresh)+1, func(team, c int) bool { return c < len(fresh) && fits(team, c) || c == len(fresh) && team == i })) > n {
			helping = append(helping, name)
		}
	}
	return n, helping
}

// alternatives answers for "any_of": each alternative needs an approval of another person for every one of its approvers. best is what the
// alternative that lacks least still lacks; nil: one is complete.
func (d *decider) alternatives(anyOf [][]Approver, need int, fresh []int) (best []Approver, used []int) {
	for n, from := range anyOf {
		by := assign(len(from), len(fresh), func(place, c int) bool { return d.fits(d.approvals[fresh[c]].who, from[place:place+1]) })
		var lacks []Approver
		var counts []int
		for place, c := range by {
			if c < 0 {
				lacks = append(lacks, from[place])
			} else {
				counts = append(counts, fresh[c])
			}
		}
		// More approvals than places may be asked for; they come from the same people.
		for _, i := range fresh {
			if !slices.Contains(counts, i) && d.fits(d.approvals[i].who, from) {
				counts = append(counts, i)
			}
		}
		for len(counts)+len(lacks) < need {
			lacks = append(lacks, from[0])
		}
		if n == 0 || len(lacks) < len(best) {
			best, used = lacks, counts
		}
	}
	return best, used
}
