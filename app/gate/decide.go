package gate

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
)

// Decide says whether the change may merge, and why. It never fails: what is missing or broken is a state of the decision.
func Decide(p *Policy, f *Facts) *Decision {
	f = split(f)
	d := &decider{p: p, f: f, in: involve(p, f), looks: looks(f.Files), exempts: map[string]*Exempt{}, out: &Decision{Advisory: p.Mode == Advisory, Guards: []GuardAnswer{}, Reviews: []ReviewAnswer{}}}
	d.out.Disqualified = d.in.list
	d.out.Agents = d.in.marks
	d.out.Unknown = f.Unknown
	d.out.Sources = p.Sources
	d.out.Ungoverned = !p.Governs(f.Default, f.BaseRef)
	d.repair = repairs(p, f)
	d.commands()
	d.readable()
	d.findings()
	d.reviews()
	d.guards()
	d.unused()
	d.conclude()
	return d.out
}

// decider collects what one decision is made of.
type decider struct {
	p      *Policy
	f      *Facts
	in     *involved
	looks  []look // of the files' paths
	out    *Decision
	repair bool // the policy is broken, and this change does nothing but repair it

	errors    []string // why we cannot tell, as titles, most important first
	blocks    []string // what blocks, as phrases
	waits     []string // what the change waits for, as titles
	repairs   []string // what to do about errors, as sentences
	fixes     []string // what to do about blocks
	next      []string // what to do about waits
	asked     []asked
	approvals []approval
	owners    *Codeowners
	refused   []string           // per approval: why it did not count for the last guard that it came too early for
	unfit     []string           // per approval: a guard that it did not count for because of who gave it
	counted   []bool             // per approval: it counted for some guard
	why       []string           // reasons for extra approvals
	hidden    bool               // somebody behind a commit is not known
	lifted    []int32            // files of a repository's guards that were waived or exempt
	waived    []given            // waivers that nothing speaks against
	attests   []given            // attestations
	exempts   map[string]*Exempt // by origin, once asked
}

func repairs(p *Policy, f *Facts) bool {
	if len(p.FloorBroken) > 0 || !p.HeadChecked || broken(p.HeadBroken) {
		return false
	}
	_, only := touchesPolicy(f.Files)
	return only
}

// touchesPolicy says whether a changed name is one of the policy's files, and whether all are.
func touchesPolicy(files []FileChange) (some, only bool) {
	only = len(files) > 0
	for i := range files {
		for _, name := range []string{files[i].Path, files[i].OldPath} {
			if name == "" {
				continue
			}
			if PolicyFile(name) {
				some = true
			} else {
				only = false
			}
		}
	}
	return some, only
}

func broken(problems []Problem) bool {
	return slices.ContainsFunc(problems, func(p Problem) bool { return !p.Warning })
}

// readable judges whether policy and facts can be relied on.
func (d *decider) readable() {
	p, f := d.p, d.f
	d.out.Problems = slices.Concat(p.FloorBroken, p.Broken, p.HeadBroken)
	if broken(p.FloorBroken) {
		d.cannot("Broken floor: "+first(p.FloorBroken), "Ask an owner of the organisation to repair the floor: "+told(p.FloorBroken))
	}
	if broken(p.Broken) && !d.repair {
		d.cannot("Broken policy: "+first(p.Broken), "Repair the policy in a pull request of its own that changes nothing else: "+told(p.Broken))
	}
	if broken(p.HeadBroken) {
		d.cannot("This change breaks the policy: "+first(p.HeadBroken), "Repair what this change does to the policy: "+told(p.HeadBroken))
	}
	if !p.HeadChecked {
		if touched, _ := touchesPolicy(f.Files); touched {
			d.cannot("Cannot tell: this change's own policy was not read", "Run the check again; if it stays, tell the operator of reviewgate.")
		}
	}
	if f.Head == "" || f.Base == "" || f.MergeBase == "" {
		d.cannot("Cannot tell: head, base or merge base is not known", "Run the check again.")
	}
	for _, u := range f.Unknown {
		d.cannot("Cannot tell: "+u.What+" ("+u.Reason+")", "Run the check again when "+u.What+" can be read ("+u.Reason+").")
	}
	for _, failure := range f.Scan.Failures {
		check, _, _ := strings.Cut(failure, ":")
		if len(d.waive(check, false, false, d.sameHead)) > 0 {
			continue
		}
		d.cannot("Cannot tell: a check failed: "+failure, "Run the check again; if it fails again, tell the operator of reviewgate: "+strings.TrimRight(failure, ".")+".")
	}
}

func (d *decider) cannot(why, next string) {
	d.errors = append(d.errors, why)
	d.repairs = append(d.repairs, next)
}

func first(problems []Problem) string {
	for _, p := range problems {
		if !p.Warning {
			return p.Place() + ": " + p.Message
		}
	}
	return ""
}

