package review

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/report"
	"github.com/reviewgate-app/reviewgate/checks"
)

// A Group is a merge group: a commit that a merge queue made of a branch and some pull requests, and puts on the branch once the required
// checks pass on it. Nobody approves it, so it passes only if what it changes was approved elsewhere: every pull request in it passes
// now, and it holds nothing else. That is proved from git, because GitHub does not say what a group is made of:
//
//   - the commits of the group are merges that git makes again byte for byte, each of the head of one of the pull requests; or
//   - (squashed or rebased) each changed path is on both sides exactly what it is in one of them.
//
// What a guard covers has to be exactly what it is in one pull request in either case, and the group is scanned as a whole. What cannot
// be proved does not pass.
type Group struct {
	Head, HeadRef, BaseRef string
	Ended                  string // "dropped" or "merged", as GitHub said; "": it waits for its check
	Members                []int  // the pull requests in it, as far as an earlier run found out
}

// maxMembers bounds the pull requests of one group; GitHub's own limit is 100.
const maxMembers = 100

// Queue looks at every merge group of the repository. ref.Number is 0.
func (r *Reviewer) Queue(ctx context.Context, ref Ref) error {
	groups, err := r.opt.Store.Groups(ctx, ref)
	if err != nil {
		return err
	}
	var errs []error
	for _, g := range groups {
		errs = append(errs, r.anew(ctx, func() error { return r.group(ctx, ref, g) }))
	}
	return errors.Join(errs...)
}

