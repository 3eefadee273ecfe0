package simulate

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/reviewgate-app/reviewgate/app/gate"
)

// confirm is how soon after a push an approval has to be confirmed, as in the server.
const confirm = time.Minute

// apply changes the world. story is the event in words; audit what is reported of it.
func (w *world) apply(e *Event) (story, audit string, err error) {
	switch {
	case e.Push != nil:
		return w.push(e.Push, e.Lost)
	case e.Review != nil:
		story, err = w.review(e.Review, e.Lost)
	case e.Dismiss != nil:
		story, err = w.dismiss(e.Dismiss)
	case e.Comment != nil:
		story, err = w.say(e.Comment, e.Lost)
	case e.EditComment != nil:
		story, err = w.edit(e.EditComment)
	case e.DeleteComment != nil:
		story, err = w.unsay(e.DeleteComment)
	case e.Team != nil:
		story, err = w.changeTeam(e.Team)
	case e.Role != nil:
		who, err := w.person(e.Role.Login)
		if err != nil {
			return "", "", err
		}
		if who.role = gate.Role(e.Role.Role); who.role == "none" {
			who.role = gate.RoleNone
		}
		return at(e.Role.Login) + " now has the role " + e.Role.Role, "", nil
	case e.Account != nil:
		story, err = w.changeAccount(e.Account)
	case e.Retarget != nil:
		if _, ok := w.branches[e.Retarget.Base]; !ok {
			return "", "", fmt.Errorf("there is no branch %q", clip(e.Retarget.Base))
		}
		w.base = e.Retarget.Base
		story = at(e.Retarget.By) + " retargets to " + w.base
	case e.Label != nil:
		for _, l := range e.Label.Remove {
			w.labels = slices.DeleteFunc(w.labels, func(s string) bool { return s == l })
		}
		w.labels = append(w.labels, e.Label.Add...)
		story = at(e.Label.By) + " sets labels: " + or(strings.Join(w.labels, ", "), "none")
	case e.Text != nil:
		w.title, w.body = or(e.Text.Title, w.title), or(e.Text.Body, w.body)
		story = at(e.Text.By) + " edits title and description"
	case e.Draft != nil:
		w.draft = e.Draft.Is
		if story = "is ready for review"; w.draft {
			story = "is a draft again"
		}
	case e.Close != nil:
		w.state, story = "closed", at(e.Close.By)+" closes it"
	case e.Reopen != nil:
		w.state, story = "open", at(e.Reopen.By)+" reopens it"
	case e.Merge != nil:
		story = at(e.Merge.By) + " merges it"
		if why := gate.Bypassed(w.last, w.lastHead, w.head); why != "" {
			audit = fmt.Sprintf("%s was merged by %s around the gate: %s", w.head, at(e.Merge.By), why)
		}
		w.state, w.branches[w.base] = "merged", w.head
	case e.Queue != nil:
		story = at(e.Queue.By) + " puts it into the merge queue"
	case e.Assign != nil:
		return w.assign(e.Assign)
	case e.Other != nil:
		story, err = w.openOther(e.Other)
	case e.Unreadable != nil:
		w.unknown = append(w.unknown, gate.Unknown{What: e.Unreadable.What, Reason: or(e.Unreadable.Why, "GitHub answered 502")})
		story = "cannot be read: " + e.Unreadable.What
	case e.Readable != nil:
		w.unknown = slices.DeleteFunc(w.unknown, func(u gate.Unknown) bool { return u.What == e.Readable.What })
		story = "can be read again: " + e.Readable.What
	case e.Floor != nil:
		w.floor, w.floorGone = []byte(e.Floor.Policy), e.Floor.Missing
		story = "the organisation's floor changes"
	case e.Replay != nil:
		story, err = w.replay(e.Replay)
	case e.Check != nil:
		story = or(e.Check.Why, "asked for a new decision")
	}
	return story, audit, err
}