func told(problems []Problem) string {
	for _, p := range problems {
		if !p.Warning {
			return strings.TrimSpace(p.Place() + ": " + p.Message + ". " + p.Remedy)
		}
	}
	return ""
}

// findings judges the scan.
func (d *decider) findings() {
	f := d.f
	n := 0
	for i := range f.Scan.Findings {
		finding := &f.Scan.Findings[i]
		if finding.Blocking && !slices.Contains(f.Scan.NeedsHuman, finding.RuleID) {
			if len(d.waive(finding.RuleID, finding.Severity == checks.Critical, false, d.sameFile(finding.Location.Path))) > 0 {
				continue
			}
			n++
			d.out.Blocking = append(d.out.Blocking, string(finding.Fingerprint))
		}
	}
	if n > 0 {
		d.blocks = append(d.blocks, plural(n, "finding"))
		what := "Fix the blocking finding and push; it says what to do."
		if n > 1 {
			what = "Fix the " + plural(n, "blocking finding") + " and push; each says what to do."
		}
		d.fixes = append(d.fixes, what)
	}
	for _, c := range append(clashes(f.Files, d.looks, nil), f.Clashes...) {
		why := show(c.Path) + " and " + show(c.Other) + " being one file on macOS and Windows"
		if !slices.Contains(d.blocks, why) {
			d.blocks = append(d.blocks, why)
			d.fixes = append(d.fixes, "Rename one of "+show(c.Path)+" and "+show(c.Other)+": on macOS and Windows they are one file.")
		}
	}
	if f.State != "open" {
		d.waits = append(d.waits, "Closed: nothing to decide")
	}
	if !f.Scan.Done {
		d.waits = append(d.waits, "Waiting for the scan")
	}
	if f.Draft {
		d.waits = append(d.waits, "Draft: waits until it is ready for review")
		d.next = append(d.next, "Mark the pull request as ready for review.")
	}
}

// reviews reduces the reviews, and keeps the approvals that may count for a guard.
func (d *decider) reviews() {
	f, in := d.f, d.in
	entries := ledger(f.Ledger)
	now := &present{files: f.Files}
	for _, r := range latest(f.Reviews) {
		state, because := in.standing(f, r.Review)
		answer := ReviewAnswer{ReviewID: r.ID, Reviewer: r.Reviewer, State: state, Because: because}
		switch state {
		case "APPROVED":
			a := approval{who: r.Reviewer, answer: len(d.out.Reviews)}
			if answer.Because = d.mayCount(&a); answer.Because != "" {
				break
			}
			for _, given := range r.approvals {
				e := entries[given.ID]
				switch why := unusable(given, e); {
				case why == "":
					a.views = append(a.views, freshness(d.p, f, e, now))
				case answer.Because == "":
					answer.Because = why
				}
			}
			if len(a.views) > 0 {
				d.approvals = append(d.approvals, a)
			}
		case "CHANGES_REQUESTED":
			// Not in.eligible: a commit that names the reviewer must not silence the reviewer.
			// Nor may a policy's list of agents: whoever is at an account of a person can say no.
			switch why := accountKind(r.Reviewer); {
			case why != "":
				answer.Because = why
			case !f.People.Roles[r.Reviewer.ID].AtLeast(RoleWrite):
				answer.Because = noWrite
			default:
				answer.Counts = true
				if because == "" {
					answer.Because = "asks for changes"
				}
				d.waits = append(d.waits, "@"+r.Reviewer.Login+" asked for changes")
				d.next = append(d.next, "Settle the changes that @"+r.Reviewer.Login+" asked for; only an approval by @"+r.Reviewer.Login+", or a dismissal by somebody who may approve this change, lifts that.")
			}
		case "DISMISSED":
			answer.Because = "was dismissed"
		default:
			answer.Because = "a comment decides nothing"
		}
		d.out.Reviews = append(d.out.Reviews, answer)
	}
}

// mayCount says why an approval counts for no guard, whatever it saw; empty if it may count for one, and then notes what limits it.
func (d *decider) mayCount(a *approval) string {
	role := d.f.People.Roles[a.who.ID]
	why := d.in.eligible(d.f, a.who)
	switch {
	case why == "":
	case why == noWrite && role.AtLeast(RoleRead) && anyNeed(d.p, func(n *Need) bool { return n.AllowReaders }):
		a.reader = true
	case why == d.in.why(a.who) && !d.in.reach[a.who].all && role.AtLeast(RoleWrite) && byPath(d.p):
		a.part = why
	default:
		return why
	}
	return ""
}

// limited says why an approval does not count for a duty because of who gave it; empty if it does.
func (d *decider) limited(a *approval, c *cover, du *duty) string {
	switch {
	case a.reader && !du.guard.Need.AllowReaders:
		return noWrite + ", which " + label(du) + " asks for"
	case a.part != "" && !(du.guard.Need.ByPath && d.in.apart(a.who, c, du)):
		return a.part
	}
	return ""
}

