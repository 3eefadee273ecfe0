package github

import (
	"testing"

	gh "github.com/google/go-github/v60/github"
)

// TestVerifiedApp: "verified" alone proves nothing about the author.
func TestVerifiedApp(t *testing.T) {
	t.Parallel()
	account := func(id int64, login, kind string) *gh.User {
		return &gh.User{ID: new(id), Login: new(login), Type: new(kind)}
	}
	bot, flow, alice := account(1, "dependabot[bot]", "Bot"), account(2, "web-flow", "User"), account(3, "alice", "User")
	for name, c := range map[string]struct {
		author, committer *gh.User
		verified          bool
		reason, want      string
	}{
		"signed by GitHub for the App":          {bot, flow, true, "valid", "dependabot"},
		"committed by the App":                  {bot, bot, true, "valid", "dependabot"},
		"not signed":                            {bot, flow, false, "unsigned", ""},
		"not verified":                          {bot, flow, false, "unknown_key", ""},
		"a reason that says something else":     {bot, flow, true, "gpgverify_unavailable", ""},
		"signed by a person, in the App's name": {bot, alice, true, "valid", ""},
		"a person's, made on the web":           {alice, flow, true, "valid", ""},
		"another bot signs":                     {bot, account(4, "other[bot]", "Bot"), true, "valid", ""},
		"no committer":                          {bot, nil, true, "valid", ""},
		"no author":                             {nil, flow, true, "valid", ""},
		"a bot without the mark of one":         {account(5, "dependabot", "Bot"), flow, true, "valid", ""},
		"a person called like one":              {account(6, "dependabot[bot]", "User"), flow, true, "valid", ""},
		"an App called like GitHub's account":   {bot, account(7, "web-flow", "Bot"), true, "valid", ""},
	} {
		rc := &gh.RepositoryCommit{Author: c.author, Committer: c.committer, Commit: &gh.Commit{Verification: &gh.SignatureVerification{Verified: &c.verified, Reason: &c.reason}}}
		if got := verifiedApp(rc); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if got := verifiedApp(&gh.RepositoryCommit{}); got != "" {
		t.Errorf("an empty commit: %q", got)
	}
}

func TestFirstTime(t *testing.T) {
	t.Parallel()
	for association, want := range map[string]string{
		"CONTRIBUTOR": "no", "FIRST_TIME_CONTRIBUTOR": "yes", "FIRST_TIMER": "yes", "NONE": "yes", "MANNEQUIN": "yes",
		"MEMBER": "?", "OWNER": "?", "COLLABORATOR": "?", "": "?", "SOMETHING_NEW": "?",
	} {
		got := "?"
		if f := firstTime(association); f != nil {
			got = map[bool]string{true: "yes", false: "no"}[*f]
		}
		if got != want {
			t.Errorf("%s: %s, want %s", association, got, want)
		}
	}
}
