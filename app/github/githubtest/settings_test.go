package githubtest_test

import (
	"testing"

	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
)

// TestBypassActors: whom a ruleset does not bind, on merges and on pushes.
func TestBypassActors(t *testing.T) {
	t.Parallel()
	gh := githubtest.Start(t, githubtest.Options{})
	alice, bob, carol, dave := gh.User("alice"), gh.User("bob"), gh.User("carol"), gh.User("dave")
	acme := gh.Org("acme")
	acme.AddMember(alice, "admin")
	team := acme.Team("release", carol)
	repo, err := gh.NewRepo(acme, "shop", githubtest.RepoOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range []*githubtest.User{bob, carol, dave} {
		repo.SetRole(u, "write")
	}
	commit := func(c githubtest.Commit) string {
		t.Helper()
		sha, err := repo.Commit(c)
		if err != nil {
			t.Fatal(err)
		}
		return sha
	}
	commit(githubtest.Commit{Author: alice, Branch: "main", Files: map[string]string{"a": "1\n"}})
	next := commit(githubtest.Commit{Author: bob, Branch: "change", Parents: []string{"main"}, Files: map[string]string{"a": "2\n"}})
	pull, err := repo.OpenPull(bob, githubtest.PullOptions{Title: "Change", Head: "change"})
	if err != nil {
		t.Fatal(err)
	}
	protect := func(look githubtest.RulesetLook) {
		repo.Protect("main", githubtest.Protection{Checks: []githubtest.RequiredCheck{{Context: "gate"}}, EnforceAdmins: true, ViaRuleset: true, Ruleset: look})
	}
	may := func(what string, who *githubtest.User, want bool) {
		t.Helper()
		if ok, reasons := pull.Mergeability(who); ok != want {
			t.Errorf("%s: %s may merge: %v %q", what, who.Login, ok, reasons)
		}
	}
	protect(githubtest.RulesetLook{})
	for _, u := range []*githubtest.User{alice, bob, carol, dave} {
		may("nobody bypasses", u, false)
	}
	protect(githubtest.RulesetLook{Bypass: []githubtest.BypassActor{
		{Type: "OrganizationAdmin", Mode: "always"}, {Type: "Team", ID: team.ID, Mode: "pull_request"}, {Type: "User", ID: dave.ID, Mode: "exempt"}, {Type: "DeployKey", Mode: "always"}}})
	may("a list", alice, true)
	may("a list", bob, false)
	may("a list", carol, true)
	may("a list", dave, true)
	if err := repo.Push(carol, "main", next, false); err == nil {
		t.Error("who may bypass on pull requests only has pushed")
	}
	protect(githubtest.RulesetLook{Bypass: []githubtest.BypassActor{{Type: "RepositoryRole", ID: 4, Mode: "always"}}})
	may("a role", bob, true)
	protect(githubtest.RulesetLook{Enforcement: "evaluate"})
	may("not enforced", bob, true)

	reader := gh.User("eve")
	if err := pull.ArmAutoMerge(reader); err == nil {
		t.Error("a reader has armed a merge")
	}
	if err := repo.SetStatus(reader, "change", "gate", "success"); err == nil {
		t.Error("a reader has set a status")
	}
	protect(githubtest.RulesetLook{})
	if err := repo.SetStatus(bob, "change", "gate", "success"); err != nil {
		t.Error(err)
	}
	may("a status of that name, from anybody", bob, true)
}