// anyNeed says whether what any guard asks for is so.
func anyNeed(p *Policy, is func(*Need) bool) bool {
	return slices.ContainsFunc(p.Guards, func(g Guard) bool { return is(&g.Need) }) || p.Default != nil && is(p.Default) || p.FloorDefault != nil && is(p.FloorDefault)
}

// byPath says whether any guard asks only who touched its own files.
func byPath(p *Policy) bool { return anyNeed(p, func(n *Need) bool { return n.ByPath }) }

// unusable says why it is not known what an approval saw; empty if it is.
func unusable(r *Review, e *LedgerEntry) string {
	switch {
	case r.ViaApp != "":
		return "was given through the App " + r.ViaApp + ", not by the person"
	case e == nil:
		return "was given while reviewgate was not listening: what it saw is not known; approve once more"
	case e.Reviewer != r.Reviewer.ID:
		return "does not belong to the account that gave it; approve once more"
	case !e.Complete:
		return "what it saw (" + short(e.Head) + ") could not be read yet; if this stays, approve once more"
	}
	return ""
}

// extra says how many more approvals than a guard asks for the change needs, and notes why.
func (d *decider) extra() int {
	n := 0
	if len(d.in.marks) > 0 && d.p.Agents.ExtraApprovals > 0 {
		n += d.p.Agents.ExtraApprovals
		d.why = append(d.why, "an agent took part")
	}
	switch {
	case len(d.in.unattributed) > 0:
		n++
		d.hidden = true
		d.why = append(d.why, d.in.unattributed[0])
	case d.in.unsponsored:
		n++
		d.why = append(d.why, "it is not known who set the agent to work")
	}
	return n
}

// guards asks every guard that covers a changed file.
func (d *decider) guards() {
	guards := d.p.Guards
	if d.repair && broken(d.p.Broken) {
		guards = slices.DeleteFunc(slices.Clone(guards), func(g Guard) bool { return g.Origin != "floor" })
	}
	guards = applying(guards, d.f, d.in)
	c := newCover(guards, d.f.Files, d.looks, d.f.Links)
	if !d.p.ControlPlane.holds(d.f, d.in) {
		c.matched[guardPlane] = nil
	}
	extra := d.extra()
	duties := c.duties(d.p, extra)
	duties = append(duties, d.humanDuties(c)...)
	d.unattributed()
	d.disclosed()
	d.unscanned(c, duties)
	d.readCodeowners(guards)
	d.refused = make([]string, len(d.approvals))
	d.unfit = make([]string, len(d.approvals))
	d.counted = make([]bool, len(d.approvals))
	for i := range duties {
		d.guard(c, &duties[i])
	}
	if du, ok := c.lifted(d.p, d.lifted, extra); ok {
		d.guard(c, &du)
	}
	for i, a := range d.approvals {
		answer := &d.out.Reviews[a.answer]
		saw := "approved " + short(a.views[0].entry.Head)
		switch {
		case len(duties) == 0 && !slices.ContainsFunc(a.views, func(v *view) bool { return !v.all }):
			answer.Because = saw + "; the policy asks for a new approval after every push"
		case len(duties) == 0 && (a.part != "" || a.reader):
			answer.Because = cmp.Or(a.part, noWrite)
		case d.counted[i] && d.refused[i] != "":
			answer.Counts, answer.Because = true, "counts in part: "+d.refused[i]
		case d.refused[i] != "":
			answer.Because = d.refused[i]
		case d.counted[i] || d.unfit[i] == "":
			answer.Counts, answer.Because = true, saw
		default:
			answer.Because = "may not approve " + d.unfit[i]
		}
	}
}

// humanDuties are the guards that findings of class "needs a human" act as.
func (d *decider) humanDuties(c *cover) []duty {
	var out []duty
	for _, rule := range slices.Compact(slices.Sorted(slices.Values(d.f.Scan.NeedsHuman))) {
		var files []int32
		for i := range d.f.Scan.Findings {
			finding := &d.f.Scan.Findings[i]
			if finding.RuleID != rule || !finding.Introduced {
				continue
			}
			for n := range c.files {
				if c.files[n].Path == finding.Location.Path {
					files = append(files, int32(n))
				}
			}
			if len(files) == 0 && len(c.files) > 0 {
				files = append(files, 0) // a finding beyond the changed files still needs somebody
			}
		}
		slices.Sort(files)
		if files = slices.Compact(files); len(files) > 0 {
			out = append(out, duty{guard: Guard{Name: rule, Origin: "built-in", Need: Need{Approvals: 1}}, files: files, approval: 1, list: byFinding})
		}
	}
	return out
}

