package model

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A View says how a pull request is looked at.
type View struct {
	// Honest asks whether it has all that it needs in plain sight: what may or may not count does not, and whatever could be held against it is.
	Honest bool
	Queued bool // the merge queue puts it on top of its base
}

// config is what applies: all that a push to the default branch, or to the floor, can change.
type config struct {
	policy, floor *Policy // nil: there is none
	owners        []Owner
	tips          map[string]string // of the branches then
}

func (w *World) config() config {
	tree := w.Tip(Default).Tree
	c := config{owners: w.owners[tree[OwnersPath].Text], tips: map[string]string{}}
	for _, b := range []string{Default, "release/1", "play"} {
		c.tips[b] = w.Branches[b]
	}
	if f, ok := tree[PolicyPath]; ok {
		c.policy = w.policies[f.Text]
		if c.policy == nil {
			c.policy = &Policy{Broken: true}
		}
	}
	if w.Floor != "" {
		c.floor = w.policies[w.Floor]
	}
	return c
}

func (c config) each() []*Policy {
	var out []*Policy
	for _, p := range []*Policy{c.floor, c.policy} {
		if p != nil && !p.Broken {
			out = append(out, p)
		}
	}
	return out
}

// governs says whether the base branch has a check at all.
func (c config) governs(base string) bool {
	return base == Default || strings.HasPrefix(base, "release/") && slices.ContainsFunc(c.each(), func(p *Policy) bool { return p.Governs })
}

// A duty is something that must be approved.
type duty struct {
	name   string
	covers func(path string, was, now File) bool
	need   Need
	tier   string
}

// duties lists everything that may have to be approved, for any change at all.
func (c config) duties(agent, honest bool, extra int) []duty {
	byPath := func(globs []string) func(string, File, File) bool {
		return func(path string, _, _ File) bool { return covers(globs, path) }
	}
	maintainer := Need{Approvals: 1, From: []string{"role:maintain"}}
	out := []duty{
		{name: "control files", need: maintainer, covers: func(path string, _, _ File) bool { return control(path) }},
		{name: "links", need: maintainer, covers: func(_ string, was, now File) bool { return odd(was.Mode) || odd(now.Mode) }},
	}
	guarded := func(path string, layers ...*Policy) bool {
		return slices.ContainsFunc(layers, func(p *Policy) bool {
			return slices.ContainsFunc(p.Guards, func(g Guard) bool { return !g.Agent && covers(g.Paths, path) })
		})
	}
	defaults := false
	for _, p := range c.each() {
		for _, g := range p.Guards {
			if !g.Agent || agent {
				need := g.Need
				need.Approvals = g.count()
				out = append(out, duty{g.Name, byPath(g.Paths), need, g.Tier})
			}
		}
		if p.Default != nil {
			defaults = true
			layers := c.each()
			if p == c.floor {
				layers = []*Policy{p}
			}
			out = append(out, duty{name: "default", need: *p.Default, covers: func(path string, _, _ File) bool { return !guarded(path, layers...) }})
		}
	}
	if extra > 0 && !defaults {
		out = append(out, duty{name: "the rest", covers: func(path string, was, now File) bool {
			return !guarded(path, c.each()...) && (honest || !control(path) && !odd(was.Mode) && !odd(now.Mode))
		}})
	}
	return out
}

func odd(mode uint32) bool { return mode == Link || mode == Submodule }

// sides are the two trees that an approval, or a decision, is about.
type sides struct{ base, head Tree }

func (w *World) sides(baseTip, head string) sides {
	return sides{w.Commits[w.MergeBase(baseTip, head)].Tree, w.Commits[head].Tree}
}

func (s sides) changed() []string { return Differ(s.base, s.head) }

