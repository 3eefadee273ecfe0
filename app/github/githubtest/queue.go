package githubtest

import (
	"errors"
	"fmt"
	"strings"
)

// A queue is the merge queue of a branch whose protection has Ruleset.Queue set.
type queue struct {
	entries []*entry
	waits   bool
	merging bool // it moves the branch itself
}

// An entry is a pull request in a queue, with the merge group that was built for it: its merge on top of the entries before it.
type entry struct {
	pull       *Pull
	by         *User
	ref        string // branch of the group
	head, base string // the group's commit, and what it is built on
}

// A GroupInfo is a merge group as it stands, for tests to read.
type GroupInfo struct {
	Number       int // of the pull request at its top
	Branch, Head string
}

// queueBot is the account in whose name a queue pushes.
func (g *GitHub) queueBot() *User { return g.user("github-merge-queue[bot]", "Bot") }

func (r *Repo) queue(branch string) *queue {
	p := r.protection(branch)
	if p == nil || !p.ViaRuleset || p.Ruleset.Queue == "" {
		return nil
	}
	if r.queues[branch] == nil {
		r.queues[branch] = &queue{}
	}
	return r.queues[branch]
}

// Enqueue is the button "Merge when ready" of a pull request that may be merged: it puts it into the queue of its base branch. A group
// is built, Apps are asked for checks, and it is merged once every required check of the group is green.
func (p *Pull) Enqueue(by *User) error {
	return p.do("enqueue", func() error {
		q := p.repo.queue(p.baseRef)
		if q == nil {
			return errors.New("the branch has no merge queue")
		}
		if q.find(p) >= 0 {
			return errors.New("it is queued already")
		}
		if !p.repo.can(by, "write") {
			return errors.New("write access is needed")
		}
		if reasons := p.blockers(nil); len(reasons) > 0 {
			return errors.New(strings.Join(reasons, " "))
		}
		q.entries = append(q.entries, &entry{pull: p, by: by})
		p.touch()
		p.note("added_to_merge_queue", by, "", nil)
		p.emit("enqueued", by, nil)
		return p.repo.build(p.baseRef, q, len(q.entries)-1)
	})
}

// Dequeue takes a pull request out of the queue.
func (p *Pull) Dequeue(by *User) error {
	return p.do("dequeue", func() error {
		if q := p.repo.queue(p.baseRef); q == nil || q.find(p) < 0 {
			return errors.New("it is not queued")
		}
		return p.leaveQueue(by, "MANUAL")
	})
}

// HoldQueue makes the queue of a branch wait before it merges, as one does that waits for more entries; and lets it go on.
func (r *Repo) HoldQueue(branch string, waits bool) error {
	r.g.mu.Lock()
	defer r.g.mu.Unlock()
	q := r.queue(branch)
	if q == nil {
		return fmt.Errorf("hold the queue: %s has none", branch)
	}
	q.waits = waits
	return r.advance(branch, q)
}

// Groups lists the merge groups of a branch, first to be merged first.
func (r *Repo) Groups(branch string) []GroupInfo {
	r.g.mu.Lock()
	defer r.g.mu.Unlock()
	var list []GroupInfo
	if q := r.queue(branch); q != nil {
		for _, e := range q.entries {
			list = append(list, GroupInfo{Number: e.pull.Number, Branch: e.ref, Head: e.head})
		}
	}
	return list
}

func (q *queue) find(p *Pull) int {
	for i, e := range q.entries {
		if e.pull == p {
			return i
		}
	}
	return -1
}

// build makes the groups from an entry on. What cannot be merged any more leaves the queue.
func (r *Repo) build(branch string, q *queue, from int) error {
	bot := r.g.queueBot()
	for i := from; i < len(q.entries); i++ {
		e := q.entries[i]
		e.base = r.git.resolve("heads/" + branch)
		if i > 0 {
			e.base = q.entries[i-1].head
		}
		tree, conflict, err := r.git.mergeTree(e.base, e.pull.head)
		if err != nil {
			return err
		}
		if conflict {
			r.drop(q, i, "MERGE_CONFLICT", bot)
			i--
			continue
		}
		_, login, _ := e.pull.headRepo.owner.account()
		title := fmt.Sprintf("Merge pull request #%d from %s/%s\n\n%s", e.pull.Number, login, e.pull.headRef, e.pull.title)
		if e.head, err = r.git.line("commit-tree", tree, "-p", e.base, "-p", e.pull.head, "-m", title); err != nil {
			return err
		}
		e.ref = fmt.Sprintf("gh-readonly-queue/%s/pr-%d-%s", branch, e.pull.Number, e.base)
		if err := r.git.setRef("refs/heads/"+e.ref, e.head); err != nil {
			return err
		}
		if err := r.moved(bot, e.ref, "", e.head, false); err != nil {
			return err
		}
		r.g.emit(r, "merge_group", "checks_requested", bot, obj{"action": "checks_requested", "merge_group": r.groupJSON(branch, e)})
	}
	return nil
}

func (r *Repo) groupJSON(branch string, e *entry) obj {
	return obj{"head_sha": e.head, "head_ref": "refs/heads/" + e.ref, "base_sha": e.base, "base_ref": "refs/heads/" + branch, "head_commit": r.simpleCommit(e.head)}
}

