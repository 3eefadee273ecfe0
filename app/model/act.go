package model

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

func pick[T any](list []T, n int) T { return list[n%len(list)] }

// user gives somebody; every account but octocat's is as likely to be on either side.
func (w *World) user(n int) *User { return w.Users[1+n%(len(w.Users)-1)] }

// on gives a pull request, open ones first.
func (w *World) on(n int) *Pull {
	var open []*Pull
	for _, p := range w.Pulls {
		if p.State == "open" {
			open = append(open, p)
		}
	}
	if len(open) > 0 {
		return open[n%len(open)]
	}
	if len(w.Pulls) > 0 {
		return w.Pulls[n%len(w.Pulls)]
	}
	return nil
}

// maxPulls bounds the pull requests of one history.
const maxPulls = 6

// Apply does a step. It answers false where the step is nothing that GitHub lets this person do now.
func (w *World) Apply(s Step) bool {
	mark := len(w.Hooks)
	before := w.lastPush
	w.lastPush = 0
	for _, g := range w.Groups {
		if g.Age++; g.Age >= 2 {
			w.land(g)
		}
	}
	w.losing = s.Fate == 11 || s.Fate == 12
	done := w.apply(s, before)
	for i := mark; i < len(w.Hooks); i++ {
		if h := &w.Hooks[i]; h.Review != nil && h.Lost && h.Action == "submitted" && !h.Again {
			h.Review.Unheard = true
		}
	}
	w.losing = false
	if done {
		w.Seen.Add(s.Kind.String())
	}
	return done
}

