package githubtest_test

import (
	"strings"
	"testing"

	"github.com/google/go-github/v60/github"

	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
)

// What people become: renamed, gone, of another role, of another team. The API and the webhooks say what GitHub says.
func TestAccountsChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	ctx, inst := t.Context(), w.asInstallation()
	review, err := w.pull.Approve(w.carol)
	w.must(err)
	_, err = w.pull.Comment(w.carol, "fine")
	w.must(err)
	w.received()

	w.must(w.carol.Rename("caroline"))
	if got := step(inst.PullRequests.GetReview(ctx, "acme", "shop", 1, review.ID)).ok(t, "review"); got.GetUser().GetLogin() != "caroline" || got.GetUser().GetID() != w.carol.ID {
		t.Errorf("after a rename: %v", got.GetUser())
	}
	if _, err := w.AddUser("carol", "User", w.carol.ID); err == nil {
		t.Error("two accounts have one id")
	}
	taker, err := w.AddUser("carol", "User", 0)
	w.must(err)
	if taker.ID == w.carol.ID || taker.Rename("caroline") == nil {
		t.Error("a login or an id is there twice")
	}

	w.carol.Delete()
	got := step(inst.PullRequests.GetReview(ctx, "acme", "shop", 1, review.ID)).ok(t, "review")
	if got.User != nil {
		t.Errorf("the review of an account that is gone: %v", got.User)
	}
	talk := step(inst.Issues.ListComments(ctx, "acme", "shop", 1, nil)).ok(t, "comments")
	if talk[0].GetUser().GetLogin() != "ghost" || talk[0].GetUser().GetID() != 10137 {
		t.Errorf("the comment of an account that is gone: %v", talk[0].GetUser())
	}
	w.sent("membership.removed", "organization.member_removed")

	w.repo.ChangeRole(w.alice, w.mall, "read")
	w.repo.ChangeRole(w.alice, w.mall, "write")
	w.repo.ChangeRole(w.alice, w.mall, "write") // nothing changes
	w.repo.ChangeRole(w.alice, w.mall, "")
	w.sent("member.added", "member.edited", "member.removed")

	w.must(w.security.Delete(w.alice))
	if w.security.Delete(w.alice) == nil {
		t.Error("a team was deleted twice")
	}
	again, err := w.acme.NewTeam(w.alice, "security", 4411, w.bob)
	w.must(err)
	if team := step(inst.Teams.GetTeamBySlug(ctx, "acme", "security")).ok(t, "team"); team.GetID() != 4411 || again.ID != 4411 {
		t.Errorf("team: %v", team)
	}
	w.sent("team.deleted", "team.created")

	w.acme.SetBasePermission("none")
	w.repo.ChangeRole(w.alice, w.bob, "")
	if level := step(inst.Repositories.GetPermissionLevel(ctx, "acme", "shop", "bob")).ok(t, "role"); level.GetPermission() != "none" {
		t.Errorf("a member without a role: %s", level.GetPermission())
	}
}

// sent asserts which events came since the last look, among those of people.
func (w *world) sent(want ...string) {
	w.t.Helper()
	var got []string
	for _, h := range w.received() {
		event := h.header.Get("X-Github-Event")
		_, rest, _ := strings.Cut(string(h.body), `"action":"`)
		action, _, _ := strings.Cut(rest, `"`)
		if strings.Contains(" member membership organization team merge_group status ", " "+event+" ") || action == "enqueued" || action == "dequeued" || action == "edited" {
			got = append(got, strings.TrimSuffix(event+"."+action, "."))
		}
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		w.t.Errorf("webhooks: %q, want %q", got, want)
	}
}

// A fork that is deleted leaves its pull request, without a head repository, and its commits.
func TestDeletedFork(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	fork, err := w.repo.Fork(w.bob)
	w.must(err)
	sha, err := fork.Commit(githubtest.Commit{Author: w.bob, Branch: "idea", Parents: []string{"main"}, Files: map[string]string{"idea.txt": "x\n"}})
	w.must(err)
	p, err := w.repo.OpenPull(w.bob, githubtest.PullOptions{Head: "idea", HeadRepo: fork})
	w.must(err)
	fork.Delete()
	got := step(w.asInstallation().PullRequests.Get(t.Context(), "acme", "shop", p.Number)).ok(t, "pull request")
	if got.GetState() != "open" || got.GetHead().Repo != nil || got.GetHead().GetSHA() != sha || got.GetHead().GetUser().GetLogin() != "bob" {
		t.Errorf("head: %v", got.GetHead())
	}
	if content, err := w.repo.File(sha, "idea.txt"); err != nil || content != "x\n" {
		t.Errorf("its commit: %q %v", content, err)
	}
	w.must(p.Close(w.bob))
	if p.Reopen(w.bob) == nil {
		t.Error("it was opened again, from nowhere")
	}
}