// unscanned asks for a human where a guarded file could not be scanned.
func (d *decider) unscanned(c *cover, duties []duty) {
	if len(d.f.Scan.Unscanned) == 0 {
		return
	}
	paths := map[string]bool{}
	for _, u := range d.f.Scan.Unscanned {
		paths[u.Path] = true
	}
	// Where another guard has somebody look at the file anyway, that is enough; what the floor asks for is not lowered by the repository's guards.
	looked, lookedByFloor := map[int32]bool{}, map[int32]bool{}
	for i := range duties {
		if du := &duties[i]; du.approval > 0 {
			for _, n := range du.files {
				looked[n] = true
				lookedByFloor[n] = lookedByFloor[n] || du.guard.Origin != "repository"
			}
		}
	}
	for i := range duties {
		du := &duties[i]
		enough := lookedByFloor
		if du.guard.Origin == "repository" {
			enough = looked
		}
		if du.approval == 0 && slices.ContainsFunc(du.files, func(n int32) bool { return paths[c.files[n].Path] && !enough[n] }) {
			du.approval = 1
		}
	}
}

// readCodeowners parses the file if a guard uses it. A file that cannot be read in full is a broken policy.
func (d *decider) readCodeowners(guards []Guard) {
	if !usesCodeowners(d.p, guards) {
		return
	}
	owners, problems := ParseCodeowners("CODEOWNERS", d.f.Codeowners)
	if len(problems) > 0 && !d.repair {
		d.out.Problems = append(d.out.Problems, problems...)
		d.cannot("Broken policy: "+first(problems), "Repair CODEOWNERS in a pull request of its own: "+told(problems))
	}
	if len(problems) > 0 {
		owners = &Codeowners{} // maintainers decide meanwhile
	}
	d.owners = owners
}

func usesCodeowners(p *Policy, guards []Guard) bool {
	uses := func(n Need) bool { return slices.ContainsFunc(n.From, func(a Approver) bool { return a.Codeowners }) }
	return slices.ContainsFunc(guards, func(g Guard) bool { return uses(g.Need) }) ||
		p.Default != nil && uses(*p.Default) || p.FloorDefault != nil && uses(*p.FloorDefault)
}

// A group is a part of a duty's files with approvers of its own: without code owners there is one, with them one per line that owns.
type group struct {
	from    []Approver
	who     string // "@acme/security or a code owner (@bob)"
	because string // ", because src/a.go has no code owner"
}