func (w *World) apply(s Step, pushed int) bool {
	who, p := w.user(s.Who), w.on(s.On)
	switch s.Kind {
	case Open:
		return w.open(who, s)
	case BaseNow:
		path, text := pick(editPaths, s.A), File{Plain, pick(texts, s.B)}
		branch := pick(bases, s.On)
		return w.pushTo(branch, path, &text, s)
	case PolicyNow:
		return w.pushTo(Default, PolicyPath, &File{Plain, w.History.Policies[s.A%len(w.History.Policies)].Text(false)}, s)
	case OwnersNow:
		return w.pushTo(Default, OwnersPath, &File{Plain, ownersText(pick(w.History.Owners, s.A))}, s)
	case FloorNow:
		text := w.History.Policies[s.A%len(w.History.Policies)].Text(true)
		if w.Floor == "" || text == w.Floor { // once there was one it stays, and it comes with the history
			return false
		}
		w.Floor = text
		w.say("the floor changes: %q", text)
		w.hook(Hook{Kind: "floor", Event: fmt.Sprintf("floor: {policy: %q}", text)})
		return true
	case RoleNow:
		if who.Gone {
			return false
		}
		who.Role = pick(roles, s.A)
		w.say("%s now has the role %s", who.Login, who.Role)
		w.hook(Hook{Kind: "people", Event: fmt.Sprintf("role: {login: %q, role: %s}", who.Login, who.Role)})
		return true
	case TeamNow:
		return w.team(who, s)
	case Ghost:
		if s.A < 12 || who.Gone || who.Login == agentLogin {
			return false
		}
		who.Gone = true
		who.Role = "none"
		for _, t := range w.Teams {
			delete(t.Members, who.ID)
		}
		w.say("%s deletes the account", who.Login)
		w.hook(Hook{Kind: "people", Event: fmt.Sprintf("account: {login: %q, delete: true}", who.Login)})
		return true
	case Cut:
		w.Cut = !w.Cut
		word := map[bool]string{true: "unreadable", false: "readable"}[w.Cut]
		w.say("GitHub leaves a commit out: %v", w.Cut)
		w.hook(Hook{Kind: "people", Event: word + ": {what: the list of commits}"})
		return true
	case Sweep:
		return true
	default:
	}
	if p == nil || who.Gone {
		return false
	}
	if p.State != "open" && s.Kind != CloseOpen {
		return false
	}
	switch s.Kind {
	case Push, Pusher, Odd, PolicyIn:
		return w.push(p, who, s)
	case UpdateTo:
		return w.update(p, who, s)
	case Force:
		return w.force(p, who, s)
	case Reviews:
		states := []string{"APPROVED", "APPROVED", "APPROVED", "APPROVED", "CHANGES_REQUESTED", "COMMENTED", "APPROVED", "APPROVED"}
		return w.review(p, who, pick(states, s.A), pushed == p.Number && s.B%2 == 0)
	case Everybody:
		any := false
		for _, u := range w.Users {
			any = !u.Gone && w.review(p, u, "APPROVED", pushed == p.Number && s.B%2 == 0) || any
		}
		return any
	case Dismiss:
		if rank[who.Role] < rank["write"] || len(p.Reviews) == 0 {
			return false
		}
		if s.B%3 == 2 { // everybody's latest word
			any := false
			for _, v := range w.verdicts(p) {
				any = w.dismiss(p, v.last, who) || any
			}
			return any
		}
		return w.dismiss(p, pick(p.Reviews, s.A), who)
	case MergePull:
		w.Seen.Add("tried to merge")
		return w.merge(p, who, s.A%4 == 3)
	case Arm:
		if rank[who.Role] < rank["write"] {
			return false
		}
		p.Armed = true
		w.say("auto-merge is armed on #%d", p.Number)
		w.hook(Hook{Kind: "pull", Number: p.Number, Action: "auto_merge_enabled"})
		return true
	case Enqueue, Tamper:
		return w.enqueue(p, s)
	case Retarget:
		base := pick(bases, s.A)
		if base == p.Base || !w.may(p, who) && p.Author != who {
			return false
		}
		p.Base = base
		w.unqueue(p)
		w.say("%s retargets #%d to %s", who.Login, p.Number, base)
		w.hook(Hook{Kind: "pull", Number: p.Number, Action: "edited", Sender: who})
		return true
	case Ready:
		p.Draft = !p.Draft
		w.unqueue(p)
		w.say("#%d is a draft: %v", p.Number, p.Draft)
		w.hook(Hook{Kind: "pull", Number: p.Number, Action: "converted_to_draft"})
		return true
	case CloseOpen:
		switch p.State {
		case "open":
			p.State = "closed"
			w.unqueue(p)
			w.hook(Hook{Kind: "pull", Number: p.Number, Action: "closed"})
		case "closed":
			p.State = "open"
			w.hook(Hook{Kind: "pull", Number: p.Number, Action: "reopened"})
		default:
			return false
		}
		w.say("%s: #%d is %s", who.Login, p.Number, p.State)
		return true
	case Twin:
		if len(w.Pulls) >= maxPulls {
			return false
		}
		base := p.Base
		if s.A%4 == 3 {
			base = pick(bases, s.B)
		}
		return w.opened(who, fmt.Sprintf("twin-%d", len(w.Pulls)+1), p.Head, base, s)
	case Assign:
		if rank[who.Role] < rank["write"] {
			return false
		}
		p.Set = append(p.Set, who)
		w.say("%s sets an agent to work on #%d", who.Login, p.Number)
		w.hook(Hook{Kind: "pull", Number: p.Number, Action: "assigned", Sender: who})
		return true
	case Mark:
		p.Marked = !p.Marked
		w.say("#%d says that an agent made it: %v", p.Number, p.Marked)
		body := "plain"
		if p.Marked {
			body = "Generated with Claude Code"
		}
		w.hook(Hook{Kind: "pull", Number: p.Number, Action: "edited", Event: fmt.Sprintf("text: {by: %q, body: %s}", p.Author.Login, body)})
		return true
	case Replay:
		for _, r := range slices.Backward(p.Reviews) {
			if r.Given == "APPROVED" && !r.Unheard {
				w.hook(Hook{Kind: "review", Number: p.Number, Action: "submitted", Review: r, Shows: r.Shows, Sender: r.By, Again: true})
				w.say("GitHub sends the review %d once more", r.ID)
				return true
			}
		}
	default:
	}
	return false
}

// may says whether somebody can push to the head branch.
func (w *World) may(p *Pull, who *User) bool {
	if p.Fork {
		return p.Author == who
	}
	return rank[who.Role] >= rank["write"]
}

func (w *World) open(who *User, s Step) bool {
	if len(w.Pulls) >= maxPulls || who.Gone {
		return false
	}
	base := pick(bases, s.A)
	tree := maps.Clone(w.Tip(base).Tree)
	edit(tree, pick(editPaths, s.B), File{Plain, pick(texts, s.A/4)})
	c := w.commit(who, who, tree, "change", w.Branches[base])
	return w.opened(who, fmt.Sprintf("topic-%d", len(w.Pulls)+1), c.ID, base, s)
}

