package quality

import (
	"slices"
	"strconv"
	"strings"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/checks"
)

// Derive makes the outcome of one change of what is stored of it. The same facts make the same outcome.
func Derive(f *Facts) *Outcome {
	o := &Outcome{RepoID: f.RepoID, Repo: f.Repo, Change: "#" + strconv.Itoa(f.Number), Source: Gate, Author: Unmarked, State: f.State, Base: f.Base, Head: f.Head, Merge: f.Merge,
		Opened: f.Opened.UTC(), Ready: f.Ready.UTC(), Merged: f.Merged.UTC(), Closed: f.Closed.UTC(), Followed: f.Followed.UTC(), After: f.After}
	if o.Opened.IsZero() && len(f.Decisions) > 0 {
		o.Opened = f.Decisions[0].At.UTC() // nobody told us: it was judged by then
	}
	o.walk(f)
	if len(f.Judged) == 0 {
		return o
	}
	first, last := &f.Judged[0], &f.Judged[len(f.Judged)-1]
	o.Author, o.Judged, o.Pushes = last.Author, first.By, len(f.Judged)-1
	o.Agent, o.Model = only(last.Agents, SeveralAgents), only(last.Models, "")
	o.Files, o.Lines, o.Languages, o.More = last.Files, last.Lines, last.Languages, last.More
	o.Verdicts, o.Cost = last.Verdicts, last.Cost
	o.Verdicts.Sheet = f.Sheet
	o.Cost.Compute = 0
	waived := map[string]bool{}
	for i := range f.Judged {
		o.Cost.Compute += f.Judged[i].Cost.Compute
		for _, name := range f.Judged[i].Waived {
			waived[name] = true
		}
	}
	o.Waivers = len(waived)
	for _, id := range last.Counted {
		if at := f.Approvals[id].UTC(); at.After(o.Approved) {
			o.Approved = at
		}
	}
	o.findings(f, waived)
	return o
}

// only gives the one name of a list; several, if there are more.
func only(names []string, several string) string {
	switch len(names) {
	case 0:
		return ""
	case 1:
		return names[0]
	}
	return several
}

// walk reads the decisions: the path, and what the first head came to.
func (o *Outcome) walk(f *Facts) {
	heads := map[string]bool{}
	for _, s := range f.Decisions {
		if s.State == gate.Error { // nothing was judged
			o.step(s)
			continue
		}
		heads[s.Head] = true
		o.step(s)
		o.Blocked = o.Blocked || s.State == gate.Block
		passed := s.State == gate.Pass
		if passed && o.ToGreen == nil {
			n := len(heads) - 1
			o.ToGreen = &n
		}
		if o.FirstPass == nil && (passed || len(heads) > 1) {
			is := passed && len(heads) == 1
			o.FirstPass = &is
		}
	}
	// One that was given up is known not to have passed only if something had stopped it.
	if o.FirstPass == nil && f.State == Closed && o.Blocked {
		is := false
		o.FirstPass = &is
	}
}

func (o *Outcome) step(s Step) {
	s.At = s.At.UTC()
	if n := len(o.Path); n > 0 && o.Path[n-1].State == s.State && o.Path[n-1].Head == s.Head {
		return
	}
	if len(o.Path) == MaxPath {
		o.Path = slices.Delete(o.Path, MaxPath/2, MaxPath/2+1)
	}
	o.Path = append(o.Path, s)
}

// findings joins those of all heads, and says what became of each.
func (o *Outcome) findings(f *Facts, waived map[string]bool) {
	at := map[checks.Fingerprint]int{}
	for i := range f.Judged {
		for _, one := range f.Judged[i].Findings {
			n, known := at[one.Fingerprint]
			if known {
				old := &o.Findings[n]
				old.Blocks, old.Told = old.Blocks || one.Blocks, old.Told || one.Told
				old.Shadow, old.Fate, old.Path, old.Line = one.Shadow, one.Fate, one.Path, one.Line
				continue
			}
			if len(o.Findings) == MaxFindings {
				o.More++
				continue
			}
			one.First = i == 0
			at[one.Fingerprint] = len(o.Findings)
			o.Findings = append(o.Findings, one)
		}
	}
	// What a scan did not look at again is not fixed: the last head counts only if it was scanned.
	last := -1
	for i := range f.Judged {
		if f.Judged[i].Scanned {
			last = i
		}
	}
	here := map[checks.Fingerprint]bool{}
	if last >= 0 {
		for i := range f.Judged[last].Findings {
			here[f.Judged[last].Findings[i].Fingerprint] = true
		}
	}
	cut := last >= 0 && f.Judged[last].More > 0
	for i := range o.Findings {
		one := &o.Findings[i]
		switch {
		case slices.Contains(f.False, one.Fingerprint):
			one.Fate = False
		case one.Fate == Suppressed && here[one.Fingerprint]:
		case waived[strings.ToLower(one.Rule)] && here[one.Fingerprint]:
			one.Fate = Waived
		case !here[one.Fingerprint] && !cut:
			one.Fate = Fixed
		case f.State == Merged:
			one.Fate = Ignored
		default:
			one.Fate = Standing
		}
	}
}