// guard answers for one duty.
func (d *decider) guard(c *cover, du *duty) {
	answer := GuardAnswer{Name: du.guard.Name, Origin: du.guard.Origin, Needed: du.approval + du.extra, Extra: du.extra, Files: names(c.files, du.files), Approved: []string{}, May: []string{}}
	if d.waiveGuard(c, du, &answer) {
		d.lift(du)
		d.out.Guards = append(d.out.Guards, answer)
		return
	}
	if du.guard.Tier != "critical" && len(du.guard.Checklists) == 0 {
		if e := d.exempt(d.exempting(du)); e != nil {
			d.lift(du)
			answer.Holds, answer.Because = true, e.String()
			d.out.Guards = append(d.out.Guards, answer)
			return
		}
	}
	groups := d.groups(c, du)
	if len(du.guard.Need.AnyOf) > 0 {
		groups = nil
	}
	var fresh []int
	var again []string
	for i := range d.approvals {
		if because := d.limited(&d.approvals[i], c, du); because != "" {
			d.refused[i] = because
			continue
		}
		if because := d.approvals[i].changedSince(c, du); because != "" {
			d.refused[i] = because
			if who := d.approvals[i].who; slices.ContainsFunc(groups, func(g group) bool { return d.fits(who, g.from) }) {
				again = append(again, "@"+who.Login)
			}
			continue
		}
		fresh = append(fresh, i)
	}
	approved := map[string]bool{}
	may := func(from []Approver) []string { return d.may(from, approved, du.guard.Need.AllowReaders) }
	var missing []string // phrases: "1 more approval from @acme/security"
	var asks []ask
	short := 0 // approvals that are missing in the first group that lacks any
	for _, g := range groups {
		have := 0
		for _, i := range fresh {
			switch {
			case du.approval == 0:
			case d.fits(d.approvals[i].who, g.from):
				have++
				d.counted[i] = true
				approved[d.approvals[i].who.Login] = true
			case d.unfit[i] == "":
				d.unfit[i] = label(du) + ", which needs " + g.who
			}
		}
		if have < du.approval {
			n := du.approval - have
			short = max(short, n)
			who := g.who
			can := may(g.from)
			if answer.May = append(answer.May, can...); len(can) == 0 {
				who += " (nobody is left)"
			}
			missing = append(missing, more(n, have)+" from "+who+g.because)
			asks = append(asks, ask{can, g.who, more(n, have), g.because})
		}
	}
	if anyOf := du.guard.Need.AnyOf; len(anyOf) > 0 {
		lacks, used := d.alternatives(anyOf, du.approval, fresh)
		for _, i := range used {
			d.counted[i] = true
			approved[d.approvals[i].who.Login] = true
		}
		for _, i := range fresh {
			if d.unfit[i] == "" && !slices.Contains(used, i) {
				d.unfit[i] = label(du) + ", which needs " + whoAll(anyOf)
			}
		}
		if len(lacks) > 0 {
			short = len(lacks)
			answer.May = append(answer.May, may(lacks)...)
			missing = append(missing, more(len(lacks), len(used))+" from "+whoAll(anyOf))
			asks = append(asks, ask{may(lacks), whoAll(anyOf), more(len(lacks), len(used)), ""})
		}
	}
	if teams := du.guard.Need.DistinctTeams; len(teams) > 0 && len(missing) == 0 {
		d.known(teamApprovers(teams), "the guard "+label(du))
		var counts []int
		for _, i := range fresh {
			if approved[d.approvals[i].who.Login] {
				counts = append(counts, i)
			}
		}
		have, helping := d.teams(teams, counts)
		if n := du.approval - have; n > 0 {
			short = max(short, n)
			can := may(teamApprovers(helping))
			answer.May = append(answer.May, can...)
			missing = append(missing, more(n, len(counts))+" from another team ("+list(teamNames(helping))+")")
			asks = append(asks, ask{can, "another team", more(n, len(counts)), ", from another team than those who approved"})
		}
	}
	if du.extra > 0 {
		// What is asked for on top is independent of the whole change, and by people who may write.
		full := 0
		for _, i := range fresh {
			if a := &d.approvals[i]; a.part == "" && !a.reader {
				full++
				d.counted[i] = true
				approved[a.who.Login] = true
			}
		}
		if n := max(du.approval+du.extra-len(approved)-short, du.extra-full); n > 0 {
			anyone, because := Approver{Role: RoleWrite}.String(), ", because "+strings.Join(d.why, " and ")
			answer.May = append(answer.May, anyone)
			missing = append(missing, more(n, len(approved))+" from "+anyone+because)
			asks = append(asks, ask{[]string{anyone}, anyone, more(n, max(len(approved), len(asks))), because})
		}
	}
	if du.guard.Need.UpToDate && d.f.Base != d.f.MergeBase {
		missing = append(missing, "the branch to be up to date with "+d.f.BaseRef)
		d.next = append(d.next, "Update the branch: "+d.f.BaseRef+" has moved on, and "+label(du)+" must be judged on top of it.")
	}
	if d.hidden && du.guard.Tier == "critical" {
		missing = append(missing, "every commit to belong to an account")
		d.next = append(d.next, "Rewrite the commit with an e-mail address that belongs to a GitHub account: "+strings.Join(d.in.unattributed, "; ")+".")
	}
	d.ask(label(du), asks, again)
	var unattested []string
	answer.Checklists, unattested = d.checklists(c, du)
	for _, name := range unattested {
		missing = append(missing, "the checklist "+name+" to be attested")
		d.next = append(d.next, `Look at what the checklist `+name+` names, then write "/reviewgate attest `+name+`" in a comment; anyone with write who took no part in the change can.`)
	}
	answer.Approved = sortedKeys(approved)
	answer.May = uniqueSorted(answer.May)
	answer.Holds = len(missing) == 0
	switch {
	case !answer.Holds:
		answer.Because = "needs " + strings.Join(missing, "; ")
		what, _, _ := strings.Cut(missing[0], ", because ")
		d.waits = append(d.waits, "Needs "+what+" for "+label(du))
	case answer.Needed == 0:
		answer.Because = "needs no approval"
	case len(groups) > 1:
		answer.Because = "every code owner approved"
	default:
		answer.Because = fmt.Sprintf("%d of %d approvals", min(len(approved), answer.Needed), answer.Needed)
	}
	d.out.Guards = append(d.out.Guards, answer)
}

// exempting names the file whose exemptions hold for a duty. Of what is built in, files that steer builds have some: the bots that bump versions
// touch little else. Where there is a floor, only it may say so.
func (d *decider) exempting(du *duty) string {
	switch {
	case du.list != guardPlane:
		return du.guard.Origin
	case d.p.Floored:
		return "floor"
	}
	return "repository"
}

// lift notes that a guard of the repository asks for nothing.
func (d *decider) lift(du *duty) {
	if du.guard.Origin == "repository" {
		d.lifted = append(d.lifted, du.files...)
	}
}