// end takes away the group of an entry. reason is "merged", "invalidated" or "dequeued".
func (r *Repo) end(branch string, e *entry, reason string) error {
	if e.ref == "" {
		return nil
	}
	bot := r.g.queueBot()
	r.g.emit(r, "merge_group", "destroyed", bot, obj{"action": "destroyed", "reason": reason, "merge_group": r.groupJSON(branch, e)})
	ref, sha := e.ref, e.head
	e.ref = ""
	if err := r.git.setRef("refs/heads/"+ref, ""); err != nil {
		return err
	}
	return r.moved(bot, ref, sha, "", false)
}

// drop takes an entry out of the list and tells why.
func (r *Repo) drop(q *queue, i int, why string, by *User) {
	e := q.entries[i]
	q.entries = append(q.entries[:i:i], q.entries[i+1:]...)
	e.pull.touch()
	e.pull.note("removed_from_merge_queue", by, "", nil)
	e.pull.emit("dequeued", by, obj{"reason": why})
}

// leaveQueue takes a pull request out of the queue that it is in, and builds the groups behind it again.
func (p *Pull) leaveQueue(by *User, why string) error {
	q := p.repo.queue(p.baseRef)
	if q == nil || q.find(p) < 0 {
		return nil
	}
	i := q.find(p)
	err := p.repo.end(p.baseRef, q.entries[i], "dequeued")
	for _, behind := range q.entries[i+1:] {
		err = errors.Join(err, p.repo.end(p.baseRef, behind, "invalidated"))
	}
	p.repo.drop(q, i, why, by)
	return errors.Join(err, p.repo.build(p.baseRef, q, i), p.repo.advance(p.baseRef, q))
}

// state says how the required checks of a group stand: "success", "failing" or "".
func (r *Repo) groupState(branch string, e *entry) string {
	out := "success"
	for _, c := range r.protection(branch).Checks {
		switch r.checkState(e.head, c) {
		case "success":
		case "failing":
			return "failing"
		default:
			out = ""
		}
	}
	return out
}

// advance merges what is green, from the front, and takes out what failed. With the strategy "HEADGREEN" a group vouches for those before it.
func (r *Repo) advance(branch string, q *queue) error {
	for !q.waits && !q.merging && len(q.entries) > 0 {
		upTo := -1
		last := 0
		if r.protection(branch).Ruleset.Queue == "HEADGREEN" {
			last = len(q.entries) - 1
		}
		for i := last; i >= 0 && upTo < 0; i-- {
			if r.groupState(branch, q.entries[i]) == "success" {
				upTo = i
			}
		}
		if upTo < 0 {
			if first := q.entries[0]; r.groupState(branch, first) == "failing" {
				return first.pull.leaveQueue(r.g.queueBot(), "CI_FAILURE") // which comes back here
			}
			return nil
		}
		if err := r.land(branch, q, upTo); err != nil {
			return err
		}
	}
	return nil
}

// land moves the branch to the group of an entry: it and those before it are merged.
func (r *Repo) land(branch string, q *queue, upTo int) error {
	bot := r.g.queueBot()
	done, old := q.entries[:upTo+1], r.git.resolve("heads/"+branch)
	q.entries = append([]*entry(nil), q.entries[upTo+1:]...)
	head := done[upTo].head
	if err := r.git.setRef("refs/heads/"+branch, head); err != nil {
		return err
	}
	for _, e := range done {
		e.pull.note("removed_from_merge_queue", bot, "", nil)
		e.pull.emit("dequeued", bot, obj{"reason": "MERGE"})
		e.pull.finish(e.by, e.head)
	}
	q.merging = true
	err := r.moved(bot, branch, old, head, false)
	q.merging = false
	for _, e := range done {
		err = errors.Join(err, r.end(branch, e, "merged"))
	}
	return err
}

// queueMoved builds the groups of a branch again after somebody else moved it.
func (r *Repo) queueMoved(branch string) error {
	q := r.queues[branch] // also where its rule is lifted for a moment
	if q == nil || q.merging || len(q.entries) == 0 {
		return nil
	}
	var err error
	for _, e := range q.entries {
		err = errors.Join(err, r.end(branch, e, "invalidated"))
	}
	return errors.Join(err, r.build(branch, q, 0))
}

// ready merges what has become ready to: queues go on, and armed pull requests are merged.
func (r *Repo) ready() error {
	var err error
	for _, branch := range sortedKeys(r.queues) {
		if q := r.queue(branch); q != nil {
			err = errors.Join(err, r.advance(branch, q))
		}
	}
	for _, p := range r.pulls {
		if p.state == "open" && p.armed != nil && r.queue(p.baseRef) == nil && r.protection(p.baseRef) != nil && len(p.blockers(nil)) == 0 {
			if _, e := p.merge(p.armed, "merge", "", "", ""); e != nil {
				err = errors.Join(err, e)
			}
		}
	}
	return err
}

// record keeps an error of git where nobody can be told of it.
func (r *Repo) record(what string, err error) {
	if err != nil {
		r.g.violations = append(r.g.violations, Violation{Method: "POST", Path: "/repos/" + r.FullName(), Where: "answer", Message: what + ": " + err.Error()})
	}
}