func (w *World) opened(who *User, branch, head, base string, s Step) bool {
	p := &Pull{Number: len(w.Pulls) + 1, Author: who, Branch: branch, Fork: rank[who.Role] < rank["write"], Head: head, Heads: []string{head}, Base: base, State: "open", Draft: s.On == 7 && s.A%2 == 1}
	w.Pulls = append(w.Pulls, p)
	w.say("%s opens #%d: %s into %s, draft %v: %s", who.Login, p.Number, head, base, p.Draft, w.sketch(w.Branches[base], head))
	w.hook(Hook{Kind: "pull", Number: p.Number, Action: "opened", Sender: who})
	return true
}

// sketch says what differs, for the story.
func (w *World) sketch(from, to string) string {
	out := ""
	a, b := w.Commits[from].Tree, w.Commits[to].Tree
	for _, path := range Differ(a, b) {
		out += fmt.Sprintf(" %s=%o:%.20q", path, b[path].Mode, b[path].Text)
	}
	return cmp.Or(out, " nothing")
}

func edit(t Tree, path string, f File) {
	if was, ok := t[path]; ok && was == f {
		f.Text += "!"
	}
	t[path] = f
}

// push puts one commit on the head of a pull request.
func (w *World) push(p *Pull, who *User, s Step) bool {
	if !w.may(p, who) {
		return false
	}
	tree := maps.Clone(w.Commits[p.Head].Tree)
	other := w.user(s.B)
	author, committer, co, private := who, who, (*User)(nil), false
	odd := ""
	switch s.Kind {
	case PolicyIn:
		odd = "policy weakened in the pull request"
		if owners := (File{Plain, ownersText(pick(w.History.Owners, s.A))}); s.B%3 == 2 && tree[OwnersPath] != owners {
			tree[OwnersPath], odd = owners, "code owners changed in the pull request"
		} else {
			edit(tree, PolicyPath, File{Plain, w.History.Policies[s.A%len(w.History.Policies)].Text(false)})
		}
	case Odd:
		odd = w.odd(tree, s)
	default:
		edit(tree, pick(editPaths, s.A), File{Plain, pick(texts, s.B)})
	}
	if s.Kind == Pusher {
		switch s.A % 8 {
		case 0:
			author, odd = nil, "author without an account"
		case 1:
			committer, odd = nil, "committer without an account"
		case 2:
			author, odd = other, "somebody else's commit"
		case 3:
			committer, odd = other, "somebody else as committer"
		case 4:
			co, odd = other, "co-author"
		case 5:
			co, private, odd = other, true, "co-author by a private address"
		case 6:
			author, committer, odd = other, other, "pushed somebody else's commit"
		default:
			author, committer, odd = other, other, "pushed somebody else's commit"
		}
	}
	c := w.commit(author, committer, tree, "more", p.Head)
	if co != nil {
		c.CoAuthor, c.Private = co, private
		c.Message += fmt.Sprintf("\n\nCo-authored-by: %s <%s>\n", co.Login, c.Address(co))
	}
	if odd != "" {
		w.Seen.Add("trick: " + odd)
	}
	w.head(p, c.ID, who, s)
	return true
}

// Address is the e-mail address by which a commit names its co-author.
func (c *Commit) Address(u *User) string {
	if c.Private {
		return fmt.Sprintf("%d+%s@users.noreply.github.com", u.ID, u.Login)
	}
	return u.Login + "@example.com"
}

// odd makes a file something that is easily overlooked.
func (w *World) odd(tree Tree, s Step) string {
	from := pick([]string{"pay/card.go", "pay/rate.go", "infra/net.tf", "lib/util.go"}, s.B)
	f, ok := tree[from]
	if !ok {
		f = File{Plain, "begin"}
	}
	switch s.A % 6 {
	case 0:
		delete(tree, from)
		tree["docs/moved.md"] = f
		return "renamed out of a guarded folder"
	case 1:
		f.Mode = Executable
		tree[from] = f
		return "mode alone"
	case 2:
		tree[from] = File{Link, "../elsewhere"}
		return "link"
	case 3:
		tree["docs/sub"] = File{Submodule, "00000000000000000000000000000000000000" + fmt.Sprintf("%02x", s.B)}
		return "submodule"
	case 4:
		delete(tree, from)
		return "deleted"
	default:
		tree["PAY/card.go"] = File{Plain, pick(texts, s.B)}
		return "name that differs in case alone"
	}
}