// An App's commit through the API is GitHub's to sign; a merge begins with what git computes; a committer can claim to be anybody.
func TestCommitsOfAllKinds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	ctx, inst := t.Context(), w.asInstallation()
	bot := w.Bot("dependabot")
	signed := w.commit(githubtest.Commit{Author: bot, Signed: true, Parents: []string{"main"}, Files: map[string]string{"go.sum": "x\n"}})
	c := step(inst.Repositories.GetCommit(ctx, "acme", "shop", signed, nil)).ok(t, "commit")
	if v := c.GetCommit().GetVerification(); !v.GetVerified() || v.GetReason() != "valid" || c.GetCommitter().GetLogin() != "web-flow" || c.GetAuthor().GetLogin() != bot.Login {
		t.Errorf("signed: %v by %v", v, c.GetCommitter())
	}
	claimed := w.commit(githubtest.Commit{Author: w.bob, CommitterEmail: "nobody@nowhere.example.com", Parents: []string{"main"}, Files: map[string]string{"README.md": "# shop!\n"}})
	c = step(inst.Repositories.GetCommit(ctx, "acme", "shop", claimed, nil)).ok(t, "commit")
	if c.Committer != nil || c.GetAuthor().GetLogin() != "bob" || c.GetCommit().GetVerification().GetVerified() {
		t.Errorf("claimed: %v", c)
	}
	merge := w.commit(githubtest.Commit{Author: w.bob, Merge: true, Parents: []string{signed, claimed}})
	for path, want := range map[string]string{"go.sum": "x\n", "README.md": "# shop!\n", "main.go": baseMain} {
		if got, err := w.repo.File(merge, path); err != nil || got != want {
			t.Errorf("%s of the merge: %q %v", path, got, err)
		}
	}
	other := w.commit(githubtest.Commit{Author: w.bob, Parents: []string{"main"}, Files: map[string]string{"README.md": "# another\n"}})
	if _, err := w.repo.Commit(githubtest.Commit{Author: w.bob, Merge: true, Parents: []string{claimed, other}}); err == nil {
		t.Error("a conflict was merged")
	}
}

// A pull request and a comment that an App makes with a person's token say so.
func TestThroughAnApp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	agent, err := w.NewApp(githubtest.AppOptions{Slug: "agent", Owner: w.acme})
	w.must(err)
	w.commit(githubtest.Commit{Author: w.bob, Branch: "by-agent", Parents: []string{"main"}, Files: map[string]string{"x": "y\n"}})
	p, err := w.repo.OpenPull(w.bob, githubtest.PullOptions{Head: "by-agent", Via: agent})
	w.must(err)
	_, err = p.Talk(w.bob, githubtest.TalkOptions{Body: "done", Via: agent})
	w.must(err)
	inst := w.asInstallation()
	var issue struct {
		App *github.App `json:"performed_via_github_app"`
	}
	req, err := inst.NewRequest("GET", "repos/acme/shop/issues/2", nil)
	w.must(err)
	_, err = inst.Do(t.Context(), req, &issue)
	w.must(err)
	if issue.App.GetSlug() != "agent" {
		t.Errorf("opened through %v", issue.App)
	}
	var talk []struct {
		User github.User `json:"user"`
		App  *github.App `json:"performed_via_github_app"`
	}
	req, err = inst.NewRequest("GET", "repos/acme/shop/issues/2/comments", nil)
	w.must(err)
	_, err = inst.Do(t.Context(), req, &talk)
	w.must(err)
	if len(talk) != 1 || talk[0].App.GetSlug() != "agent" || talk[0].User.GetLogin() != "bob" {
		t.Errorf("comments: %+v", talk)
	}
}
