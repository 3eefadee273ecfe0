package dashboard

import (
	"fmt"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/app/gate"
)

// stateWords are the states of a decision as people read them.
var stateWords = map[string]string{"pass": "passes", "block": "blocked", "pending": "waiting for people", "error": "cannot tell", "": "none yet"}

// commented is the state of a review that decides nothing: nobody needs to be told of it.
const commented = "COMMENTED"

// steps puts the history of a pull request together: each decision with what was different before, with the deliveries that led to it, and with the deeds that told it.
func steps(p *Pull) (out []step) {
	for i, is := range p.History {
		s := step{Decided: is, Last: i == 0}
		after := int64(0)
		if i+1 < len(p.History) {
			was := p.History[i+1]
			after = was.Generation
			s.Changes = changes(&was, &is)
		}
		for _, d := range p.Deliveries {
			if d.Want > after && d.Want <= is.Generation {
				s.Deliveries = append(s.Deliveries, d)
			}
		}
		for _, d := range p.Deeds {
			if d.Judgement != 0 && d.Judgement == is.Judgement {
				s.Deeds = append(s.Deeds, d)
			}
		}
		out = append(out, s)
	}
	return out
}

// changes says in words what is different in a decision from the one before.
func changes(was, is *Decided) (out []string) {
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if was.State != is.State {
		say("%s before, now %s", stateWords[string(was.State)], stateWords[string(is.State)])
	}
	if was.Head != is.Head {
		say("another head: %s, before %s", short(is.Head), short(was.Head))
	}
	if was.BaseRef != is.BaseRef {
		say("another base: %s, before %s", is.BaseRef, was.BaseRef)
	}
	if was.Config != is.Config && !slices.Equal(was.Sources, is.Sources) {
		say("judged by another configuration: %s", strings.Join(is.Sources, ", "))
	}
	before := map[string]gate.GuardAnswer{}
	for _, g := range was.Guards {
		before[g.Origin+" "+g.Name] = g
	}
	for _, g := range is.Guards {
		old, known := before[g.Origin+" "+g.Name]
		delete(before, g.Origin+" "+g.Name)
		switch {
		case !known && g.Holds:
			say("the guard %s applies, and holds: %s", g.Name, g.Because)
		case !known:
			say("the guard %s applies: %s", g.Name, g.Because)
		case !old.Holds && g.Holds:
			say("the guard %s holds now: %s", g.Name, g.Because)
		case old.Holds && !g.Holds:
			say("the guard %s does not hold any more: %s", g.Name, g.Because)
		case old.Because != g.Because:
			say("the guard %s: %s", g.Name, g.Because)
		}
	}
	for _, g := range was.Guards { // in their order
		if _, gone := before[g.Origin+" "+g.Name]; gone {
			say("the guard %s does not apply any more", g.Name)
		}
	}
	reviews := map[int64]gate.ReviewAnswer{}
	for _, r := range was.Reviews {
		reviews[r.ReviewID] = r
	}
	for _, r := range is.Reviews {
		if r.State == commented {
			continue
		}
		old, known := reviews[r.ReviewID]
		switch {
		case !known && r.Counts:
			say("%s's review counts", r.Reviewer.Login)
		case !known:
			say("%s's review does not count: %s", r.Reviewer.Login, r.Because)
		case old.Counts && !r.Counts:
			say("%s's review does not count any more: %s", r.Reviewer.Login, r.Because)
		case !old.Counts && r.Counts:
			say("%s's review counts now", r.Reviewer.Login)
		}
	}
	more, less := differ(was.Blocking, is.Blocking)
	if less > 0 {
		say("%s gone", plural(less, "finding that blocked is", "findings that blocked are"))
	}
	if more > 0 {
		say("%s", plural(more, "new finding blocks", "new findings block"))
	}
	unknown := func(d *Decided) (list []string) {
		for _, u := range d.Unknown {
			list = append(list, u.What)
		}
		return list
	}
	for _, u := range is.Unknown {
		if !slices.Contains(unknown(was), u.What) {
			say("not known now: %s (%s)", u.What, u.Reason)
		}
	}
	for _, u := range was.Unknown {
		if !slices.Contains(unknown(is), u.What) {
			say("known again: %s", u.What)
		}
	}
	if len(out) == 0 {
		say("other facts, the same result")
	}
	return out
}

// differ counts what is in one list only.
func differ(was, is []string) (more, less int) {
	for _, s := range is {
		if !slices.Contains(was, s) {
			more++
		}
	}
	for _, s := range was {
		if !slices.Contains(is, s) {
			less++
		}
	}
	return more, less
}

// needWords says what a guard needs.
func needWords(n *gate.Need) string {
	if n.Approvals == 0 && len(n.AnyOf) == 0 {
		return "nothing"
	}
	who := func(list []gate.Approver) string {
		var out []string
		for _, a := range list {
			switch {
			case a.User != "":
				out = append(out, "@"+a.User)
			case a.Team != "":
				out = append(out, "@"+a.Team)
			case a.Role != "":
				out = append(out, "anyone with the role "+string(a.Role))
			case a.Codeowners:
				out = append(out, "the code owners")
			}
		}
		return strings.Join(out, ", ")
	}
	out := plural(n.Approvals, "approval", "approvals")
	switch {
	case len(n.AnyOf) > 0:
		var ways []string
		for _, way := range n.AnyOf {
			ways = append(ways, strings.ReplaceAll(who(way), ", ", " and "))
		}
		out = "approvals of " + strings.Join(ways, ", or of ")
	case len(n.From) > 0:
		out += " from " + who(n.From)
	default:
		out += " from anyone with write access"
	}
	if len(n.DistinctTeams) > 0 {
		out += ", each from another of the teams " + strings.Join(n.DistinctTeams, ", ")
	}
	if n.UpToDate {
		out += ", on a head that is up to date with the base"
	}
	if n.MinReview > 0 {
		out += fmt.Sprintf(", no sooner than %d seconds after the push", n.MinReview)
	}
	return out
}