// head moves the head of a pull request, as a push does.
func (w *World) head(p *Pull, to string, who *User, s Step) {
	before := p.Head
	lost := s.Fate == 11 || s.Fate == 12
	if lost {
		p.Unheard = true
	} else if !slices.Contains(p.Pushers, who) {
		p.Pushers = append(p.Pushers, who)
	}
	p.Head = to
	p.Heads = append(p.Heads, to)
	w.unqueue(p)
	if s.Fate < 11 || s.Fate == 13 { // of a push that nobody was told of, nobody can say that it was a moment ago
		w.lastPush = p.Number
	}
	w.say("%s pushes %s to #%d (%s):%s", who.Login, to, p.Number, p.Branch, w.sketch(before, to))
	w.hook(Hook{Kind: "pull", Number: p.Number, Action: "synchronize", Before: before, After: to, Sender: who})
}

// update merges something into the head.
func (w *World) update(p *Pull, who *User, s Step) bool {
	if !w.may(p, who) {
		return false
	}
	from := w.Branches[p.Base]
	if s.A%4 == 3 {
		from = w.Pulls[s.B%len(w.Pulls)].Head
	}
	if w.Reach(p.Head)[from] {
		return false
	}
	tree, clean := w.Merge(p.Head, from)
	parents := []string{p.Head, from}
	odd := "update of the branch"
	if !clean {
		tree = maps.Clone(w.Commits[p.Head].Tree)
		odd = "conflict settled"
	}
	switch s.B % 4 {
	case 1:
		odd = "evil merge"
		edit(tree, pick(editPaths, s.On), File{Plain, pick(texts, s.A)})
	case 2:
		odd = "behind the second parent"
		parents = []string{from, p.Head}
	case 3:
		odd = "merge that throws the other side away"
		tree = maps.Clone(w.Commits[p.Head].Tree)
	}
	w.Seen.Add("trick: " + odd)
	author := who
	if s.On >= 3 && odd != "update of the branch" {
		author = w.user(s.On + s.A) // somebody made it, and somebody else pushes it
	}
	c := w.commit(author, author, tree, "Merge", parents...)
	w.head(p, c.ID, who, s)
	return true
}

// force moves the head to where it does not come from.
func (w *World) force(p *Pull, who *User, s Step) bool {
	if !w.may(p, who) {
		return false
	}
	switch s.A % 4 {
	case 0, 1:
		to := pick(p.Heads, s.B)
		if to == p.Head {
			return false
		}
		w.Seen.Add("trick: force-push back")
		w.head(p, to, who, s)
		return true
	case 2:
		to := w.Pulls[s.B%len(w.Pulls)].Head
		if to == p.Head {
			return false
		}
		w.Seen.Add("trick: the head of another pull request")
		w.head(p, to, who, s)
		return true
	}
	// A rebase: the same change on the base as it is now. GitHub binds reviews to the new head.
	base := w.Branches[p.Base]
	tree, ok := w.Merge(base, p.Head)
	if !ok || w.Reach(p.Head)[base] {
		return false
	}
	c := w.commit(who, who, tree, "rebased", base)
	for _, r := range p.Reviews {
		r.Shows = c.ID
	}
	w.Seen.Add("trick: rebase that binds reviews anew")
	w.head(p, c.ID, who, s)
	return true
}

func (w *World) review(p *Pull, who *User, state string, hasty bool) bool {
	if p.Author == who && state != "COMMENTED" || who.Login == agentLogin {
		return false
	}
	w.reviewID++
	r := &Review{ID: w.reviewID, By: who, Given: state, Shows: p.Head, At: p.Head, Saw: p.Head, SawBase: w.Branches[p.Base], BaseRef: p.Base}
	if hasty && len(p.Heads) > 1 {
		r.Hasty, r.Saw = true, p.Heads[len(p.Heads)-2]
		w.Seen.Add("trick: a push right before the approval")
	}
	p.Reviews = append(p.Reviews, r)
	w.say("%s reviews #%d at %s: %s (review %d, saw %s)", who.Login, p.Number, p.Head, state, r.ID, r.Saw)
	w.hook(Hook{Kind: "review", Number: p.Number, Action: "submitted", Review: r, Shows: r.Shows, Sender: who})
	if state == "CHANGES_REQUESTED" {
		w.Seen.Add("veto")
	}
	return true
}