// waiveGuard lets a guard of the policy be waived; what is built in cannot be.
func (d *decider) waiveGuard(c *cover, du *duty, answer *GuardAnswer) bool {
	if du.guard.Unwaivable || du.guard.Origin == "built-in" {
		for i := range d.waived {
			if d.waived[i].target == fold(du.guard.Name) {
				d.out.Waivers[d.waived[i].answer].Because = label(du) + " cannot be waived"
			}
		}
		return false
	}
	answer.Waived = d.waive(du.guard.Name, du.guard.Tier == "critical", du.guard.Origin == "repository", func(v *view) string { return v.changedSince(c, du) })
	if len(answer.Waived) == 0 {
		return false
	}
	answer.Holds, answer.Because = true, "waived by "+strings.Join(answer.Waived, " and ")
	return true
}

// An ask is approvals that a guard lacks.
type ask struct {
	can  []string // who can still give them
	who  string   // whom the guard names
	what string   // "1 more approval"
	also string   // the rest of the sentence: ", because an agent took part"
}

// ask adds the sentence that says whom to ask: "Ask @acme/security for 1 approval of auth, and anyone with write for 1 more approval, because ...".
// One that asks the same people for the same of several guards is said once. again are people whose approval is for an earlier state.
func (d *decider) ask(guard string, asks []ask, again []string) {
	var parts []string
	for _, a := range asks {
		if len(a.can) == 0 {
			d.next = append(d.next, "Everybody who may approve "+guard+" took part in this change, has approved it already or cannot approve: it needs "+a.what+" from "+a.who+a.also+". Name another approver in the policy or in CODEOWNERS, in a pull request of its own.")
			continue
		}
		parts = append(parts, list(a.can)+" for "+a.what+" of\x00"+a.also)
	}
	if len(parts) == 0 {
		return
	}
	for i := range parts[1:] {
		parts[i+1] = strings.Replace(parts[i+1], " of\x00", "", 1)
	}
	sentence := "Ask " + strings.Join(parts, ", and ")
	if len(again) > 0 {
		sentence += "; " + list(again) + " can, by approving once more"
	}
	said := slices.IndexFunc(d.asked, func(a asked) bool { return a.sentence == sentence })
	if said < 0 {
		said = len(d.asked)
		d.asked = append(d.asked, asked{sentence: sentence, next: len(d.next)})
		d.next = append(d.next, "")
	}
	a := &d.asked[said]
	a.guards = append(a.guards, guard)
	d.next[a.next] = strings.Replace(sentence, "\x00", " "+and(a.guards), 1) + "."
}

// An asked is a sentence with a gap for the guards that it is about.
type asked struct {
	sentence string
	guards   []string
	next     int // index in decider.next
}

// label names a duty to a reader: its name, or its first path.
func label(du *duty) string {
	switch {
	case du.list == byDefault || du.list == byFloorDefault:
		return "files without a guard"
	case du.guard.Name != "":
		return du.guard.Name
	case len(du.guard.Paths) > 0:
		return du.guard.Paths[0]
	}
	return "this change"
}

// groups splits the duty's files by who may approve them.
func (d *decider) groups(c *cover, du *duty) []group {
	need := du.guard.Need
	var rest []Approver
	for _, a := range need.From {
		if !a.Codeowners {
			rest = append(rest, a)
		}
	}
	d.known(rest, "the guard "+label(du))
	for _, alternative := range need.AnyOf {
		d.known(alternative, "the guard "+label(du))
	}
	if len(rest) == len(need.From) {
		from := need.From
		if len(from) == 0 {
			from = []Approver{{Role: RoleWrite}}
		}
		return []group{{from: from, who: d.who(from)}}
	}
	if d.owners == nil || du.approval == 0 {
		return nil
	}
	byLine := map[int]*group{}
	for _, i := range du.files {
		path := c.files[i].Path
		rules := d.owners.owners(path)
		if len(rules) == 0 || len(rules) == 1 && len(rules[0].Owners) == 0 {
			// Nobody owns it. That is no permission: a maintainer decides.
			if byLine[0] == nil {
				from := append(slices.Clone(rest), Approver{Role: RoleMaintain})
				byLine[0] = &group{from: from, who: d.who(from), because: ", because " + show(path) + " has no code owner"}
			}
			continue
		}
		for _, rule := range rules {
			if len(rule.Owners) == 0 || byLine[rule.Line] != nil {
				continue
			}
			owners := d.ownersOf(rule)
			from := append(slices.Clone(rest), owners...)
			byLine[rule.Line] = &group{from: from, who: d.who(from)}
		}
	}
	var out []group
	lines := make([]int, 0, len(byLine))
	for line := range byLine {
		lines = append(lines, line)
	}
	sort.Ints(lines)
	said := map[string]bool{}
	for _, line := range lines {
		if g := byLine[line]; !said[g.who] {
			said[g.who] = true
			out = append(out, *g)
		}
	}
	return out
}