func (w *world) push(p *Push, lost bool) (story, audit string, err error) {
	who, err := w.person(p.By)
	if err != nil {
		return "", "", err
	}
	from := w.head
	if p.To != "" {
		var ok bool
		if from, ok = w.branches[p.To]; !ok {
			return "", "", fmt.Errorf("there is no branch %q", clip(p.To))
		}
	}
	to := from
	for i := range p.Commits {
		if to, err = w.commit(&p.Commits[i], to, p.By); err != nil {
			return "", "", err
		}
	}
	if p.Head != "" {
		if w.commits[p.Head] == nil {
			return "", "", fmt.Errorf("there is no commit %q", clip(p.Head))
		}
		to = p.Head
	}
	force := ""
	if !w.commits.ancestors(to)[from] {
		force = "force-"
	}
	if p.To != "" {
		w.branches[p.To] = to
		story = fmt.Sprintf("%s %spushes %s to %s", at(p.By), force, to, p.To)
		governed := w.config(w.facts()).Policy
		if p.Pull == 0 && governed.Mode == gate.Enforce && governed.Governs(w.pull.DefaultBranch, p.To) {
			audit = fmt.Sprintf("%s reached %s without a pull request that passed: pushed by %s", to, p.To, at(p.By))
		}
		return story, audit, nil
	}
	w.before, w.head = from, to
	if !lost {
		w.lastPush = w.now
		w.heard, w.heardAt = to, w.now
		w.pushers = append(w.pushers, who)
		w.pushed[who.ID] = append(w.pushed[who.ID], names(w.changed(from, to))...)
	}
	return fmt.Sprintf("%s %spushes %s", at(p.By), force, to), "", nil
}

var reviewStates = map[string]string{"approve": "APPROVED", "request_changes": "CHANGES_REQUESTED", "comment": "COMMENTED"}

func (w *world) review(r *Review, lost bool) (string, error) {
	who, err := w.person(r.By)
	if err != nil {
		return "", err
	}
	state, ok := reviewStates[r.State]
	if !ok {
		return "", fmt.Errorf("%q is no state of a review: write approve, request_changes or comment", clip(r.State))
	}
	if r.Commit != "" && w.commits[r.Commit] == nil {
		return "", fmt.Errorf("there is no commit %q", clip(r.Commit))
	}
	saw := or(r.Commit, w.head)
	v := &review{id: w.id(), by: who, state: state, commit: saw, viaApp: r.ViaApp}
	w.reviews = append(w.reviews, v)
	if !lost {
		w.ledger = append(w.ledger, w.capture(v.id, who, saw))
		w.mention(who, r.Body)
	}
	word := map[string]string{"APPROVED": "approves", "CHANGES_REQUESTED": "asks for changes of", "COMMENTED": "comments on"}[state]
	return at(r.By) + " " + word + " " + saw, nil
}

// capture is what the server writes into its ledger when a webhook arrives, and completes in the job.
func (w *world) capture(id int64, who *account, saw string) gate.LedgerEntry {
	e := gate.Capture(id, who.Person, saw, w.head, w.base, w.branches[w.base])
	e.MergeBase = w.commits.mergeBase(e.Base, e.Head)
	if w.before != "" && !w.lastPush.IsZero() && w.now.Sub(w.lastPush) <= confirm && e.Head == w.head {
		e.JustMoved = names(w.changed(w.before, w.head))
	}
	if e.Head == w.heard {
		since := int(w.now.Sub(w.heardAt).Seconds())
		e.Seconds = &since
	}
	return gate.Complete(e, w.changed(e.MergeBase, e.Head))
}

// mention remembers whom somebody called.
func (w *world) mention(by *account, body string) {
	if logins := gate.Mentions(body); len(logins) > 0 {
		w.mentions = append(w.mentions, gate.Mention{By: by.Person, Logins: logins, Head: w.head})
	}
}

// replay captures an approval again, as if it had been given now.
func (w *world) replay(r *Replay) (string, error) {
	who, err := w.person(r.Of)
	if err != nil {
		return "", err
	}
	for _, v := range slices.Backward(w.reviews) {
		if v.by == who {
			w.ledger = append(w.ledger, w.capture(v.id, who, w.head))
			return "the webhook of the review by " + at(r.Of) + " is sent once more", nil
		}
	}
	return "", fmt.Errorf("there is no review of %s", at(r.Of))
}

func (w *world) dismiss(d *Dismiss) (string, error) {
	by, err := w.person(d.By)
	if err != nil {
		return "", err
	}
	of, err := w.person(d.Of)
	if err != nil {
		return "", err
	}
	for _, r := range slices.Backward(w.reviews) {
		if r.by == of && (r.state == "APPROVED" || r.state == "CHANGES_REQUESTED") {
			r.was, r.state, r.lifted = r.state, "DISMISSED", by
			return at(d.By) + " dismisses the review of " + at(d.Of), nil
		}
	}
	return "", fmt.Errorf("there is no review of %s to dismiss", at(d.Of))
}

