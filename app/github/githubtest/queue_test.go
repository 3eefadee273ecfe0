package githubtest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-github/v60/github"

	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
)

// queued makes a world with a merge queue on main that wants our check, and n pull requests that may be queued.
func queued(t *testing.T, strategy string, n int) (w *world, pulls []*githubtest.Pull) {
	w = newWorld(t, githubtest.Options{})
	w.inst.SetPermission("merge_queues", "read")
	w.repo.Protect("main", githubtest.Protection{ViaRuleset: true, Ruleset: githubtest.RulesetLook{Queue: strategy}, Checks: []githubtest.RequiredCheck{{Context: "reviewgate", App: w.app}}})
	for i := range n {
		branch := fmt.Sprintf("topic-%d", i)
		w.commit(githubtest.Commit{Author: w.bob, Branch: branch, Parents: []string{"main"}, Files: map[string]string{branch: "x\n"}})
		p, err := w.repo.OpenPull(w.bob, githubtest.PullOptions{Head: branch})
		w.must(err)
		pulls = append(pulls, p)
		w.says(p.Head(), "success")
	}
	w.received()
	return w, pulls
}

// says sets our check on a commit.
func (w *world) says(sha, conclusion string) {
	w.t.Helper()
	step(w.asInstallation().Checks.CreateCheckRun(w.t.Context(), "acme", "shop", github.CreateCheckRunOptions{Name: "reviewgate", HeadSHA: sha, Status: github.String("completed"), Conclusion: &conclusion})).ok(w.t, "check run")
}

func TestMergeQueue(t *testing.T) {
	t.Parallel()
	w, p := queued(t, "ALLGREEN", 2)
	if err := p[0].Merge(w.bob); err == nil || !strings.Contains(err.Error(), "merge queue") {
		t.Errorf("merged around the queue: %v", err)
	}
	w.must(p[0].Enqueue(w.bob))
	if p[0].Enqueue(w.bob) == nil {
		t.Error("it is queued twice")
	}
	w.must(p[1].Enqueue(w.bob))
	w.sent("pull_request.enqueued", "merge_group.checks_requested", "pull_request.enqueued", "merge_group.checks_requested")
	g := w.repo.Groups("main")
	if len(g) != 2 || g[0].Branch != "gh-readonly-queue/main/pr-2-"+w.repo.SHA("main") || g[1].Branch != "gh-readonly-queue/main/pr-3-"+g[0].Head || w.repo.SHA(g[1].Branch) != g[1].Head {
		t.Fatalf("groups: %+v", g)
	}
	if content, err := w.repo.File(g[1].Head, "topic-0"); err != nil || content != "x\n" {
		t.Errorf("the second group stands on the first: %q %v", content, err)
	}
	w.says(g[1].Head, "success") // each has to pass
	if p[1].State() != "open" {
		t.Error("the second was merged before the first")
	}
	w.says(g[0].Head, "success")
	if p[0].State() != "merged" || p[1].State() != "merged" || w.repo.SHA("main") != g[1].Head || w.repo.SHA(g[0].Branch) != "" {
		t.Errorf("states %s %s, main at %s", p[0].State(), p[1].State(), w.repo.SHA("main"))
	}
	w.sent("pull_request.dequeued", "merge_group.destroyed", "pull_request.dequeued", "merge_group.destroyed")
}

func TestMergeQueueGoesWrong(t *testing.T) {
	t.Parallel()
	w, p := queued(t, "ALLGREEN", 3)
	for _, pull := range p {
		w.must(pull.Enqueue(w.bob))
	}
	old := w.repo.Groups("main")
	w.says(old[1].Head, "success")
	w.says(old[0].Head, "action_required") // which is not green: it is out, and those behind it are built again
	g := w.repo.Groups("main")
	if len(g) != 2 || g[0].Number != 3 || g[0].Head == old[1].Head || p[0].State() != "open" {
		t.Fatalf("groups: %+v", g)
	}
	// A push to a queued pull request takes it out.
	w.commit(githubtest.Commit{Author: w.bob, Branch: "topic-1", Files: map[string]string{"more": "x\n"}})
	if g = w.repo.Groups("main"); len(g) != 1 || g[0].Number != 4 {
		t.Fatalf("groups after a push: %+v", g)
	}
	// The base moves: the group is built on it.
	w.must(w.repo.HoldQueue("main", true))
	before := g[0].Head
	w.commit(githubtest.Commit{Author: w.alice, Branch: "main", Files: map[string]string{"README.md": "# moved\n"}})
	if g = w.repo.Groups("main"); len(g) != 1 || g[0].Head == before {
		t.Fatalf("groups after the base moved: %+v", g)
	}
	w.says(g[0].Head, "success")
	if p[2].State() != "open" {
		t.Error("a queue that waits merged")
	}
	w.must(w.repo.HoldQueue("main", false))
	if p[2].State() != "merged" {
		t.Error("a queue that waits no more did not merge")
	}
	w.says(p[1].Head(), "success")
	w.must(p[1].Enqueue(w.bob))
	w.must(p[1].Dequeue(w.bob))
	if p[1].Dequeue(w.bob) == nil || len(w.repo.Groups("main")) != 0 {
		t.Error("it was taken out twice")
	}
	w.must(p[0].Close(w.bob))
	if p[0].Enqueue(w.bob) == nil {
		t.Error("a closed pull request was queued")
	}
}