// ownersOf turns the owners of a line into approvers. One that GitHub does not know, or that is only an e-mail address, makes the
// line unusable: who owns the path cannot be told.
func (d *decider) ownersOf(rule *CodeownersRule) []Approver {
	var out []Approver
	for _, o := range rule.Owners {
		switch {
		case o.User != "":
			out = append(out, Approver{User: o.User})
		case o.Team != "":
			out = append(out, Approver{Team: o.Team})
		default:
			d.problem(Problem{File: "CODEOWNERS", Line: rule.Line, Message: fmt.Sprintf("the owner %q is an e-mail address, which cannot be matched to an account", clip(o.Email)), Remedy: "Write @login instead."})
		}
	}
	d.known(out, fmt.Sprintf("CODEOWNERS, line %d,", rule.Line))
	return out
}

func (d *decider) problem(p Problem) {
	if slices.Contains(d.out.Problems, p) {
		return
	}
	d.out.Problems = append(d.out.Problems, p)
	next := p.String()
	d.cannot("Broken policy: "+strings.TrimPrefix(p.Place()+": "+p.Message, ": "), strings.ToUpper(next[:1])+next[1:])
}

// known checks that the approvers exist: an unknown one is an error of the policy, never "nobody".
func (d *decider) known(from []Approver, where string) {
	for _, a := range from {
		switch {
		case a.User != "":
			if who, ok := d.f.People.Users[strings.ToLower(a.User)]; !ok || who.ID == 0 {
				d.problem(Problem{Message: where + " names @" + a.User + ", which is no account on GitHub", Remedy: "Correct the login."})
			}
		case a.Team != "":
			team, ok := d.f.People.Teams[strings.ToLower(a.Team)]
			if !ok {
				d.problem(Problem{Message: where + " names @" + a.Team + ", which is no team that reviewgate can see", Remedy: "Correct the name, or let the App read the organisation's members."})
			} else if a.TeamID != 0 && team.ID != a.TeamID {
				d.problem(Problem{Message: fmt.Sprintf("%s pins @%s to id %d, but that name now belongs to team %d", where, a.Team, a.TeamID, team.ID), Remedy: "Check who owns the team, then correct the id."})
			}
		}
	}
}

// fits says whether the person is among the approvers.
func (d *decider) fits(who Person, from []Approver) bool {
	for _, a := range from {
		switch {
		case a.User != "":
			if user := d.f.People.Users[strings.ToLower(a.User)]; user.ID != 0 && user.ID == who.ID {
				return true
			}
		case a.Team != "":
			team := d.f.People.Teams[strings.ToLower(a.Team)]
			if (a.TeamID == 0 || a.TeamID == team.ID) && slices.ContainsFunc(team.Members, func(m Person) bool { return m.ID != 0 && m.ID == who.ID }) {
				return true
			}
		case a.Role != RoleNone:
			if d.f.People.Roles[who.ID].AtLeast(a.Role) {
				return true
			}
		}
	}
	return false
}

// may lists who of the approvers may still approve.
func (d *decider) may(from []Approver, approved map[string]bool, readers bool) []string {
	var out []string
	least := RoleWrite
	if readers {
		least = RoleRead
	}
	// The roles of a team's members are only known once they have reviewed, so a member counts as possible until then.
	possible := func(who Person) bool {
		return d.in.human(who) == "" && d.in.why(who) == "" && !approved[who.Login]
	}
	for _, a := range from {
		switch {
		case a.User != "":
			if who := resolve(d.f, a.User); possible(who) && d.f.People.Roles[who.ID].AtLeast(least) {
				out = append(out, "@"+who.Login)
			}
		case a.Team != "":
			team := d.f.People.Teams[strings.ToLower(a.Team)]
			if (a.TeamID == 0 || a.TeamID == team.ID) && slices.ContainsFunc(team.Members, possible) {
				out = append(out, "@"+a.Team)
			}
		case a.Role != RoleNone:
			out = append(out, a.String())
		}
	}
	return out
}

// who names the approvers: "@acme/security or @alice".
func (d *decider) who(from []Approver) string {
	var out []string
	for _, a := range from {
		out = append(out, a.String())
	}
	if len(out) == 0 {
		return "a code owner"
	}
	return strings.Join(slices.Compact(out), " or ")
}