// Missing lists what keeps a pull request from being merged now. Nothing: it may be.
func (w *World) Missing(p *Pull, v View) []string {
	c := w.config()
	var out []string
	no := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if p.State != "open" {
		no("it is %s", p.State) // I9
	}
	// The check belongs to head and base: a twin that is ready shares it, and GitHub itself merges no draft.
	if !slices.ContainsFunc(w.twins(p), func(o *Pull) bool { return !o.Draft }) {
		no("it is a draft") // I9
	}
	if !c.governs(p.Base) {
		no("its base is not governed") // I3
	}
	if c.policy == nil && c.floor == nil {
		return out // nothing is asked: the check only advises
	}
	if w.Cut && len(w.Between(w.Branches[p.Base], p.Head)) > 0 {
		no("GitHub leaves a commit out of its list") // I7
	}
	base := w.Branches[p.Base]
	now := w.sides(base, p.Head)
	changed := now.changed()

	// The configuration, and what the change makes of it.
	onlyPolicy := len(changed) > 0
	touched := false
	for _, path := range changed {
		mine := path == PolicyPath || path == OwnersPath
		onlyPolicy, touched = onlyPolicy && mine, touched || mine
	}
	sound := !touched
	if touched {
		f, ok := now.head[PolicyPath]
		next := w.policies[f.Text]
		sound = !ok || next != nil && !next.Broken && f.Mode != Link
		if _, was := now.base[PolicyPath]; !sound && !was && !ok {
			sound = true
		}
		if !sound {
			no("its own policy is broken")
		}
	}
	if c.floor != nil && c.floor.Broken {
		no("the floor is broken")
	}
	if c.policy != nil && c.policy.Broken && !(onlyPolicy && sound) {
		no("the policy is broken")
	}

	// What the change is.
	for _, path := range changed {
		if strings.Contains(now.head[path].Text, "FLAW") && !strings.Contains(now.base[path].Text, "FLAW") {
			no("%s has a flaw", path)
		}
		for other := range now.head {
			if _, there := now.head[path]; there && other != path && fold(other) == fold(path) {
				no("%s and %s are one file on some systems", path, other)
			}
		}
	}

	// Who took part.
	in := w.part(p, c, v)
	extra := 0
	if in.agent {
		for _, layer := range c.each() {
			extra = max(extra, layer.Extra)
		}
	}
	if in.nobody || in.unsponsored {
		extra++
		for _, layer := range c.each() {
			if layer.Blocks {
				no("somebody behind it is not known")
			}
		}
	}

	// Who said what.
	verdicts := w.verdicts(p)
	for _, who := range verdicts {
		switch last := who.last; {
		case last == nil:
		case last.State() == "CHANGES_REQUESTED":
			if v.Honest || w.eligible(who.by, c, in) {
				no("%s asked for changes", who.by.Login)
			}
		case last.State() == "DISMISSED" && last.Given == "CHANGES_REQUESTED":
			by := last.DismissedBy
			if v.Honest || w.eligible(who.by, c, in) && by != who.by && !w.eligible(by, c, in) {
				no("%s asked for changes, and %s dismissed that", who.by.Login, by.Login)
			}
		}
	}

	// What is approved.
	anyPush := slices.ContainsFunc(c.each(), func(p *Policy) bool { return p.AnyPush })
	for _, d := range c.duties(in.agent, v.Honest, extra) {
		var paths []string
		for _, path := range changed {
			if d.covers(path, now.base[path], now.head[path]) {
				paths = append(paths, path)
			}
		}
		if len(paths) == 0 {
			continue
		}
		var fresh []*User
		for _, who := range verdicts {
			if !w.eligible(who.by, c, in) {
				continue
			}
			if slices.ContainsFunc(who.approvals, func(r *Review) bool {
				if v.Honest && (r.Unheard || r.Hasty) {
					return false
				}
				return (!anyPush || r.At == p.Head && r.BaseRef == p.Base) && w.same(d, r, now)
			}) {
				fresh = append(fresh, who.by)
			}
		}
		for _, miss := range w.lacks(d, paths, c, fresh, extra) {
			no("%s (%s): %s", d.name, strings.Join(paths, " "), miss)
		}
		if d.tier == "critical" && in.nobody {
			no("%s: a commit belongs to nobody", d.name)
		}
		if d.tier == "critical" && !v.Queued && w.MergeBase(base, p.Head) != base {
			no("%s: the branch is not up to date", d.name)
		}
	}
	return out
}

// same says whether a review saw everything that the duty covers as it is now, on both sides.
func (w *World) same(d duty, r *Review, now sides) bool {
	// Whoever had an older head before them saw its files; the base is that of the head that they approved.
	then := sides{w.sides(r.SawBase, r.At).base, w.Commits[r.Saw].Tree}
	for _, path := range slices.Concat(then.changed(), now.changed()) {
		if !(now.base[path] != now.head[path] && d.covers(path, now.base[path], now.head[path])) && !(then.base[path] != then.head[path] && d.covers(path, then.base[path], then.head[path])) {
			continue
		}
		if then.head[path] != now.head[path] || then.base[path] != now.base[path] {
			return false
		}
	}
	return true
}