// With "HEADGREEN" the group at the top vouches for those below.
func TestMergeQueueHeadGreen(t *testing.T) {
	t.Parallel()
	w, p := queued(t, "HEADGREEN", 2)
	w.must(p[0].Enqueue(w.bob))
	w.must(p[1].Enqueue(w.bob))
	w.says(w.repo.Groups("main")[1].Head, "success")
	if p[0].State() != "merged" || p[1].State() != "merged" {
		t.Errorf("states %s %s", p[0].State(), p[1].State())
	}
}

func TestAutoMerge(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	w.repo.Protect("main", githubtest.Protection{Approvals: 1, Checks: []githubtest.RequiredCheck{{Context: "reviewgate", App: w.app}}})
	w.must(w.pull.ArmAutoMerge(w.bob))
	w.says(w.pull.Head(), "success")
	if w.pull.State() != "open" {
		t.Fatal("merged without an approval")
	}
	_, err := w.pull.Approve(w.carol)
	w.must(err)
	if w.pull.State() != "merged" {
		t.Error("it is armed and may be merged, and is not")
	}
}

// The reviews of a head that was rebased without a change of its patch belong to the new head, though the content differs.
func TestReviewsAreBoundAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	_, err := w.pull.Approve(w.carol)
	w.must(err)
	old := w.pull.Head()
	// main changes the same file elsewhere.
	w.commit(githubtest.Commit{Author: w.alice, Branch: "main", Files: map[string]string{"docs/a b.md": "other\n"}})
	rebased := func(files map[string]string) string {
		return w.commit(githubtest.Commit{Author: w.bob, Message: "Change main", Branch: "feature/x", Force: true, Parents: []string{"main"}, Files: files})
	}
	head := rebased(map[string]string{"main.go": headMain, "new.txt": "new\n"})
	if got := w.pull.Reviews()[0].CommitID; got != head || got == old {
		t.Errorf("the same patch: the review is of %s", got)
	}
	rebased(map[string]string{"main.go": headMain, "new.txt": "newer\n"})
	if got := w.pull.Reviews()[0].CommitID; got != head {
		t.Errorf("another patch: the review is of %s", got)
	}
}

// A branch that a merged pull request came from is deleted: those into it go where that one went. Any other takes its pull requests with it.
func TestBaseIsDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	stacked := func(base, branch string) *githubtest.Pull {
		w.commit(githubtest.Commit{Author: w.bob, Branch: branch, Parents: []string{base}, Files: map[string]string{branch: "x\n"}})
		p, err := w.repo.OpenPull(w.bob, githubtest.PullOptions{Head: branch, Base: base})
		w.must(err)
		return p
	}
	top := stacked("feature/x", "top")
	w.commit(githubtest.Commit{Author: w.bob, Branch: "lost", Parents: []string{"main"}, Files: map[string]string{"l": "x\n"}})
	other := stacked("lost", "other")
	w.must(w.pull.Merge(w.bob))
	w.received()
	w.must(w.repo.DeleteBranch(w.bob, "feature/x"))
	if top.State() != "open" || top.BaseRef() != "main" {
		t.Errorf("on top: %s into %s", top.State(), top.BaseRef())
	}
	w.sent("pull_request.edited")
	w.must(w.repo.DeleteBranch(w.bob, "lost"))
	if other.State() != "closed" {
		t.Errorf("the other: %s", other.State())
	}
}