// conclude picks the state and the words.
func (d *decider) conclude() {
	out := d.out
	switch {
	case len(d.blocks) > 0:
		out.State = Block
		out.Title = "Blocked by " + strings.Join(d.blocks, " and ")
	case len(d.errors) > 0:
		out.State = Error
		out.Title = d.errors[0]
	case len(d.waits) > 0:
		out.State = Pending
		out.Title = d.waits[0]
		if n := len(d.waits) - 1; n > 0 {
			tail := fmt.Sprintf(" (and %d more)", n)
			out.Title = cut(out.Title, maxTitle-len(tail)-advisoryRoom(out)) + tail
		}
	default:
		out.State = Pass
		out.Title = "Nothing needs an approval, and no finding blocks"
		if n := len(out.Guards); n > 0 {
			out.Title = "Approved: " + holds(n)
		}
		if slices.ContainsFunc(out.Waivers, func(w WaiverAnswer) bool { return w.Counts }) {
			out.Title += ", with a waiver"
		}
	}
	out.Next = unique(slices.Concat(d.fixes, d.repairs, d.next))
	if out.Advisory {
		out.Title = "Advisory: " + lowerFirst(out.Title)
		if len(d.p.Sources) == 0 {
			out.Next = append(out.Next, "Nothing is enforced yet: this repository has no policy. Add .github/reviewgate.yml with the line \"version: 1\" to guard the files that steer builds and agents, and require the check "+CheckName(d.f.Default, d.f.BaseRef)+" in a ruleset.")
		} else {
			out.Next = append(out.Next, "Nothing is enforced: set \"mode: enforce\" in the policy to let this check block.")
		}
	}
	if out.Ungoverned {
		if out.State == Pass {
			out.State = Pending // green is for governed branches only, whoever reads the state
		}
		out.Title = "Not governed: " + d.f.BaseRef + " is no branch that the policy guards"
	}
	out.Title = cut(out.Title, maxTitle)
}

func names(files []FileChange, which []int32) []string {
	out := make([]string, len(which))
	for i, n := range which {
		out[i] = files[n].Path
	}
	if !sort.StringsAreSorted(out) {
		sort.Strings(out)
	}
	return out
}

// unattributed waits for everybody to be known, where the policy asks for that.
func (d *decider) unattributed() {
	if !d.p.Agents.BlockUnattributed {
		return
	}
	if len(d.in.unattributed) > 0 {
		d.waits = append(d.waits, "Needs every commit to belong to an account")
		d.next = append(d.next, "Rewrite the commit with an e-mail address that belongs to a GitHub account: "+strings.Join(d.in.unattributed, "; ")+".")
	}
	if d.in.unsponsored {
		d.waits = append(d.waits, "It is not known who set the agent to work")
		d.next = append(d.next, "Name who sets the agent to work under agents.sponsors of the policy, or let a human assign it.")
	}
}

// whoAll names alternatives: "@alice and @acme/core, or @bob".
func whoAll(anyOf [][]Approver) string {
	var out []string
	for _, from := range anyOf {
		var all []string
		for _, a := range from {
			all = append(all, a.String())
		}
		out = append(out, strings.Join(all, " and "))
	}
	return strings.Join(out, ", or ")
}

func teamApprovers(names []string) []Approver {
	var out []Approver
	for _, name := range names {
		out = append(out, Approver{Team: name})
	}
	return out
}

func teamNames(names []string) []string {
	var out []string
	for _, name := range names {
		out = append(out, "@"+name)
	}
	return out
}

// WillNeed says, before there is a pull request, which guards the change will meet and what they will ask for. Who exists and who
// took part is not known yet, so May names the approvers as the policy does. symbolic are the links of both trees, as in Facts.
func WillNeed(p *Policy, files []FileChange, symbolic []Link) []GuardAnswer {
	files = splitFiles(files)
	c := newCover(p.Guards, files, looks(files), symbolic)
	if p.ControlPlane == PlaneOff {
		c.matched[guardPlane] = nil
	}
	out := []GuardAnswer{}
	for _, du := range c.duties(p, 0) {
		from := du.guard.Need.From
		if len(from) == 0 {
			from = []Approver{{Role: RoleWrite}}
		}
		a := GuardAnswer{Name: du.guard.Name, Origin: du.guard.Origin, Files: names(files, du.files), Needed: du.approval, Approved: []string{}, May: []string{}, Holds: du.approval == 0, Because: "needs no approval"}
		if du.approval > 0 {
			var who []string
			for _, f := range from {
				who = append(who, f.String())
			}
			if anyOf := du.guard.Need.AnyOf; len(anyOf) > 0 {
				who = []string{whoAll(anyOf)}
			}
			a.May = uniqueSorted(slices.Clone(who))
			a.Because = "will need " + plural(du.approval, "approval") + " from " + strings.Join(who, " or ")
			if len(du.guard.Need.DistinctTeams) > 0 {
				a.Because += ", each from another team"
			}
			if du.list == guardPlane && p.ControlPlane == PlaneAgents {
				a.Because += ", but only when: an agent took part, somebody is not known, or from a fork"
			}
			if du.guard.Need.MinReview > 0 {
				a.Because += fmt.Sprintf(", %d seconds or more after the push", du.guard.Need.MinReview)
			}
			for _, list := range du.guard.Checklists {
				a.Because += ", and the checklist " + list.Name + " attested"
			}
			if when := du.guard.When.String(); when != "" {
				a.Because += ", but only when: " + when
			}
		}
		out = append(out, a)
	}
	return out
}