// QueueGiveUp tells on every group that there is no answer, so that the queue does not wait for one.
func (r *Reviewer) QueueGiveUp(ctx context.Context, ref Ref, cause error) (err error) {
	if ref.Seq, err = r.opt.Number(ctx); err != nil {
		return err
	}
	groups, err := r.opt.Store.Groups(ctx, ref)
	if err != nil {
		return err
	}
	gh := r.opt.GitHub(ref.Installation)
	var errs []error
	for _, g := range groups {
		if g.Ended != "" {
			continue
		}
		j, _, err := r.judgeGroup(ctx, gh, ref, g)
		if err == nil && j != nil {
			j.decision = gaveUp(cause)
			err = j.tellGroup(ctx)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// touchGroups has the merge groups looked at again that the pull request is in, or one that has its head: they are decided together.
func (r *Reviewer) touchGroups(ctx context.Context, ref Ref, head, baseRef string) error {
	groups, err := r.opt.Store.Groups(ctx, ref)
	if err != nil || len(groups) == 0 {
		return err
	}
	together, err := r.opt.Store.Siblings(ctx, ref, head, baseRef)
	if err != nil {
		return err
	}
	together = append(together, ref.Number)
	if !slices.ContainsFunc(groups, func(g Group) bool {
		return slices.ContainsFunc(together, func(n int) bool { return slices.Contains(g.Members, n) })
	}) {
		return nil
	}
	return r.opt.Store.Touch(ctx, ref, []int{0})
}

func (r *Reviewer) group(ctx context.Context, ref Ref, g Group) (err error) {
	if ref.Seq, err = r.opt.Number(ctx); err != nil {
		return err
	}
	gh := r.opt.GitHub(ref.Installation)
	j, ended, err := r.judgeGroup(ctx, gh, ref, g)
	if err != nil {
		return err
	}
	if j == nil {
		return r.endGroup(ctx, ref, g, ended)
	}
	defer j.close(ctx)
	start := time.Now() // for the log only
	if j.stand.BaseRef == j.live.Facts.Default {
		if err := j.begin(ctx); err != nil {
			return err
		}
	}
	switch governed, err := j.decideGroup(ctx, g); {
	case err != nil:
		says, unread := r.opt.Store.Says(ctx, j.slot)
		r.takeBack(ctx, j.ref, []Mark{{Slot: j.slot, Head: j.stand.Head, Name: j.name, Says: says}})
		return errors.Join(err, unread)
	case !governed:
		return r.cancelGroup(ctx, ref, g) // what was set while it was governed must not shine on
	}
	switch after, _, err := r.judgeGroup(ctx, gh, ref, g); {
	case err != nil:
		return err
	case after == nil || after.stand != j.stand:
		return errMoved
	}
	if err := j.tellGroup(ctx); err != nil {
		return err
	}
	j.log(ctx).Info().Str("group", g.HeadRef).Str("state", string(j.decision.State)).Str("title", j.decision.Title).Dur("took", time.Since(start)).Msg("decided on a merge group")
	return j.again
}

// judgeGroup reads where the group and its base stand. If the group is over, there is no judgement, and ended says how.
func (r *Reviewer) judgeGroup(ctx context.Context, gh GitHub, ref Ref, g Group) (j *judgement, ended string, err error) {
	if g.Ended != "" {
		return nil, g.Ended, nil
	}
	repo, tips, err := gh.Tips(ctx, ref.Owner, ref.Name, g.BaseRef, g.HeadRef)
	if errors.Is(err, github.ErrNotFound) || err == nil && repo.ID != ref.RepoID {
		return nil, dropped, nil
	}
	if err != nil {
		return nil, "", err
	}
	ref.Owner, ref.Name = repo.Owner, repo.Name
	if tips[g.HeadRef] != g.Head || tips[g.BaseRef] == "" || tips[repo.DefaultBranch] == "" {
		// Its branch is gone, and the event that says why is not here yet.
		in, err := gh.Contains(ctx, ref.Owner, ref.Name, tips[g.BaseRef], g.Head)
		if err == nil && in {
			return nil, merged, nil
		}
		return nil, dropped, err
	}
	live := &github.PullFacts{Repository: repo, DefaultSHA: tips[repo.DefaultBranch]}
	live.Facts = gate.Facts{Repo: ref.repo(), State: "open", Head: g.Head, HeadRef: g.HeadRef, BaseRef: g.BaseRef, Base: tips[g.BaseRef], Default: repo.DefaultBranch}
	return r.judge(gh, ref, live), "", nil
}

// The ends of a group.
const (
	dropped = "dropped"
	merged  = "merged"
)

// endGroup closes a group. What GitHub gave up must not stay green: the commit may come back as somebody's head.
func (r *Reviewer) endGroup(ctx context.Context, ref Ref, g Group, ended string) error {
	if ended != merged {
		if err := r.cancelGroup(ctx, ref, g); err != nil {
			return err
		}
	}
	return r.opt.Store.CloseGroup(ctx, ref, g.Head)
}

func (r *Reviewer) cancelGroup(ctx context.Context, ref Ref, g Group) error {
	var deeds []Deed
	// The base may have been the default branch or not.
	for _, name := range []string{gate.CheckName(g.BaseRef, g.BaseRef), gate.CheckName("", g.BaseRef)} {
		slot := checkSlot(ref, g.Head, name)
		says, err := r.opt.Store.Says(ctx, slot)
		if err != nil {
			return err
		}
		if says != "" && says != "cancelled" {
			deeds = append(deeds, cancel(ref, slot, g.Head, name))
		}
	}
	if len(deeds) == 0 {
		return nil
	}
	if err := r.opt.Store.Keep(ctx, Outcome{Ref: ref, Deeds: deeds}); err != nil {
		return err
	}
	return r.opt.Outbox.Deliver(ctx, ref)
}

// tellGroup keeps the decision on a group and sets its check run. There is nobody to comment to.
func (j *judgement) tellGroup(ctx context.Context) error {
	in := &report.Input{Tool: j.opt.Tool, Repo: j.ref.repo(), Scan: j.scan, Decision: j.decision}
	o := Outcome{Ref: j.ref, Standing: j.stand, ScanKey: j.scanKey, ConfigKey: j.configKey, Decision: j.decision, Facts: &j.facts, Deeds: []Deed{j.check(report.RenderCheckRun(in, j.name))}}
	if err := j.opt.Store.Keep(ctx, o); err != nil {
		return fmt.Errorf("keeping the decision on a merge group: %w", err)
	}
	j.opt.Reached("decided")
	return j.opt.Outbox.Deliver(ctx, j.ref)
}

// decideGroup makes the decision on a group. governed is false if its base has no check at all.
func (j *judgement) decideGroup(ctx context.Context, g Group) (governed bool, err error) {
	switch err := j.gatherGroup(ctx, g); {
	case errors.Is(err, errUngoverned):
		return false, nil
	case err != nil && final(err):
		j.log(ctx).Warn().Err(err).Msg("cannot tell")
		j.decision = cannotTell("a fact that the decision needs", github.Redact(err.Error()), "Take the pull request out of the queue and put it in again once the reason is gone.")
	case err != nil:
		return true, err
	}
	if j.config != nil {
		j.decision.Advisory = j.config.Policy.Mode == gate.Advisory
	}
	if j.decision.Advisory {
		j.decision.Title = "Advisory: " + j.decision.Title
	}
	return true, nil
}

var errUngoverned = errors.New("the base is not governed")

func (j *judgement) gatherGroup(ctx context.Context, g Group) error {
	if err := j.readRepo(ctx); err != nil {
		return err
	}
	f := &j.live.Facts
	if !j.config.Policy.Governs(f.Default, f.BaseRef) {
		return errUngoverned
	}
	if f.BaseRef != f.Default {
		if err := j.begin(ctx); err != nil {
			return err
		}
	}
	f.MergeBase, f.Files, f.Commits = j.git.MergeBase, j.git.files(), j.git.Commits
	j.facts = *f
	members, err := j.members(ctx, g)
	if err != nil {
		return err
	}
	if err := j.readScan(ctx); err != nil {
		return err
	}
	j.decision = j.answerGroup(g, members)
	return nil
}

// A member is one pull request of a group, judged as it is now.
type member struct {
	number int
	head   string
	gone   bool // it is not an open pull request into the group's base
	*judgement
}

// queueRef reads the number of the pull request at the end of a group from the name that GitHub gives the group's branch.
var queueRef = regexp.MustCompile(`^gh-readonly-queue/.+/pr-([1-9][0-9]{0,9})-[0-9a-f]{7,64}$`)

// mentions reads the numbers in the first line of the commits that GitHub makes: "Merge pull request #12 from ...", "Title (#12)".
var mentions = regexp.MustCompile(`^Merge pull request #([1-9][0-9]{0,9}) |\(#([1-9][0-9]{0,9})\)$`)

// members judges the pull requests that the group may be made of, sorted by number. A wrong guess can only add one that has to pass, too.
func (j *judgement) members(ctx context.Context, g Group) ([]member, error) {
	guesses := map[int]bool{} // true: the name of the group says so
	if m := queueRef.FindStringSubmatch(g.HeadRef); m != nil {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			return nil, fmt.Errorf("reading the number in %s: %w", g.HeadRef, err)
		}
		guesses[n] = true
	}
	for _, c := range j.chain() {
		for _, m := range mentions.FindAllStringSubmatch(firstLine(c.Message), -1) {
			if n, err := strconv.Atoi(m[1] + m[2]); err == nil && !guesses[n] {
				guesses[n] = false
			}
		}
		if len(c.Parents) != 2 {
			continue
		}
		those, err := j.opt.Store.Siblings(ctx, j.ref, c.Parents[1], j.stand.BaseRef)
		if err != nil {
			return nil, err
		}
		for _, n := range those {
			if !guesses[n] {
				guesses[n] = false // a guess, unless it is known already
			}
		}
	}
	if len(guesses) > maxMembers {
		return nil, unknownFact{gate.Unknown{What: "the pull requests of the group", Reason: fmt.Sprintf("there are more than %d", maxMembers)}}
	}
	var out []member
	for _, n := range slices.Sorted(maps.Keys(guesses)) {
		m, err := j.member(ctx, n)
		if err != nil {
			return nil, fmt.Errorf("judging #%d: %w", n, err)
		}
		if !m.gone || guesses[n] {
			out = append(out, m)
		}
	}
	var numbers []int
	for _, m := range out {
		numbers = append(numbers, m.number)
	}
	return out, j.opt.Store.SaveMembers(ctx, j.ref, g.Head, numbers)
}

// member judges one pull request as its own job would, and tells nobody.
func (j *judgement) member(ctx context.Context, number int) (member, error) {
	ref := j.ref
	ref.Number, ref.Forced = number, false
	out := member{number: number}
	live, err := j.look(ctx, j.gh, ref)
	if errors.Is(err, github.ErrNotFound) {
		out.gone = true
		return out, nil
	}
	if err != nil {
		return out, err
	}
	if live.Facts.State != "open" || live.Facts.BaseRef != j.stand.BaseRef {
		out.gone = true
		return out, nil
	}
	out.judgement = j.judge(j.gh, ref, live)
	out.queued = true
	out.head = live.Facts.Head
	defer out.close(ctx)
	if err := out.decide(ctx, func(context.Context) error { return nil }); err != nil {
		return out, err
	}
	j.again = errors.Join(j.again, out.again)
	moved, err := out.moved(ctx)
	if err == nil && moved {
		err = errMoved
	}
	return out, err
}

// chain lists the commits that the group stacks on its base, newest first: the first parents from its head on.
func (j *judgement) chain() []gate.Commit {
	bySHA := map[string]gate.Commit{}
	for _, c := range j.git.Commits {
		bySHA[c.SHA] = c
	}
	var out []gate.Commit
	for at := j.stand.Head; ; {
		c, ok := bySHA[at]
		if !ok || len(c.Parents) == 0 {
			return out
		}
		out = append(out, c)
		at = c.Parents[0]
	}
}

// merges says whether the group is nothing but clean merges of the members' heads, one on the other, on its base.
func (j *judgement) merges(members []member) bool {
	at := j.stand.Head
	for _, c := range j.chain() {
		if len(c.Parents) != 2 || !c.CleanMerge || !slices.ContainsFunc(members, func(m member) bool { return m.head == c.Parents[1] }) {
			return false
		}
		at = c.Parents[0]
	}
	return at == j.git.MergeBase
}

// answerGroup decides from the members' decisions and what the group changes.
func (j *judgement) answerGroup(g Group, members []member) *gate.Decision {
	d := &gate.Decision{State: gate.Pass, Guards: []gate.GuardAnswer{}, Reviews: []gate.ReviewAnswer{}}
	worse := func(s gate.State, title, next string) {
		if rank[s] > rank[d.State] {
			d.State, d.Title = s, title
		}
		d.Next = append(d.Next, next)
	}
	var names []string
	for _, m := range members {
		name := "#" + strconv.Itoa(m.number)
		names = append(names, name)
		switch {
		case m.gone:
			worse(gate.Error, "Cannot tell: "+name+" is not open", "The group is made of "+name+", which is not an open pull request into "+g.BaseRef+".")
		case m.decision.State != gate.Pass:
			worse(m.decision.State, name+" does not pass now", name+": "+m.decision.Title+".")
		}
	}
	if len(members) == 0 {
		worse(gate.Error, "Cannot tell: which pull requests the group is made of", "Neither the name of the group's branch nor its commits name a pull request that is open here.")
	}
	if p := j.config.Policy; slices.ContainsFunc(p.HeadBroken, func(p gate.Problem) bool { return !p.Warning }) {
		d.Problems = p.HeadBroken
		worse(gate.Error, "The policy would be broken by the group as a whole", "Repair what the pull requests together do to the policy.")
	}
	if odd := j.odd(members); len(odd) > 0 {
		worse(gate.Error, "Cannot tell: the group holds more than its pull requests", fmt.Sprintf("%s is not what it is in any of %s, so nobody has approved it as it is (%d such files). Update the branch of the pull request, have it approved as it then is, and put it into the queue again.",
			strconv.Quote(odd[0]), strings.Join(names, ", "), len(odd)))
	}
	for _, failure := range j.scan.Failures() {
		if letPass(members, func(m member) bool { return m.waivedFailure(failure) }, len(members)) {
			continue
		}
		worse(gate.Error, "Cannot tell: a check failed", "Put the pull request into the queue again; if it fails again, tell the operator of reviewgate: "+failure+".")
	}
	for i := range j.scan.Findings {
		if f := &j.scan.Findings[i]; f.Blocking && !slices.Contains(j.facts.Scan.NeedsHuman, f.RuleID) &&
			!letPass(members, func(m member) bool { return m.waivedFinding(f) }, 1) {
			d.Blocking = append(d.Blocking, string(f.Fingerprint))
		}
	}
	if n := len(d.Blocking); n > 0 {
		worse(gate.Block, fmt.Sprintf("Blocked by %d findings in the group as a whole", n), "Fix the blocking findings; every one says what to do.")
	}
	if d.State == gate.Pass {
		d.Title = "Every pull request of the group passes: " + strings.Join(names[:min(len(names), 8)], ", ")
		if n := len(names) - 8; n > 0 {
			d.Title += fmt.Sprintf(" and %d more", n)
		}
	}
	return d
}

// letPass says whether at least so many members that pass now let something pass by a waiver.
func letPass(members []member, waived func(member) bool, atLeast int) bool {
	n := 0
	for _, m := range members {
		if !m.gone && m.decision.State == gate.Pass && m.scan != nil && waived(m) {
			n++
		}
	}
	return n > 0 && n >= atLeast
}

// waivedFinding says whether the member has the same finding and passes all the same.
func (m member) waivedFinding(f *checks.Finding) bool {
	return !slices.Contains(m.decision.Blocking, string(f.Fingerprint)) &&
		slices.ContainsFunc(m.scan.Findings, func(o checks.Finding) bool { return o.Blocking && o.Fingerprint == f.Fingerprint })
}

// waivedFailure says whether the same check failed in the member, and it passes all the same.
func (m member) waivedFailure(failure string) bool {
	check, _, _ := strings.Cut(failure, ":")
	return slices.ContainsFunc(m.scan.Failures(), func(o string) bool {
		name, _, _ := strings.Cut(o, ":")
		return name == check
	})
}

// rank orders the states of a group: a finding is told before what is not known, and that before what people have to do.
var rank = map[gate.State]int{gate.Pass: 0, gate.Pending: 1, gate.Error: 2, gate.Block: 3}

// odd lists the changed paths of the group for which no member answers, sorted.
func (j *judgement) odd(members []member) []string {
	changed := pathStates(j.git.files())
	var have []map[string]gate.Seen
	for _, m := range members {
		if !m.gone && m.git != nil {
			have = append(have, pathStates(m.git.files()))
		}
	}
	guarded := j.guarded(changed)
	merges := j.merges(members)
	var out []string
	for path, seen := range changed {
		exact, touched := false, false
		for _, h := range have {
			was, ok := h[path]
			touched = touched || ok
			exact = exact || ok && was == seen
		}
		if exact || merges && touched && !guarded[path] {
			continue
		}
		out = append(out, path)
	}
	slices.Sort(out)
	return out
}

// pathStates gives every changed path as it is on both sides; a rename is a deletion and an addition.
func pathStates(files []gate.FileChange) map[string]gate.Seen {
	return gate.Complete(gate.LedgerEntry{Head: "head", MergeBase: "base"}, files).Seen
}

// guarded lists the paths of the group for which somebody's approval is needed.
func (j *judgement) guarded(changed map[string]gate.Seen) map[string]bool {
	var files []gate.FileChange
	for path, s := range changed {
		files = append(files, gate.FileChange{Path: path, Mode: s.Mode, Blob: s.Blob, OldMode: s.BaseMode, OldBlob: s.BaseBlob})
	}
	slices.SortFunc(files, func(a, b gate.FileChange) int { return strings.Compare(a.Path, b.Path) })
	out := map[string]bool{}
	if j.git.NoLinks != "" { // any of them may lie behind a link
		for path := range changed {
			out[path] = true
		}
	}
	for _, answer := range gate.WillNeed(j.config.Policy, files, j.git.links()) {
		for _, path := range answer.Files {
			out[path] = true
		}
	}
	for i := range j.scan.Findings {
		if f := &j.scan.Findings[i]; f.Introduced && slices.Contains(j.facts.Scan.NeedsHuman, f.RuleID) {
			out[f.Location.Path] = true
		}
	}
	return out
}