// lacks says what the people whose approvals count do not give.
func (w *World) lacks(d duty, paths []string, c config, fresh []*User, extra int) []string {
	var out []string
	n := d.need.Approvals
	if len(fresh) < n+extra {
		out = append(out, fmt.Sprintf("%d of %d approvals", len(fresh), n+extra))
	}
	for _, from := range append([][]string{d.need.From}, d.need.AnyOf...) {
		for _, a := range from {
			if !w.exists(a) {
				out = append(out, "there is no "+a)
			}
		}
	}
	count := func(from []string) int {
		n := 0
		for _, u := range fresh {
			if slices.ContainsFunc(from, func(a string) bool { return w.is(u, a) }) {
				n++
			}
		}
		return n
	}
	switch {
	case len(d.need.AnyOf) > 0:
		if !slices.ContainsFunc(d.need.AnyOf, func(list []string) bool { return count(list) >= n && w.seats(list, fresh) }) {
			out = append(out, "no alternative is complete")
		}
	case slices.Contains(d.need.From, "codeowners") && n > 0:
		for _, path := range paths {
			from := slices.DeleteFunc(slices.Clone(d.need.From), func(a string) bool { return a == "codeowners" })
			for _, owner := range c.owning(path) {
				if !w.exists(owner) {
					out = append(out, "there is no "+owner)
				}
				if count(append(from, owner)) < n {
					out = append(out, "an owner of "+path)
				}
			}
		}
	case len(d.need.From) > 0 && count(d.need.From) < n:
		out = append(out, fmt.Sprintf("%d of %d from %v", count(d.need.From), n, d.need.From))
	}
	if d.need.Distinct {
		var of []*User // only those whom the guard names
		for _, u := range fresh {
			if slices.ContainsFunc(d.need.From, func(a string) bool { return w.is(u, a) }) {
				of = append(of, u)
			}
		}
		if len(d.need.From) < n || !w.seats(d.need.From[:n], of) { // histories name as many teams as approvals
			out = append(out, "not from different teams")
		}
	}
	return out
}

// owning gives the owners of a path: of the last line that matches it, and of the last that matches it folded (I6); a maintainer if nobody owns it.
func (c config) owning(path string) []string {
	by, folded := "", ""
	for _, o := range c.owners {
		if ownerMatches(o.Path, path) {
			by = o.Who
		}
		if ownerMatches(o.Path, fold(path)) {
			folded = o.Who
		}
	}
	if by == "" && folded == "" {
		return []string{"role:maintain"}
	}
	return slices.DeleteFunc([]string{by, folded}, func(s string) bool { return s == "" })
}

func ownerMatches(pattern, path string) bool {
	pattern = strings.TrimPrefix(pattern, "/")
	return pattern == "*" || pattern == path || strings.HasSuffix(pattern, "/") && strings.HasPrefix(path, pattern)
}

// seats says whether every entry can have a person of its own.
func (w *World) seats(entries []string, people []*User) bool {
	if len(entries) == 0 {
		return true
	}
	for i, u := range people {
		if w.is(u, entries[0]) && w.seats(entries[1:], slices.Delete(slices.Clone(people), i, i+1)) {
			return true
		}
	}
	return false
}

// named finds the team that an approver names; nil: there is none, or not the one that is meant.
func (w *World) named(a string) *Team {
	name, id, pinned := strings.Cut(strings.TrimPrefix(a, "@"), "#")
	for _, t := range w.Teams {
		if t.Name == name && !t.Gone && (!pinned || fmt.Sprint(t.ID) == id) {
			return t
		}
	}
	return nil
}

// exists says whether what a policy names is there: a policy that names nobody is broken, not fulfilled (B21).
func (w *World) exists(a string) bool {
	login, user := strings.CutPrefix(a, "@")
	if !user || strings.Contains(a, "/") {
		return !user || w.named(a) != nil
	}
	return slices.ContainsFunc(w.Users, func(u *User) bool { return u.Login == login && !u.Gone })
}

// is says whether somebody is, or is in, what a policy names.
func (w *World) is(u *User, a string) bool {
	if role, ok := strings.CutPrefix(a, "role:"); ok {
		return rank[u.Role] >= rank[role]
	}
	if strings.Contains(a, "/") {
		t := w.named(a)
		return t != nil && t.Members[u.ID]
	}
	return !u.Gone && "@"+u.Login == a
}

// eligible says whether somebody's word can count for a change: a person, not a part of it, who may write.
func (w *World) eligible(u *User, c config, in *part) bool {
	return w.person(u, c) && !in.people[u] && rank[u.Role] >= rank["write"]
}

// person says whether an account is a human's, as far as that can be known (I5).
func (w *World) person(u *User, c config) bool {
	if u.Gone || u.Type != "User" {
		return false
	}
	return !slices.ContainsFunc(c.each(), func(p *Policy) bool { return slices.Contains(p.Agents, u.Login) })
}