func (w *World) dismiss(p *Pull, r *Review, by *User) bool {
	if r.State() != "APPROVED" && r.State() != "CHANGES_REQUESTED" || !slices.Contains(p.Reviews, r) {
		return false
	}
	r.DismissedBy = by
	w.say("%s dismisses the review %d of %s on #%d", by.Login, r.ID, r.By.Login, p.Number)
	w.Seen.Add("dismissed " + r.Given)
	w.hook(Hook{Kind: "review", Number: p.Number, Action: "dismissed", Review: r, Sender: by})
	return true
}

// pushTo is a push to a branch of the repository by somebody in charge.
func (w *World) pushTo(branch, path string, f *File, s Step) bool {
	tree := maps.Clone(w.Tip(branch).Tree)
	if tree[path] == *f {
		return false
	}
	tree[path] = *f
	octocat := w.Users[0]
	c := w.commit(octocat, octocat, tree, "direct", w.Branches[branch])
	w.say("%s pushes %s to %s:%s", octocat.Login, c.ID, branch, w.sketch(w.Branches[branch], c.ID))
	w.move(branch, c.ID, octocat)
	return true
}

func (w *World) team(who *User, s Step) bool {
	t := pick(w.Teams, s.A)
	var event string
	switch {
	case t.Gone:
		t.Gone, t.ID = false, t.ID+10 // the name belongs to another team now
		event = fmt.Sprintf("team: {name: %s, id: %d, members: [%s]}", t.Name, t.ID, quoted(w.logins(t)))
	case s.B == 15:
		t.Gone = true
		event = fmt.Sprintf("team: {name: %s, delete: true}", t.Name)
	case t.Members[who.ID]:
		delete(t.Members, who.ID)
		event = fmt.Sprintf("team: {name: %s, remove: [%q]}", t.Name, who.Login)
	case who.Gone:
		return false
	default:
		t.Members[who.ID] = true
		event = fmt.Sprintf("team: {name: %s, add: [%q]}", t.Name, who.Login)
	}
	w.say("%s", event)
	w.hook(Hook{Kind: "people", Event: event})
	return true
}

// logins lists the members of a team.
func (w *World) logins(t *Team) []string {
	var out []string
	for _, u := range w.Users {
		if t.Members[u.ID] {
			out = append(out, u.Login)
		}
	}
	return out
}

// unqueue takes a pull request out of the queue, with whatever is built with it.
func (w *World) unqueue(p *Pull) {
	if p.Queued {
		w.drop(func(g *Group) bool { return slices.Contains(g.Numbers, p.Number) })
	}
}

// enqueue puts a pull request into the merge queue; a group is built of everything that waits there for the same base.
func (w *World) enqueue(p *Pull, s Step) bool {
	if p.Draft || p.Queued || CheckName(p.Base) == "" || !w.Green(p) {
		return false
	}
	if _, ok := w.Merge(w.Branches[p.Base], p.Head); !ok {
		return false
	}
	g := &Group{Base: p.Base, On: w.Branches[p.Base], Squash: s.A%4 == 3}
	for _, o := range w.Groups {
		if o.Over == "" && o.Base == p.Base {
			g.Numbers = slices.Clone(o.Numbers)
		}
	}
	at := g.On
	g.Numbers = append(g.Numbers, p.Number)
	octocat := w.Users[0]
	for _, n := range g.Numbers {
		m := w.Pull(n)
		tree, ok := w.Merge(at, m.Head)
		if !ok {
			return false
		}
		parents, message := []string{at, m.Head}, fmt.Sprintf("Merge pull request #%d from %s", n, m.Branch)
		if g.Squash {
			parents, message = parents[:1], fmt.Sprintf("Change (#%d)", n)
		}
		if s.Kind == Tamper && n == p.Number {
			g.Tampered = true
			edit(tree, pick(editPaths, s.B), File{Plain, "tampered"})
		}
		at = w.commit(octocat, octocat, tree, message, parents...).ID
		g.Heads = append(g.Heads, m.Head)
	}
	w.drop(func(o *Group) bool { return o.Base == p.Base })
	for _, n := range g.Numbers {
		w.Pull(n).Queued = true
	}
	g.Head, g.Ref = at, fmt.Sprintf("gh-readonly-queue/%s/pr-%d-%s", p.Base, p.Number, at)
	w.Groups = append(w.Groups, g)
	w.Branches[g.Ref] = g.Head
	w.say("#%d is queued: group of %v at %s, tampered %v", p.Number, g.Numbers, g.Head, g.Tampered)
	w.hook(Hook{Kind: "group", Group: g, Action: "checks_requested"})
	if g.Tampered {
		w.Seen.Add("trick: tampered group")
	}
	return true
}