func (w *world) say(c *Comment, lost bool) (string, error) {
	who, err := w.person(c.By)
	if err != nil {
		return "", err
	}
	sender := who
	if c.Sender != "" {
		if sender, err = w.person(c.Sender); err != nil {
			return "", err
		}
	}
	m := &comment{name: c.ID, id: w.id(), by: who, sender: sender, body: c.Body, viaApp: c.ViaApp, at: w.now, arrived: !lost}
	m.saw = w.capture(m.id, who, w.head)
	w.comments = append(w.comments, m)
	if !lost {
		w.mention(who, c.Body)
	}
	line, _, _ := strings.Cut(strings.TrimSpace(c.Body), "\n")
	return at(c.By) + " writes " + fmt.Sprintf("%q", clip(line)), nil
}

func (w *world) comment(name string) (*comment, error) {
	i := slices.IndexFunc(w.comments, func(c *comment) bool { return c.name == name && name != "" })
	if i < 0 {
		return nil, fmt.Errorf("there is no comment with the id %q", clip(name))
	}
	return w.comments[i], nil
}

func (w *world) edit(e *EditComment) (string, error) {
	c, err := w.comment(e.ID)
	if err != nil {
		return "", err
	}
	c.body, c.edited = e.Body, true
	return at(e.By) + " edits the comment of " + at(c.by.Login), nil
}

func (w *world) unsay(e *DeleteComment) (string, error) {
	c, err := w.comment(e.ID)
	if err != nil {
		return "", err
	}
	w.comments = slices.DeleteFunc(w.comments, func(other *comment) bool { return other == c })
	return at(e.By) + " deletes the comment of " + at(c.by.Login), nil
}

func (w *world) changeTeam(c *TeamChange) (string, error) {
	name := strings.ToLower(c.Name)
	t := w.teams[name]
	if t == nil && c.ID == 0 {
		return "", fmt.Errorf("there is no team %q", clip(c.Name))
	}
	if c.Delete {
		delete(w.teams, name)
		return "@" + c.Name + " is deleted", nil
	}
	add := c.Add
	if c.ID != 0 {
		t = &team{id: c.ID}
		w.teams[name] = t
		add = append(slices.Clone(c.Members), add...)
	}
	for _, login := range c.Remove {
		who, err := w.person(login)
		if err != nil {
			return "", err
		}
		t.members = slices.DeleteFunc(t.members, func(m *account) bool { return m == who })
	}
	for _, login := range add {
		who, err := w.person(login)
		if err != nil {
			return "", err
		}
		t.members = append(t.members, who)
	}
	return fmt.Sprintf("@%s changes: %d added, %d removed", c.Name, len(add), len(c.Remove)), nil
}

func (w *world) changeAccount(c *AccountChange) (string, error) {
	who, err := w.person(c.Login)
	if err != nil || who.ID == 0 {
		return "", errors.Join(err, errors.New("which account?"))
	}
	delete(w.accounts, strings.ToLower(c.Login))
	switch {
	case c.Delete:
		who.Person = gate.Person{}
		for _, t := range w.teams {
			t.members = slices.DeleteFunc(t.members, func(m *account) bool { return m == who })
		}
		return at(c.Login) + " deletes the account", nil
	case c.Rename != "":
		who.Login = c.Rename
		w.accounts[strings.ToLower(c.Rename)] = who
		return at(c.Login) + " is now called " + at(c.Rename), nil
	case c.Reregister:
		who.Login = c.Login + "-before"
		w.accounts[who.Login] = who
		w.add(c.Login, Account{Role: string(who.role)})
		return "another person takes the login " + at(c.Login), nil
	}
	return "", errors.New("say rename, delete or reregister")
}

func (w *world) assign(a *Assign) (story, audit string, err error) {
	who, err := w.person(a.By)
	if err != nil {
		return "", "", err
	}
	w.requested = append(w.requested, who)
	story = at(a.By) + " sets " + at(a.Agent) + " to work"
	if a.Issue != 0 {
		story += fmt.Sprintf(" on the linked issue #%d", a.Issue)
	}
	return story, "", nil
}

func (w *world) openOther(o *Other) (string, error) {
	if o.Close {
		w.others = slices.DeleteFunc(w.others, func(other *other) bool { return other.number == o.Number })
		return fmt.Sprintf("#%d, with the same head, is closed", o.Number), nil
	}
	who, err := w.person(o.Author)
	if err != nil {
		return "", err
	}
	w.others = append(w.others, &other{o.Number, who, o.ViaApp})
	return fmt.Sprintf("%s opens #%d with the same head", at(o.Author), o.Number), nil
}