// A part is who took part in a change (I4).
type part struct {
	people      map[*User]bool
	agent       bool // a coding agent took part
	nobody      bool // somebody behind it has no account
	unsponsored bool // a machine opened it, and nobody is known to have set it to work
}

func (w *World) twins(p *Pull) []*Pull {
	var out []*Pull
	for _, o := range w.Pulls {
		if o == p || o.State == "open" && p.State == "open" && o.Head == p.Head && o.Base == p.Base {
			out = append(out, o)
		}
	}
	return out
}

func (w *World) part(p *Pull, c config, v View) *part {
	in := &part{people: map[*User]bool{}}
	machine := func(u *User) bool {
		return u.Login == agentLogin || slices.ContainsFunc(c.each(), func(p *Policy) bool { return slices.Contains(p.Agents, u.Login) })
	}
	add := func(u *User) {
		in.people[u] = true
		in.agent = in.agent || machine(u) && (!u.Gone || v.Honest)
		if machine(u) || u.Gone {
			for _, layer := range c.each() {
				for agent, human := range layer.Sponsors {
					for _, h := range w.Users {
						if u.Login == agent+"[bot]" && h.Login == human {
							in.people[h] = true
						}
					}
				}
			}
		}
	}
	commits := w.Between(w.Branches[p.Base], p.Head)
	for _, o := range w.twins(p) {
		add(o.Author)
		sponsored := false
		for _, u := range o.Set {
			in.people[u] = true
			if v.Honest {
				add(u)
			}
			sponsored = sponsored || w.person(u, c)
		}
		for i, layer := range c.each() {
			for agent := range layer.Sponsors { // under a floor, those of the repository lift nothing
				sponsored = sponsored || o.Author.Login == agent+"[bot]" && (c.floor == nil || i == 0 && !c.floor.Broken)
			}
		}
		if o.Author.Gone {
			in.nobody = in.nobody || len(commits) > 0 // nobody is behind nothing
		} else if !w.person(o.Author, c) && !sponsored {
			in.unsponsored = true
		}
		for _, u := range o.Pushers {
			in.people[u] = true
			if v.Honest {
				add(u)
			}
		}
		in.agent = in.agent || o == p && o.Marked
		if v.Honest {
			in.agent = in.agent || o.Marked || len(o.Set) > 0
			in.unsponsored = in.unsponsored || !w.person(o.Author, c)
		}
	}
	for _, k := range commits {
		if w.Clean(k) {
			continue
		}
		for _, u := range []*User{k.Author, k.Committer} {
			if u == nil || u.Gone {
				in.nobody = true
			} else {
				add(u)
			}
		}
		if u := k.CoAuthor; u != nil {
			if u.Gone {
				in.nobody = in.nobody || !k.Private || v.Honest
				in.people[u] = true
			} else {
				add(u)
			}
		}
	}
	in.agent = in.agent || v.Honest && (in.unsponsored || in.nobody)
	return in
}

// A verdict is what one person says now.
type verdict struct {
	by        *User
	last      *Review
	approvals []*Review // since the person last said otherwise
}

// verdicts reads the reviews of everything that shares head and base, in the order in which they were given.
func (w *World) verdicts(p *Pull) []verdict {
	var all []*Review
	for _, o := range w.twins(p) {
		all = append(all, o.Reviews...)
	}
	slices.SortFunc(all, func(a, b *Review) int { return int(a.ID - b.ID) })
	byUser := map[*User]*verdict{}
	var order []*User
	for _, r := range all {
		if r.Given == "COMMENTED" || r.By.Gone {
			continue
		}
		x := byUser[r.By]
		if x == nil {
			x = &verdict{by: r.By}
			byUser[r.By] = x
			order = append(order, r.By)
		}
		if x.last = r; r.State() == "APPROVED" {
			x.approvals = append(x.approvals, r)
		} else {
			x.approvals = nil
		}
	}
	var out []verdict
	for _, u := range order {
		out = append(out, *byUser[u])
	}
	return out
}

