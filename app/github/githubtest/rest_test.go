package githubtest_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/google/go-github/v60/github"

	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
)

func readAll(t *testing.T, r io.Reader) []byte {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Error(err)
	}
	return b
}

// Every operation of the description is called once by a real client; the answers must fit the description (Start fails otherwise).
func TestEveryOperation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	ctx := t.Context()
	app, inst, alice, bob := w.asApp(), w.asInstallation(), w.as(w.alice), w.as(w.bob)
	const o, r = "acme", "shop"
	n, head := w.pull.Number, w.pull.Head()
	w.repo.Protect("main", githubtest.Protection{Checks: []githubtest.RequiredCheck{{Context: "reviewgate", App: w.app}, {Context: "ci"}}, Approvals: 1, Strict: true})
	w.repo.Protect("release/1", githubtest.Protection{Checks: []githubtest.RequiredCheck{{Context: "reviewgate", App: w.app}}, Approvals: 2, ViaRuleset: true})

	// Apps.
	step(app.Apps.Get(ctx, "")).ok(t, "app")
	step(app.Apps.ListInstallations(ctx, nil)).ok(t, "installations")
	step(app.Apps.GetInstallation(ctx, w.inst.ID)).ok(t, "installation")
	step(app.Apps.CreateInstallationToken(ctx, w.inst.ID, &github.InstallationTokenOptions{Repositories: []string{"shop"}, Permissions: &github.InstallationPermissions{Contents: github.String("read")}})).ok(t, "token")
	step(app.Apps.FindRepositoryInstallation(ctx, o, r)).ok(t, "repo installation")
	step(app.Apps.FindOrganizationInstallation(ctx, o)).ok(t, "org installation")
	if _, resp, err := app.Apps.FindUserInstallation(ctx, "alice"); err == nil || resp.StatusCode != 404 {
		t.Errorf("alice has no installation, got %v", err)
	}
	step(app.Apps.GetHookConfig(ctx)).ok(t, "hook config")
	w.settle()
	deliveries := step(app.Apps.ListHookDeliveries(ctx, nil)).ok(t, "deliveries")
	step(app.Apps.GetHookDelivery(ctx, *deliveries[0].ID)).ok(t, "delivery")
	if _, _, err := app.Apps.RedeliverHookDelivery(ctx, *deliveries[0].ID); err != nil {
		if accepted := (*github.AcceptedError)(nil); !errors.As(err, &accepted) {
			t.Error(err)
		}
	}
	step(inst.Apps.ListRepos(ctx, nil)).ok(t, "installation repositories")

	// People.
	step(inst.RateLimit.Get(ctx)).ok(t, "rate limit")
	step(inst.Markdown.Render(ctx, "# hello", nil)).ok(t, "markdown")
	step(bob.Users.Get(ctx, "")).ok(t, "self")
	u := step(inst.Users.Get(ctx, "bob")).ok(t, "user")
	step(inst.Users.GetByID(ctx, u.GetID())).ok(t, "user by id")
	step(inst.Users.Get(ctx, "reviewgate[bot]")).ok(t, "bot")
	step(inst.Organizations.Get(ctx, o)).ok(t, "org")
	step(inst.Organizations.GetOrgMembership(ctx, "bob", o)).ok(t, "org membership")
	step(inst.Teams.ListTeams(ctx, o, nil)).ok(t, "teams")
	step(inst.Teams.GetTeamBySlug(ctx, o, "security")).ok(t, "team")
	if got := step(inst.Teams.ListTeamMembersBySlug(ctx, o, "security", nil)).ok(t, "team members"); len(got) != 1 || got[0].GetLogin() != "carol" {
		t.Errorf("members of security: %v", got)
	}
	step(inst.Teams.GetTeamMembershipBySlug(ctx, o, "security", "carol")).ok(t, "team membership")

	// Repositories and git.
	step(inst.Repositories.Get(ctx, o, r)).ok(t, "repo")
	step(inst.Repositories.ListBranches(ctx, o, r, nil)).ok(t, "branches")
	step(inst.Repositories.GetBranch(ctx, o, r, "feature/x", 0)).ok(t, "branch")
	step(inst.Repositories.GetBranch(ctx, o, r, "main", 0)).ok(t, "protected branch")
	step(inst.Repositories.GetBranchProtection(ctx, o, r, "main")).ok(t, "protection")
	step(alice.Repositories.GetRequiredStatusChecks(ctx, o, r, "main")).ok(t, "required checks")
	step(inst.Repositories.GetRulesForBranch(ctx, o, r, "release/1")).ok(t, "rules")
	sets := step(inst.Repositories.GetAllRulesets(ctx, o, r, true)).ok(t, "rulesets")
	step(alice.Repositories.GetRuleset(ctx, o, r, *sets[0].ID, true)).ok(t, "ruleset")
	step(inst.Repositories.ListCollaborators(ctx, o, r, nil)).ok(t, "collaborators")
	step(inst.Repositories.IsCollaborator(ctx, o, r, "bob")).ok(t, "is collaborator")
	if got := step(inst.Repositories.GetPermissionLevel(ctx, o, r, "carol")).ok(t, "permission"); got.GetPermission() != "write" || got.GetUser().GetRoleName() != "maintain" {
		t.Errorf("carol: %s, %s", got.GetPermission(), got.GetUser().GetRoleName())
	}
	step(inst.Repositories.ListCommits(ctx, o, r, nil)).ok(t, "commits")
	step(inst.Repositories.GetCommit(ctx, o, r, "feature/x", nil)).ok(t, "commit")
	step(inst.PullRequests.ListPullRequestsWithCommit(ctx, o, r, head, nil)).ok(t, "commit pulls")
	cmp := step(inst.Repositories.CompareCommits(ctx, o, r, "main", "feature/x", nil)).ok(t, "compare")
	if cmp.GetAheadBy() != 1 || cmp.GetMergeBaseCommit().GetSHA() != w.pull.Base() || len(cmp.Files) != 2 {
		t.Errorf("compare: %v", cmp)
	}
	file, _, _, err := inst.Repositories.GetContents(ctx, o, r, "docs/a b.md", &github.RepositoryContentGetOptions{Ref: "main"})
	if text, _ := file.GetContent(); err != nil || text != "text\n" {
		t.Errorf("contents: %q, %v", text, err)
	}
	if _, dir, _, err := inst.Repositories.GetContents(ctx, o, r, "", nil); err != nil || len(dir) != 3 {
		t.Errorf("root: %v, %v", dir, err)
	}
	step(inst.Repositories.CreateStatus(ctx, o, r, head, &github.RepoStatus{State: github.String("success"), Context: github.String("ci")})).ok(t, "status")
	step(inst.Repositories.GetCombinedStatus(ctx, o, r, "feature/x", nil)).ok(t, "combined status")
	step(inst.Repositories.ListStatuses(ctx, o, r, head, nil)).ok(t, "statuses")
	step(inst.Git.GetRef(ctx, o, r, "heads/feature/x")).ok(t, "ref")
	if refs := step(inst.Git.ListMatchingRefs(ctx, o, r, &github.ReferenceListOptions{Ref: "pull/"})).ok(t, "refs"); len(refs) != 1 || refs[0].GetObject().GetSHA() != head {
		t.Errorf("refs: %v", refs)
	}
	commit := step(inst.Git.GetCommit(ctx, o, r, head)).ok(t, "git commit")
	tree := step(inst.Git.GetTree(ctx, o, r, commit.GetTree().GetSHA(), true)).ok(t, "tree")
	step(inst.Git.GetBlob(ctx, o, r, tree.Entries[0].GetSHA())).ok(t, "blob")

	// Pull requests.
	step(inst.PullRequests.List(ctx, o, r, nil)).ok(t, "pulls")
	got := step(inst.PullRequests.Get(ctx, o, r, n)).ok(t, "pull")
	if got.GetChangedFiles() != 2 || got.GetCommits() != 1 || got.GetHead().GetSHA() != head || got.GetMergeableState() != "blocked" || !got.GetMergeable() {
		t.Errorf("pull: files %d, commits %d, state %s", got.GetChangedFiles(), got.GetCommits(), got.GetMergeableState())
	}
	w.commit(githubtest.Commit{Author: w.bob, Branch: "other", Parents: []string{"main"}, Files: map[string]string{"x.txt": "x\n"}})
	other := step(bob.PullRequests.Create(ctx, o, r, &github.NewPullRequest{Title: github.String("Other"), Head: github.String("other"), Base: github.String("main")})).ok(t, "create pull")
	step(bob.PullRequests.Edit(ctx, o, r, other.GetNumber(), &github.PullRequest{Title: github.String("Another"), State: github.String("closed")})).ok(t, "edit pull")
	files := step(inst.PullRequests.ListFiles(ctx, o, r, n, nil)).ok(t, "files")
	if len(files) != 2 || files[0].GetFilename() != "main.go" || files[0].GetAdditions() != 2 || files[1].GetStatus() != "added" {
		t.Errorf("files: %v", files)
	}
	commits := step(inst.PullRequests.ListCommits(ctx, o, r, n, nil)).ok(t, "pull commits")
	if len(commits) != 1 || commits[0].GetAuthor().GetLogin() != "bob" {
		t.Errorf("commits: %v", commits)
	}
	if merged := step(inst.PullRequests.IsMerged(ctx, o, r, n)).ok(t, "is merged"); merged {
		t.Error("merged already")
	}
	step(inst.PullRequests.RequestReviewers(ctx, o, r, n, github.ReviewersRequest{Reviewers: []string{"carol"}})).ok(t, "request reviewers")
	step(inst.PullRequests.ListReviewers(ctx, o, r, n, nil)).ok(t, "requested")

	review := step(inst.PullRequests.CreateReview(ctx, o, r, n, &github.PullRequestReviewRequest{CommitID: &head, Body: github.String("Two things."), Event: github.String("COMMENT"),
		Comments: []*github.DraftReviewComment{
			{Path: github.String("main.go"), Side: github.String("RIGHT"), Line: github.Int(7), Body: github.String("Why?")},
			{Path: github.String("main.go"), Side: github.String("RIGHT"), StartSide: github.String("RIGHT"), StartLine: github.Int(8), Line: github.Int(9), Body: github.String("Both.")}}})).ok(t, "review")
	step(inst.PullRequests.ListReviews(ctx, o, r, n, nil)).ok(t, "reviews")
	step(inst.PullRequests.GetReview(ctx, o, r, n, review.GetID())).ok(t, "get review")
	step(inst.PullRequests.UpdateReview(ctx, o, r, n, review.GetID(), "Two small things.")).ok(t, "update review")
	if list := step(inst.PullRequests.ListReviewComments(ctx, o, r, n, review.GetID(), nil)).ok(t, "review comments"); len(list) != 2 {
		t.Errorf("comments of the review: %d", len(list))
	}
	comments := step(inst.PullRequests.ListComments(ctx, o, r, n, nil)).ok(t, "comments")
	if len(comments) != 2 || comments[0].GetLine() != 7 || comments[1].GetStartLine() != 8 {
		t.Errorf("comments: %v", comments)
	}
	single := step(inst.PullRequests.CreateComment(ctx, o, r, n, &github.PullRequestComment{Body: github.String("Here"), CommitID: &head, Path: github.String("main.go"), Line: github.Int(7), Side: github.String("LEFT")})).ok(t, "comment on a line")
	step(bob.PullRequests.CreateCommentInReplyTo(ctx, o, r, n, "Because.", comments[0].GetID())).ok(t, "reply")
	reply, err := inst.NewRequest("POST", fmt.Sprintf("repos/acme/shop/pulls/%d/comments/%d/replies", n, comments[0].GetID()), map[string]string{"body": "I see."})
	w.must(err)
	_, err = inst.Do(ctx, reply, nil)
	w.must(err)
	step(inst.PullRequests.GetComment(ctx, o, r, single.GetID())).ok(t, "get comment")
	step(inst.PullRequests.EditComment(ctx, o, r, single.GetID(), &github.PullRequestComment{Body: github.String("Here!")})).ok(t, "edit comment")
	done(inst.PullRequests.DeleteComment(ctx, o, r, single.GetID())).ok(t, "delete comment")
	pending := step(alice.PullRequests.CreateReview(ctx, o, r, n, &github.PullRequestReviewRequest{Body: github.String("Fine")})).ok(t, "pending review")
	step(alice.PullRequests.SubmitReview(ctx, o, r, n, pending.GetID(), &github.PullRequestReviewRequest{Event: github.String("APPROVE")})).ok(t, "submit")
	if d := step(alice.PullRequests.DismissReview(ctx, o, r, n, pending.GetID(), &github.PullRequestReviewDismissalRequest{Message: github.String("Not yet")})).ok(t, "dismiss"); d.GetState() != "DISMISSED" {
		t.Errorf("dismissed: %s", d.GetState())
	}
	pending = step(alice.PullRequests.CreateReview(ctx, o, r, n, &github.PullRequestReviewRequest{Body: github.String("Hm")})).ok(t, "second pending review")
	step(alice.PullRequests.DeletePendingReview(ctx, o, r, n, pending.GetID())).ok(t, "delete pending")

	// The conversation.
	opened := step(inst.Issues.Create(ctx, o, r, &github.IssueRequest{Title: github.String("Look"), Body: github.String("at this")})).ok(t, "open an issue")
	if list := step(inst.Issues.ListByRepo(ctx, o, r, &github.IssueListByRepoOptions{State: "all", Creator: opened.GetUser().GetLogin()})).ok(t, "list issues"); len(list) != 1 || list[0].GetNumber() != opened.GetNumber() {
		t.Errorf("issues: %v", list)
	}
	issue := step(inst.Issues.CreateComment(ctx, o, r, n, &github.IssueComment{Body: github.String("Hello **you**")})).ok(t, "comment")
	step(inst.Issues.GetComment(ctx, o, r, issue.GetID())).ok(t, "get comment")
	step(inst.Issues.ListComments(ctx, o, r, n, nil)).ok(t, "list comments")
	step(inst.Issues.EditComment(ctx, o, r, issue.GetID(), &github.IssueComment{Body: github.String("Hello")})).ok(t, "edit comment")
	step(inst.Reactions.CreateIssueCommentReaction(ctx, o, r, issue.GetID(), "+1")).ok(t, "react")
	done(inst.Issues.DeleteComment(ctx, o, r, issue.GetID())).ok(t, "delete comment")
	step(inst.Issues.CreateComment(ctx, o, r, n, &github.IssueComment{Body: github.String("Stay")})).ok(t, "comment")
	step(inst.Issues.AddLabelsToIssue(ctx, o, r, n, []string{"agent", "risky"})).ok(t, "add labels")
	step(inst.Issues.ListLabelsByIssue(ctx, o, r, n, nil)).ok(t, "labels")
	done(inst.Issues.RemoveLabelForIssue(ctx, o, r, n, "risky")).ok(t, "remove label")
	w.must(w.pull.Assign(w.alice, w.bob))
	w.must(w.pull.SetDraft(w.bob, true))
	w.must(w.pull.SetDraft(w.bob, false))
	w.must(w.pull.Edit(w.bob, "Change the main program", "Please look again."))
	step(inst.Issues.Get(ctx, o, r, n)).ok(t, "issue")
	step(inst.Issues.ListIssueEvents(ctx, o, r, n, nil)).ok(t, "events")
	step(inst.Issues.ListIssueTimeline(ctx, o, r, n, nil)).ok(t, "timeline")

	// Checks.
	run := step(inst.Checks.CreateCheckRun(ctx, o, r, github.CreateCheckRunOptions{Name: "reviewgate", HeadSHA: head, Status: github.String("in_progress"), ExternalID: github.String("k1")})).ok(t, "create run")
	step(inst.Checks.UpdateCheckRun(ctx, o, r, run.GetID(), github.UpdateCheckRunOptions{Name: "reviewgate", Conclusion: github.String("failure"), Output: &github.CheckRunOutput{
		Title: github.String("One finding"), Summary: github.String("See below"), Annotations: []*github.CheckRunAnnotation{{Path: github.String("main.go"), StartLine: github.Int(7), EndLine: github.Int(7),
			AnnotationLevel: github.String("failure"), Title: github.String("Title"), Message: github.String("Message")}}}})).ok(t, "update run")
	if got := step(inst.Checks.GetCheckRun(ctx, o, r, run.GetID())).ok(t, "get run"); got.GetStatus() != "completed" || got.GetOutput().GetAnnotationsCount() != 1 {
		t.Errorf("run: %v", got)
	}
	step(inst.Checks.ListCheckRunAnnotations(ctx, o, r, run.GetID(), nil)).ok(t, "annotations")
	list := step(inst.Checks.ListCheckRunsForRef(ctx, o, r, "feature/x", &github.ListCheckRunsOptions{CheckName: github.String("reviewgate")})).ok(t, "runs for ref")
	if list.GetTotal() != 1 {
		t.Errorf("runs: %d", list.GetTotal())
	}
	suites := step(inst.Checks.ListCheckSuitesForRef(ctx, o, r, head, nil)).ok(t, "suites")
	id := suites.CheckSuites[0].GetID()
	step(inst.Checks.GetCheckSuite(ctx, o, r, id)).ok(t, "suite")
	step(inst.Checks.ListCheckRunsCheckSuite(ctx, o, r, id, nil)).ok(t, "runs of suite")
	done(bob.Checks.ReRequestCheckRun(ctx, o, r, run.GetID())).ok(t, "rerequest run")
	done(bob.Checks.ReRequestCheckSuite(ctx, o, r, id)).ok(t, "rerequest suite")

	w.repo.Unprotect("main")
	step(bob.PullRequests.Merge(ctx, o, r, n, "", nil)).ok(t, "merge")
	if merged := step(inst.PullRequests.IsMerged(ctx, o, r, n)).ok(t, "is merged"); !merged {
		t.Error("not merged")
	}
	step(inst.PullRequests.Get(ctx, o, r, n)).ok(t, "merged pull")
	done(inst.Apps.RevokeInstallationToken(ctx)).ok(t, "revoke")
	w.SignInAs(w.alice)
	_, back := w.register("/settings/apps/new", goodManifest)
	nobody := github.NewClient(nil)
	nobody.BaseURL = inst.BaseURL
	step(nobody.Apps.CompleteAppManifest(ctx, back.Query().Get("code"))).ok(t, "manifest")

	called := map[string]bool{}
	for _, q := range w.Requests() {
		called[q.Operation] = true
	}
	for _, id := range githubtest.Operations() {
		if !called[id] {
			t.Errorf("operation %s was not called", id)
		}
	}
}

// step and done wrap what a call returned: step(call(...)).ok(t, "what") fails the test if it failed, and gives its result.
func step[T any](v T, _ *github.Response, err error) result[T] { return result[T]{v, err} }

func done(_ *github.Response, err error) result[struct{}] { return result[struct{}]{err: err} }

type result[T any] struct {
	value T
	err   error
}

func (r result[T]) ok(t *testing.T, what string) T {
	t.Helper()
	if r.err != nil {
		t.Fatalf("%s: %v", what, r.err)
	}
	return r.value
}