// Unread lists the covered paths whose content nobody has ever approved: not enough people, whoever they are by now, and whatever became of
// their reviews. It is what must hold at every moment, however many webhooks are on their way. Any configuration will do that was in force
// since the last moment of rest, because a new one is known only when its webhook has come; and so it is with a base that moved.
func (w *World) Unread(p *Pull) []string {
	var out []string
	for _, c := range append(w.since, w.config()) {
		out = nil
		if c.policy == nil && c.floor == nil {
			return nil
		}
		repair := c.policy != nil && c.policy.Broken
		now := w.sides(c.tips[p.Base], p.Head)
		var reviews []*Review
		for _, o := range w.Pulls {
			reviews = append(reviews, o.Reviews...)
		}
		for _, d := range c.duties(false, false, 0) {
			if repair && d.tier == "" && d.name != "control files" && d.name != "links" {
				continue
			}
			who := map[*User]bool{}
			for _, r := range reviews {
				if r.Given != "APPROVED" || r.By.Type != "User" {
					continue
				}
				saw, all := w.Commits[r.Saw].Tree, true
				for _, path := range now.changed() {
					all = all && (!d.covers(path, now.base[path], now.head[path]) || saw[path] == now.head[path])
				}
				if all {
					who[r.By] = true
				}
			}
			for _, path := range now.changed() {
				if d.covers(path, now.base[path], now.head[path]) && len(who) < d.need.Approvals {
					out = append(out, fmt.Sprintf("%s of %s was approved by %d of %d", path, d.name, len(who), d.need.Approvals))
				}
			}
		}
		if len(out) == 0 {
			return nil
		}
	}
	return out
}

// Rest says that every webhook was answered.
func (w *World) Rest() { w.since = []config{w.config()} }

// GroupMissing lists what keeps a merge group from being merged: every member must be mergeable as it is, and every path for which somebody's
// approval is needed must be what it is in one of them.
func (w *World) GroupMissing(g *Group, v View) []string {
	var out []string
	v.Queued = true
	var heads []Tree
	for i, n := range g.Numbers {
		p := w.Pull(n)
		for _, miss := range w.Missing(p, v) {
			out = append(out, fmt.Sprintf("#%d: %s", n, miss))
		}
		if p.Head != g.Heads[i] {
			out = append(out, fmt.Sprintf("#%d is not what was queued", n))
		}
		heads = append(heads, w.Commits[g.Heads[i]].Tree)
	}
	return append(out, w.unproved(g, heads)...)
}

// unproved lists the paths of a group that nobody has approved as they are.
func (w *World) unproved(g *Group, heads []Tree) []string {
	c := w.config()
	if c.policy == nil && c.floor == nil {
		return nil
	}
	var out []string
	base, head := w.Commits[g.On].Tree, w.Commits[g.Head].Tree
	for _, path := range Differ(base, head) {
		needed := slices.ContainsFunc(c.duties(false, false, 0), func(d duty) bool { return d.need.Approvals > 0 && d.covers(path, base[path], head[path]) })
		if needed && !slices.ContainsFunc(heads, func(t Tree) bool { return t[path] == head[path] }) {
			out = append(out, path+" is not what it is in any of the pull requests")
		}
	}
	return out
}

// GroupUnread is Unread for a merge group.
func (w *World) GroupUnread(g *Group) []string {
	var out []string
	var heads []Tree
	for i, n := range g.Numbers {
		p := *w.Pull(n)
		p.Head = g.Heads[i]
		out = append(out, w.Unread(&p)...)
		heads = append(heads, w.Commits[g.Heads[i]].Tree)
	}
	return append(out, w.unproved(g, heads)...)
}

// Says are the states of a check run that we may set (I1).
var Says = []string{"in_progress", "success", "failure", "action_required", "cancelled"}

func valid(says string) bool { return slices.Contains(Says, says) }

func sortedChecks(checks map[[2]string]string) [][2]string {
	return slices.SortedFunc(maps.Keys(checks), func(a, b [2]string) int { return strings.Compare(a[0]+a[1], b[0]+b[1]) })
}

// Shining lists the green check runs that nothing earns (I3, I9): only the head of an open pull request that is ready, into the base that the
// name says, may be green; and what was merged stays as it was.
func (w *World) Shining() []string {
	var out []string
	for _, at := range sortedChecks(w.Checks) {
		if w.Checks[at] != "success" {
			continue
		}
		earned := slices.ContainsFunc(w.Pulls, func(p *Pull) bool {
			return p.Head == at[0] && (p.State == "merged" || p.State == "open" && !p.Draft && name(p.Base) == at[1])
		}) || slices.ContainsFunc(w.Groups, func(g *Group) bool { return g.Head == at[0] && g.Over != "dropped" && name(g.Base) == at[1] })
		if !earned {
			out = append(out, fmt.Sprintf("%s on %s is green, and no open pull request earns it", at[1], at[0]))
		}
	}
	return out
}

// name is what the check of a base branch is called, wherever it is required.
func name(base string) string {
	if base == Default {
		return "reviewgate"
	}
	return "reviewgate: " + base
}
