package github_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
	"github.com/reviewgate-app/reviewgate/app/report"
	"github.com/reviewgate-app/reviewgate/checks"
)

// A world is a small organisation on a GitHub of its own, and our App installed there.
type world struct {
	t                      *testing.T
	hub                    *githubtest.GitHub
	acme                   *githubtest.Org
	shop                   *githubtest.Repo
	alice, bob, carol, dan *githubtest.User
	app                    *githubtest.App
	inst                   *githubtest.Installation
	client                 *github.Client
	ours                   *github.App
}

func newWorld(t *testing.T) *world {
	t.Helper()
	t.Parallel()
	w := &world{t: t, hub: githubtest.Start(t, githubtest.Options{Manual: true, LongTokens: true})}
	w.acme = w.hub.Org("acme")
	w.alice, w.bob, w.carol, w.dan = w.hub.User("alice"), w.hub.User("bob"), w.hub.User("carol"), w.hub.User("dan")
	for _, u := range []*githubtest.User{w.alice, w.bob, w.carol} {
		w.acme.AddMember(u, "member")
	}
	var err error
	w.shop, err = w.hub.NewRepo(w.acme, "shop", githubtest.RepoOptions{Private: true})
	must(t, err)
	w.shop.SetRole(w.alice, "write")
	w.shop.SetRole(w.bob, "maintain")
	w.shop.SetRole(w.carol, "triage")
	w.commit(githubtest.Commit{Author: w.alice, Branch: "main", Message: "Start", Files: map[string]string{"a.go": "package a\n\nvar x = 1\n", "b.go": "package a\n"}})
	w.app, err = w.hub.NewApp(githubtest.AppOptions{Slug: "reviewgate", Owner: w.acme, Permissions: github.Permissions(github.ManifestOptions{})})
	must(t, err)
	w.inst = w.app.Install(w.acme, w.alice)
	w.ours = w.newApp()
	w.client = w.ours.Installation(w.inst.ID)
	return w
}

// newApp is the program after a restart: nothing is remembered.
func (w *world) newApp() *github.App {
	w.t.Helper()
	a, err := github.New(github.Options{
		AppID: w.app.ID, PrivateKey: w.app.PrivateKeyPEM(), APIURL: w.hub.APIURL(), WebURL: w.hub.URL(), Pace: &github.Pace{}, Log: zerolog.Nop(),
		HTTP: &http.Client{Transport: &http.Transport{}},
	})
	must(w.t, err)
	return a
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) commit(c githubtest.Commit) string {
	w.t.Helper()
	sha, err := w.shop.Commit(c)
	must(w.t, err)
	return sha
}

// branch makes a branch off main.
func (w *world) branch(name string) {
	w.t.Helper()
	must(w.t, w.shop.Push(w.alice, name, w.shop.SHA("main"), false))
}

func (w *world) pull() *githubtest.Pull {
	w.t.Helper()
	w.branch("work")
	w.commit(githubtest.Commit{Author: w.alice, Branch: "work", Message: "Change x", Files: map[string]string{"a.go": "package a\n\nvar x = 2\nvar y = 3\n"}})
	p, err := w.shop.OpenPull(w.alice, githubtest.PullOptions{Title: "Change", Body: "Because.", Head: "work"})
	must(w.t, err)
	return p
}

func person(u *githubtest.User) gate.Person {
	return gate.Person{ID: u.ID, Login: u.Login, Type: u.Type}
}

func ptr(p gate.Person) *gate.Person { return &p }

func logins(list []gate.Person) string {
	var out []string
	for _, p := range list {
		out = append(out, p.Login)
	}
	return strings.Join(out, " ")
}

func TestPull(t *testing.T) {
	w := newWorld(t)
	bot := w.hub.Bot("writer")
	w.branch("work")
	main := w.shop.SHA("main")
	first := w.commit(githubtest.Commit{Author: w.alice, Branch: "work", Message: "One", Files: map[string]string{"a.go": "1"}})
	second := w.commit(githubtest.Commit{Author: bot, Committer: w.bob, Branch: "work",
		Message: "Two\n\nCo-Authored-By: Alice <" + w.alice.Email + ">\nco-authored-by: Nobody <nobody@example.com>", Files: map[string]string{"a.go": "2"}})
	third := w.commit(githubtest.Commit{Author: w.alice, AuthorEmail: "unknown@example.com", Branch: "work", Message: "Three", Files: map[string]string{"a.go": "3"}})
	p, err := w.shop.OpenPull(w.alice, githubtest.PullOptions{Title: "Change", Body: "Because.", Head: "work"})
	must(t, err)
	must(t, p.Label(w.carol, "fast"))
	must(t, p.Assign(w.carol, bot))
	approved, err := p.Approve(w.bob)
	must(t, err)
	vetoed, err := p.Review(w.carol, githubtest.ReviewOptions{State: "CHANGES_REQUESTED", Body: "No."})
	must(t, err)
	must(t, p.Dismiss(w.bob, vetoed.ID, "Settled in person"))

	got, err := w.client.Pull(t.Context(), "acme", "shop", p.Number)
	must(t, err)
	want := gate.Facts{
		Repo: "acme/shop", Number: p.Number, State: "open", Head: third, BaseRef: "main", Base: main, Default: "main",
		Title: "Change", Body: "Because.", HeadRef: "work", Fork: new(false), Labels: []string{"fast"}, Author: person(w.alice),
		Commits: []gate.Commit{
			{SHA: first, Parents: []string{main}, Author: ptr(person(w.alice)), Committer: ptr(person(w.alice)), AuthorEmail: w.alice.Email, CommitterEmail: w.alice.Email, Message: "One"},
			{SHA: second, Parents: []string{first}, Author: ptr(person(bot)), Committer: ptr(person(w.bob)), AuthorEmail: bot.Email, CommitterEmail: w.bob.Email,
				Message: "Two\n\nCo-Authored-By: Alice <" + w.alice.Email + ">\nco-authored-by: Nobody <nobody@example.com>", CoAuthors: []gate.Person{person(w.alice)}},
			{SHA: third, Parents: []string{second}, AuthorEmail: "unknown@example.com", CommitterEmail: "unknown@example.com", Message: "Three"},
		},
		Requested: []gate.Person{person(w.carol)},
		Reviews: []gate.Review{
			{ID: approved.ID, Reviewer: person(w.bob), State: "APPROVED", CommitID: third},
			{ID: vetoed.ID, Reviewer: person(w.carol), State: "DISMISSED", CommitID: third, Dismissal: &gate.Dismissal{By: person(w.bob), Was: "CHANGES_REQUESTED"}},
		},
	}
	if diff := cmp.Diff(want, got.Facts); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	if got.Repository != (github.Repository{ID: w.shop.ID, Owner: "acme", Name: "shop", OwnerType: "Organization", Private: true, DefaultBranch: "main"}) {
		t.Errorf("%+v", got.Repository)
	}
	if got.DefaultSHA != main || got.Fork || got.HeadRepo != "acme/shop" || len(got.Assignments) != 1 {
		t.Errorf("%+v", got)
	}

	// The base branch moves on: its tip is read, not the pull request's memory of it.
	tip := w.commit(githubtest.Commit{Author: w.bob, Branch: "main", Files: map[string]string{"c.go": "c"}})
	must(t, p.Close(w.alice))
	got, err = w.client.Pull(t.Context(), "acme", "shop", p.Number)
	must(t, err)
	if got.Facts.State != "closed" || got.Facts.Base != tip || got.DefaultSHA != tip {
		t.Errorf("state %s, base %s, default %s", got.Facts.State, got.Facts.Base, got.DefaultSHA)
	}
}

func TestPullFromAForkThatIsGone(t *testing.T) {
	w := newWorld(t)
	fork, err := w.shop.Fork(w.dan)
	must(t, err)
	_, err = fork.Commit(githubtest.Commit{Author: w.dan, Branch: "work", Parents: []string{w.shop.SHA("main")}, Files: map[string]string{"a.go": "4"}})
	must(t, err)
	p, err := w.shop.OpenPull(w.dan, githubtest.PullOptions{Head: "work", HeadRepo: fork, Draft: true})
	must(t, err)
	got, err := w.client.Pull(t.Context(), "acme", "shop", p.Number)
	must(t, err)
	if !got.Fork || got.HeadRepo != "dan/shop" || !got.Facts.Draft || len(got.Facts.Commits) != 1 || got.Facts.Unknown != nil {
		t.Errorf("%+v", got)
	}
	for _, sha := range []string{p.Head(), w.shop.SHA("main")} {
		list, err := w.client.PullsForHead(t.Context(), "acme", "shop", sha)
		must(t, err)
		if (len(list) == 1) != (sha == p.Head()) {
			t.Errorf("pull requests with the head %s: %+v", sha, list)
		}
	}
}

// Lists longer than a page, and longer than the endpoint of commits can say.
func TestPullLists(t *testing.T) {
	w := newWorld(t)
	w.branch("work")
	for i := range 260 {
		by := w.alice
		if i == 255 {
			by = w.dan
		}
		w.commit(githubtest.Commit{Author: by, Branch: "work", Message: fmt.Sprint("Commit ", i), Files: map[string]string{"a.go": fmt.Sprint(i)}})
	}
	p, err := w.shop.OpenPull(w.alice, githubtest.PullOptions{Head: "work"})
	must(t, err)
	for i := range 130 {
		_, err := p.Review(w.carol, githubtest.ReviewOptions{State: "COMMENTED", Body: fmt.Sprint("Remark ", i)})
		must(t, err)
	}
	last, err := p.Approve(w.bob)
	must(t, err)
	got, err := w.client.Pull(t.Context(), "acme", "shop", p.Number)
	must(t, err)
	if len(got.Facts.Commits) != 260 || got.Facts.Unknown != nil {
		t.Errorf("%d commits, unknown %v", len(got.Facts.Commits), got.Facts.Unknown)
	}
	if !slices.ContainsFunc(got.Facts.Commits, func(c gate.Commit) bool { return c.Author.ID == w.dan.ID }) {
		t.Error("the commit by dan is hidden")
	}
	if r := got.Facts.Reviews; len(r) != 131 || r[130].ID != last.ID || r[130].State != "APPROVED" {
		t.Errorf("%d reviews", len(r))
	}
}

// What GitHub refuses to show is unknown; what it fails to show for a moment is asked again, and then an error. Neither is "none".
func TestPullThatCannotBeReadWhole(t *testing.T) {
	for _, part := range []string{"commits", "reviews", "events", "pull", "branch"} {
		t.Run(part, func(t *testing.T) {
			w := newWorld(t)
			p := w.pull()
			path := map[string]string{
				"commits": "/repos/acme/shop/pulls/1/commits", "reviews": "/repos/acme/shop/pulls/1/reviews", "events": "/repos/acme/shop/issues/1/events",
				"pull": "/repos/acme/shop/pulls/1", "branch": "/repos/acme/shop/git/ref/**",
			}[part]
			for _, kind := range []githubtest.FaultKind{githubtest.BadGateway, githubtest.Cut} {
				w.hub.Fault(githubtest.Fault{Method: "GET", Path: path, Kind: kind})
				if _, err := w.client.Pull(t.Context(), "acme", "shop", p.Number); err != nil {
					t.Errorf("one %s must be survived: %v", kind, err)
				}
				w.hub.Fault(githubtest.Fault{Method: "GET", Path: path, Kind: kind, Count: -1})
				_, err := w.client.Pull(t.Context(), "acme", "shop", p.Number)
				var temp *github.Temporary
				if !errors.As(err, &temp) {
					t.Errorf("lasting %s: %v", kind, err)
				}
				w.hub.ClearFaults()
			}
			w.hub.Fault(githubtest.Fault{Method: "GET", Path: path, Kind: githubtest.PrimaryLimit, Delay: time.Hour})
			_, err := w.client.Pull(t.Context(), "acme", "shop", p.Number)
			var limited *github.RateLimited
			if !errors.As(err, &limited) || time.Until(limited.Until) < 50*time.Minute {
				t.Errorf("rate limit: %v", err)
			}
			// Nothing more goes out until then.
			n := len(w.hub.Requests())
			if _, err := w.client.Pull(t.Context(), "acme", "shop", p.Number); !errors.As(err, &limited) {
				t.Errorf("second try during the limit: %v", err)
			}
			if got := len(w.hub.Requests()); got != n {
				t.Errorf("%d requests during the limit", got-n)
			}
		})
	}
}

func TestPullThatDoesNotExist(t *testing.T) {
	w := newWorld(t)
	_, err := w.client.Pull(t.Context(), "acme", "shop", 77)
	var refused *github.Error
	if !errors.Is(err, github.ErrNotFound) || !errors.As(err, &refused) || !refused.Refused() {
		t.Errorf("%v", err)
	}
	if want := "reading pull request acme/shop#77: GitHub answered 404 Not Found"; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
	if _, err := w.client.Pull(t.Context(), "acme", "../x", 1); err == nil {
		t.Error("a path passed for a name")
	}
}

func TestPeople(t *testing.T) {
	w := newWorld(t)
	eve := w.hub.User("Eve-Adams")
	leads := w.acme.Team("leads", w.bob)
	leads.Add(w.bob, w.dan, "pending")
	child := w.acme.Team("sub-leads", w.carol)
	child.SetParent(leads)
	bot := w.hub.Bot("writer")
	wants := gate.Wants{
		Users: []string{"alice", "eve-adams", "nobody-here", "bad/../name"},
		Teams: []string{"acme/leads", "acme/none", "other/leads", "acme/../x", "noslash"},
		Roles: []gate.Person{person(w.bob), person(w.carol), person(w.dan), person(bot), {Login: "ghost"}, {ID: 424242, Login: "alice", Type: "User"}},
	}
	got, unknown, err := w.client.People(t.Context(), "acme", "shop", wants)
	must(t, err)
	if unknown != nil {
		t.Errorf("unknown: %v", unknown)
	}
	want := gate.People{
		Users: map[string]gate.Person{"alice": person(w.alice), "eve-adams": person(eve)},
		Teams: map[string]gate.Team{"acme/leads": {ID: leads.ID, Members: []gate.Person{person(w.bob), person(w.carol)}}},
		// 424242 had the login alice once: the account that has it now is another.
		Roles: map[int64]gate.Role{w.alice.ID: gate.RoleWrite, w.bob.ID: gate.RoleMaintain, w.carol.ID: gate.RoleTriage, w.dan.ID: gate.RoleNone, eve.ID: gate.RoleNone, 424242: gate.RoleNone},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("people (-want +got):\n%s", diff)
	}
	// bob leaves the team.
	leads.Remove(w.carol, w.bob)
	got, _, err = w.client.People(t.Context(), "acme", "shop", wants)
	must(t, err)
	if m := got.Teams["acme/leads"].Members; logins(m) != "carol" {
		t.Errorf("members: %s", logins(m))
	}
}

// An error is never read as "no": what could not be asked is unknown, and says why.
func TestPeopleThatCannotBeAsked(t *testing.T) {
	w := newWorld(t)
	w.acme.Team("leads", w.bob)
	wants := gate.Wants{Users: []string{"alice"}, Teams: []string{"acme/leads"}, Roles: []gate.Person{person(w.bob)}}
	for _, tt := range []struct{ path, unknown string }{
		{"/users/alice", "the account @alice"},
		{"/orgs/acme/teams/leads", "the team @acme/leads"},
		{"/orgs/acme/teams/leads/members", "the team @acme/leads"},
		{"/orgs/acme/teams/leads/memberships/bob", "the team @acme/leads"},
		{"/repos/acme/shop/collaborators/bob/permission", "the role of @bob"},
	} {
		w.hub.Fault(githubtest.Fault{Method: "GET", Path: tt.path, Kind: githubtest.BadGateway, Count: -1})
		got, unknown, err := w.client.People(t.Context(), "acme", "shop", wants)
		if soon := (*github.Temporary)(nil); !errors.As(err, &soon) {
			t.Errorf("%s: error %v", tt.path, err)
		}
		if len(unknown) != 1 || unknown[0] != (gate.Unknown{What: tt.unknown, Reason: "GitHub answered 502"}) {
			t.Errorf("%s: unknown %v", tt.path, unknown)
		}
		if _, said := got.Roles[w.bob.ID]; said == (tt.unknown == "the role of @bob") {
			t.Errorf("%s: roles %v", tt.path, got.Roles)
		}
		w.hub.ClearFaults()
	}
	// Without the permission nothing is known of teams, and everything else goes on.
	w.inst.SetPermission("members", "")
	client := w.newApp().Installation(w.inst.ID)
	got, unknown, err := client.People(t.Context(), "acme", "shop", wants)
	must(t, err)
	if len(unknown) != 1 || unknown[0].What != "the team @acme/leads" || !strings.HasPrefix(unknown[0].Reason, "GitHub answered 403: the App may not read it") {
		t.Errorf("unknown %v", unknown)
	}
	if got.Users["alice"].ID != w.alice.ID || got.Roles[w.bob.ID] != gate.RoleMaintain {
		t.Errorf("%+v", got)
	}
}

func TestRepositoriesAndFloor(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	list, err := w.client.Repositories(ctx)
	must(t, err)
	if len(list) != 1 || list[0].ID != w.shop.ID || list[0].DefaultBranch != "main" {
		t.Errorf("%+v", list)
	}
	all, err := w.ours.Installations(ctx)
	must(t, err)
	if len(all) != 1 || all[0].ID != w.inst.ID || all[0].Account != "acme" || !all[0].AllRepos || all[0].Permissions["checks"] != "write" {
		t.Errorf("%+v", all)
	}
	// The description of this one answer has an older list of permissions than that of the others.
	for _, v := range w.hub.TakeViolations() {
		if !strings.Contains(fmt.Sprint(v), "merge_queues: property is not in the description") {
			t.Error(v)
		}
	}
	p := w.pull()
	numbers, err := w.client.OpenPulls(ctx, "acme", "shop")
	must(t, err)
	if len(numbers) != 1 || numbers[0] != p.Number {
		t.Errorf("open: %v", numbers)
	}

	floor, err := w.client.Floor(ctx, "acme")
	must(t, err)
	if floor.State != github.FloorAbsent {
		t.Errorf("no repository: %+v", floor)
	}
	dot, err := w.hub.NewRepo(w.acme, ".github", githubtest.RepoOptions{Private: true})
	must(t, err)
	if floor, err = w.client.Floor(ctx, "acme"); err != nil || floor.State != github.FloorPresent || floor.DefaultSHA != "" {
		t.Errorf("empty repository: %+v, %v", floor, err)
	}
	sha, err := dot.Commit(githubtest.Commit{Author: w.bob, Branch: "main", Files: map[string]string{"reviewgate-floor.yml": "version: 1\n"}})
	must(t, err)
	if floor, err = w.client.Floor(ctx, "acme"); err != nil || floor.State != github.FloorPresent || floor.DefaultSHA != sha || floor.Repository.DefaultBranch != "main" {
		t.Errorf("repository: %+v, %v", floor, err)
	}
	// Unreadable is not absent.
	w.hub.Fault(githubtest.Fault{Path: "/repos/acme/.github", Kind: githubtest.BadGateway, Count: -1})
	if floor, err = w.client.Floor(ctx, "acme"); err == nil {
		t.Errorf("502: %+v", floor)
	}
	w.hub.ClearFaults()
	// An installation on selected repositories cannot tell.
	other := w.hub.Org("other")
	other.AddMember(w.dan, "admin")
	theirs, err := w.hub.NewRepo(other, "site", githubtest.RepoOptions{})
	must(t, err)
	client := w.ours.Installation(w.app.Install(other, w.dan, theirs).ID)
	if floor, err = client.Floor(ctx, "other"); err != nil || floor.State != github.FloorHidden || floor.NeedsNewGrant == "" {
		t.Errorf("selected repositories: %+v, %v", floor, err)
	}
}

func TestTokens(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	token, err := w.client.Token(ctx, "acme", "shop")
	must(t, err)
	if len(token) < 300 {
		t.Errorf("a token of %d characters", len(token))
	}
	again, err := w.client.Token(ctx, "acme", "Shop")
	must(t, err)
	if again != token {
		t.Error("a token that is good for an hour is asked for again")
	}
	if got, want := w.client.CloneURL("acme", "shop"), w.shop.CloneURL(); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	// It reads the contents of this repository, and nothing else.
	for path, want := range map[string]int{"/repos/acme/shop/git/ref/heads/main": 200, "/repos/acme/shop/pulls": 403} {
		req, err := http.NewRequestWithContext(ctx, "GET", w.hub.APIURL()+path, nil)
		must(t, err)
		req.Header.Set("Authorization", "token "+token)
		req.Header.Set("User-Agent", "test")
		resp, err := http.DefaultClient.Do(req)
		must(t, err)
		must(t, resp.Body.Close())
		if resp.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, resp.StatusCode, want)
		}
	}
	for _, r := range w.hub.Requests() {
		if strings.HasSuffix(r.Path, "/access_tokens") && !strings.Contains(r.Body, `"permissions"`) {
			t.Errorf("a token without bounds was asked for: %s", r.Body)
		}
	}
	if _, err := w.client.Token(ctx, "acme", "unknown"); !errors.Is(err, github.ErrInvalid) {
		t.Errorf("%v", err)
	}
	// A suspended installation is refused in plain words, and works again afterwards.
	w.inst.Suspend(w.alice)
	if _, err = w.newApp().Installation(w.inst.ID).Repositories(ctx); !errors.Is(err, github.ErrForbidden) || !strings.Contains(err.Error(), "suspended") {
		t.Errorf("%v", err)
	}
	if _, err = w.client.Repositories(ctx); !errors.Is(err, github.ErrForbidden) {
		t.Errorf("with a token from before: %v", err)
	}
	w.inst.Unsuspend(w.alice)
	if _, err := w.client.Repositories(ctx); err != nil {
		t.Errorf("after the suspension: %v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	good := github.Options{AppID: 1, APIURL: "https://api.example.com", WebURL: "https://example.com", PrivateKey: []byte("-----BEGIN x SECRET")}
	for _, tt := range []struct {
		change func(*github.Options)
		want   string
	}{
		{func(o *github.Options) { o.AppID = 0 }, "App id"},
		{func(o *github.Options) { o.APIURL = "api.example.com" }, "API URL"},
		{func(o *github.Options) { o.WebURL = "https://user:pass@example.com" }, "web URL"},
		{func(*github.Options) {}, "private key"},
	} {
		o := good
		tt.change(&o)
		_, err := github.New(o)
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%v, want %q", err, tt.want)
		}
	}
}

// check is a deed that sets the check run of a pull request.
func (w *world) check(p *githubtest.Pull, conclusion string, annotations int) github.Deed {
	run := &report.CheckRun{Name: "reviewgate", Status: "completed", Conclusion: conclusion, Title: conclusion, Summary: "It is " + conclusion + "."}
	if conclusion == "" {
		run.Status, run.Title = "in_progress", "Scanning"
	}
	for i := range annotations {
		run.Annotations = append(run.Annotations, report.Annotation{Path: "a.go", StartLine: i + 1, EndLine: i + 1, Level: "warning", Title: "T", Message: "M"})
	}
	return github.Deed{Kind: github.SetCheck, Owner: "acme", Repo: "shop", Number: p.Number, Head: p.Head(), Key: "check/1", Check: run, DetailsURL: "https://example.com/pulls/1"}
}

func (w *world) review(p *githubtest.Pull, comments ...report.Comment) github.Deed {
	return github.Deed{Kind: github.Post, Owner: "acme", Repo: "shop", Number: p.Number, Head: p.Head(), Key: "review/1/abc", Review: &report.Review{Body: "See below.", Comments: comments}}
}

func (w *world) deliver(d github.Deed) github.Receipt {
	w.t.Helper()
	r, err := w.client.Deliver(w.t.Context(), d)
	must(w.t, err)
	return r
}

func (w *world) runs(p *githubtest.Pull) string {
	var out []string
	for _, r := range w.shop.AllCheckRuns(p.Head()) {
		out = append(out, fmt.Sprintf("%s:%s:%d", r.Status, r.Conclusion, r.Annotations))
	}
	return strings.Join(out, " ")
}

func TestCheckRunIsSetInPlace(t *testing.T) {
	w := newWorld(t)
	p := w.pull()
	first := w.deliver(w.check(p, "", 0))
	if got := w.runs(p); got != "in_progress::0" {
		t.Errorf("start: %s", got)
	}
	d := w.check(p, "action_required", 120)
	d.CheckRunID = first.ID
	w.deliver(d)
	if got := w.runs(p); got != "completed:action_required:120" {
		t.Errorf("decided: %s", got)
	}
	// It is decided again: in progress, then passed, with the same marks, which GitHub would only append.
	w.deliver(w.check(p, "", 0))
	if got := w.runs(p); got != "in_progress::120" {
		t.Errorf("again: %s", got)
	}
	r := w.deliver(w.check(p, "success", 120))
	if got := w.runs(p); got != "completed:success:120" || r.ID != first.ID || r.URL == "" {
		t.Errorf("passed: %s, %+v", got, r)
	}
	// Other marks need a new run, because the old ones cannot be taken away.
	r = w.deliver(w.check(p, "failure", 3))
	if got := w.runs(p); got != "completed:cancelled:120 completed:failure:3" || r.ID == first.ID {
		t.Errorf("other marks: %s", got)
	}
	if got := w.shop.CheckRuns(p.Head()); len(got) != 1 || got[0].Conclusion != "failure" {
		t.Errorf("what counts: %+v", got)
	}
	w.deliver(github.Deed{Kind: github.Cancel, Owner: "acme", Repo: "shop", Head: p.Head(), Name: "reviewgate"})
	if got := w.runs(p); got != "completed:cancelled:120 completed:cancelled:3" {
		t.Errorf("cancelled: %s", got)
	}
	n := len(w.hub.Requests())
	w.deliver(github.Deed{Kind: github.Cancel, Owner: "acme", Repo: "shop", Head: p.Head()})
	for _, r := range w.hub.Requests()[n:] {
		if r.Method != "GET" {
			t.Errorf("nothing was left to cancel: %s %s", r.Method, r.Path)
		}
	}
	runs, err := w.client.CheckRuns(t.Context(), "acme", "shop", p.Head(), "")
	must(t, err)
	if len(runs) != 2 || runs[0].Key != "check/1" || runs[0].Annotations != 3 {
		t.Errorf("%+v", runs)
	}
}

// Another App's check run of the same name is never ours to find or to change.
func TestCheckRunOfSomebodyElse(t *testing.T) {
	w := newWorld(t)
	p := w.pull()
	other, err := w.hub.NewApp(githubtest.AppOptions{Slug: "impostor", Owner: w.acme, Permissions: map[string]string{"checks": "write"}})
	must(t, err)
	their, err := github.New(github.Options{AppID: other.ID, PrivateKey: other.PrivateKeyPEM(), APIURL: w.hub.APIURL(), WebURL: w.hub.URL(), Pace: &github.Pace{}, Log: zerolog.Nop()})
	must(t, err)
	theirs, err := their.Installation(other.Install(w.acme, w.alice).ID).Deliver(t.Context(), w.check(p, "success", 0))
	must(t, err)
	if _, found, err := w.client.Find(t.Context(), w.check(p, "success", 0)); found || err != nil {
		t.Errorf("found %t, %v", found, err)
	}
	d := w.check(p, "failure", 0)
	d.CheckRunID = theirs.ID
	if r := w.deliver(d); r.ID == theirs.ID {
		t.Error("their run was taken for ours")
	}
	w.deliver(github.Deed{Kind: github.Cancel, Owner: "acme", Repo: "shop", Head: p.Head()})
	if got := w.runs(p); got != "completed:success:0 completed:cancelled:0" {
		t.Errorf("%s", got)
	}
}

// The answer is lost after GitHub took the request, at every request of the deed in turn: looking before trying again leaves one of each.
func TestExactlyOnce(t *testing.T) {
	comment := func(line int, print string) report.Comment {
		return report.Comment{Path: "a.go", Line: line, Body: "Look.", Fingerprint: checks.Fingerprint(print)}
	}
	for _, tt := range []struct {
		name  string
		path  string
		nths  int
		deed  func(w *world, p *githubtest.Pull) github.Deed
		check func(t *testing.T, w *world, p *githubtest.Pull)
	}{
		{"check run", "/repos/acme/shop/check-runs", 1, func(w *world, p *githubtest.Pull) github.Deed { return w.check(p, "failure", 120) }, oneRun},
		{"annotations", "/repos/acme/shop/check-runs/*", 2, func(w *world, p *githubtest.Pull) github.Deed { return w.check(p, "failure", 120) }, oneRun},
		{"review", "/repos/acme/shop/pulls/1/reviews", 1, func(w *world, p *githubtest.Pull) github.Deed {
			return w.review(p, comment(3, "aa"), comment(90, "bb"))
		}, oneReview},
		{"review without its bad line", "/repos/acme/shop/pulls/1/reviews", 2, func(w *world, p *githubtest.Pull) github.Deed {
			return w.review(p, comment(3, "aa"), comment(90, "bb"))
		}, oneReview},
	} {
		for nth := 1; nth <= tt.nths; nth++ {
			for _, kind := range []githubtest.FaultKind{githubtest.AnswerLost, githubtest.Cut, githubtest.BadGateway} {
				t.Run(fmt.Sprint(tt.name, " ", nth, " ", kind), func(t *testing.T) {
					w := newWorld(t)
					p := w.pull()
					d := tt.deed(w, p)
					method := "POST"
					if strings.HasSuffix(tt.path, "*") {
						method = "PATCH"
					}
					w.hub.Fault(githubtest.Fault{Method: method, Path: tt.path, Nth: nth, Kind: kind})
					_, err := w.client.Deliver(t.Context(), d)
					var temp *github.Temporary
					if err != nil && (!errors.As(err, &temp) || !temp.Sent) {
						t.Fatalf("%v", err)
					}
					// The program was killed: a new one looks the deed up.
					w.client = w.newApp().Installation(w.inst.ID)
					r, found, err := w.client.Find(t.Context(), d)
					must(t, err)
					if !found {
						r = w.deliver(d)
					}
					if r.ID == 0 {
						t.Error("no receipt")
					}
					tt.check(t, w, p)
					if again, found, err := w.client.Find(t.Context(), d); err != nil || !found || again.ID != r.ID {
						t.Errorf("afterwards: %+v, %t, %v", again, found, err)
					}
				})
			}
		}
	}
}

func oneRun(t *testing.T, w *world, p *githubtest.Pull) {
	t.Helper()
	if got := w.runs(p); got != "completed:failure:120" {
		t.Errorf("%s", got)
	}
}

func oneReview(t *testing.T, w *world, p *githubtest.Pull) {
	t.Helper()
	reviews := p.Reviews()
	if len(reviews) != 1 || reviews[0].State != "COMMENTED" || reviews[0].Author != "reviewgate[bot]" {
		t.Fatalf("%+v", reviews)
	}
	comments := p.ReviewComments()
	if len(comments) != 1 || comments[0].Line != 3 || comments[0].Path != "a.go" {
		t.Errorf("%+v", comments)
	}
	// The comment on a line outside the diff is not lost.
	if !strings.Contains(reviews[0].Body, "`a.go:90`") || !strings.Contains(reviews[0].Body, "finding=bb") {
		t.Errorf("%s", reviews[0].Body)
	}
	got, err := w.client.Pull(t.Context(), "acme", "shop", p.Number)
	must(t, err)
	if !got.Told["review/1/abc"] || !got.Fingerprints["bb"] || got.Fingerprints["aa"] {
		t.Errorf("told %v, %v", got.Told, got.Fingerprints)
	}
	ours, err := w.client.Comments(t.Context(), "acme", "shop", p.Number)
	must(t, err)
	if len(ours) != 1 || ours[0].Fingerprint != "aa" || ours[0].Line != 3 {
		t.Errorf("%+v", ours)
	}
}

func TestReview(t *testing.T) {
	w := newWorld(t)
	p := w.pull()
	old := report.Comment{Path: "a.go", Side: checks.Base, Line: 3, Body: "This went.", Fingerprint: "cc"}
	span := report.Comment{Path: "a.go", StartLine: 3, Line: 4, Body: "These came.", Fingerprint: "dd"}
	// Somebody writes our marker before us, and quotes it in ours: neither counts.
	_, err := p.Review(w.carol, githubtest.ReviewOptions{State: "COMMENTED", Body: github.Marker{Key: "review/1/abc"}.String()})
	must(t, err)
	span.Body += github.Marker{Fingerprint: "forged"}.String()
	d := w.review(p, old, span)
	if _, found, err := w.client.Find(t.Context(), d); found || err != nil {
		t.Errorf("found %t, %v", found, err)
	}
	r := w.deliver(d)
	if !slices.Equal(r.Fingerprints, []string{"cc", "dd"}) || r.Moved != 0 {
		t.Errorf("%+v", r)
	}
	got := p.ReviewComments()
	if len(got) != 2 || got[0].Side != "LEFT" || got[0].Line != 3 || got[1].Side != "RIGHT" || got[1].StartLine != 3 || got[1].Line != 4 {
		t.Errorf("%+v", got)
	}
	ours, err := w.client.Comments(t.Context(), "acme", "shop", p.Number)
	must(t, err)
	if len(ours) != 2 || ours[1].Fingerprint != "dd" {
		t.Errorf("%+v", ours)
	}
	// Its text is changed later, and keeps its marker.
	edit := github.Deed{Kind: github.Edit, Owner: "acme", Repo: "shop", Number: p.Number, CommentID: ours[1].ID, Body: "Fixed."}
	w.deliver(edit)
	if _, found, err := w.client.Find(t.Context(), edit); !found || err != nil {
		t.Errorf("the change: %t, %v", found, err)
	}
	ours, err = w.client.Comments(t.Context(), "acme", "shop", p.Number)
	must(t, err)
	if ours[1].Fingerprint != "dd" || !strings.HasPrefix(ours[1].Body, "Fixed.") {
		t.Errorf("%+v", ours[1])
	}
	// Another's comment is not touched.
	_, err = p.Review(w.carol, githubtest.ReviewOptions{State: "COMMENTED", Comments: []githubtest.CommentOptions{{Path: "a.go", Line: 3, Body: "Mine."}}})
	must(t, err)
	edit.CommentID = p.ReviewComments()[2].ID
	if _, err := w.client.Deliver(t.Context(), edit); !errors.Is(err, github.ErrInvalid) {
		t.Errorf("%v", err)
	}
}

// A comment of ours is changed while nobody else has answered it, and whoever asks twice changes it once.
func TestChangingAComment(t *testing.T) {
	w := newWorld(t)
	p := w.pull()
	first, second := report.Comment{Path: "a.go", Line: 3, Body: "One.", Fingerprint: "aa", Trace: "flaw/0011"}, report.Comment{Path: "a.go", Line: 4, Body: "Two.", Fingerprint: "bb"}
	w.deliver(w.review(p, first, second))
	list := func() []github.PostedComment {
		t.Helper()
		ours, err := w.client.Comments(t.Context(), "acme", "shop", p.Number)
		must(t, err)
		return ours
	}
	ours := list()
	if c := ours[0]; c.Text != "One." || c.Trace != "flaw/0011" || c.Fingerprint != "aa" || c.Answered || c.Side != checks.Head {
		t.Errorf("%+v", c)
	}
	edits := func() (n int) {
		for _, r := range w.hub.Requests() {
			if r.Method == "PATCH" {
				n++
			}
		}
		return n
	}
	d := github.Deed{Kind: github.Edit, Owner: "acme", Repo: "shop", Number: p.Number, CommentID: ours[0].ID, Body: "Fixed. " + github.Marker{Fingerprint: "forged"}.String()}
	w.deliver(d)
	w.deliver(d)
	if n := edits(); n != 1 {
		t.Errorf("%d edits", n)
	}
	if c := list()[0]; c.Fingerprint != "aa" || c.Trace != "flaw/0011" || !strings.HasPrefix(c.Text, "Fixed.") || strings.Contains(c.Body, "<!-- reviewgate:v1 finding=forged") {
		t.Errorf("%+v", c)
	}
	// What our own App says below it is no answer; what anybody else says is one.
	d.CommentID = ours[1].ID
	_, err := p.Reply(w.app.Bot, ours[1].ID, "More on this.")
	must(t, err)
	w.deliver(d)
	_, err = p.Reply(w.carol, ours[1].ID, "No, it is not.")
	must(t, err)
	d.Body = "Back."
	if _, found, err := w.client.Find(t.Context(), d); found || err != nil {
		t.Errorf("%t, %v", found, err)
	}
	if r := w.deliver(d); !r.Stale {
		t.Errorf("%+v", r)
	}
	if c := list()[1]; !c.Answered || !strings.HasPrefix(c.Text, "Fixed.") || edits() != 2 {
		t.Errorf("%d edits, %+v", edits(), c)
	}
	// One that is gone is gone for good.
	d.CommentID = 1
	var refused *github.Error
	if _, err := w.client.Deliver(t.Context(), d); !errors.As(err, &refused) || !refused.Refused() || !errors.Is(err, github.ErrNotFound) {
		t.Errorf("%v", err)
	}
}

func TestReviewOfAnOldHead(t *testing.T) {
	w := newWorld(t)
	p := w.pull()
	d := w.review(p, report.Comment{Path: "a.go", Line: 3, Body: "Look.", Fingerprint: "aa"})
	w.commit(githubtest.Commit{Author: w.alice, Branch: "work", Files: map[string]string{"a.go": "package a\n"}})
	if r := w.deliver(d); !r.Stale || r.ID != 0 {
		t.Errorf("%+v", r)
	}
	d.Head = p.Head()
	must(t, p.Close(w.alice))
	if r := w.deliver(d); !r.Stale {
		t.Errorf("closed: %+v", r)
	}
	if got := p.Reviews(); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

func TestReviewWithTooManyAndTooLong(t *testing.T) {
	w := newWorld(t)
	p := w.pull()
	var comments []report.Comment
	for i := range 45 {
		comments = append(comments, report.Comment{Path: "a.go", Line: 3, Body: strings.Repeat("long words ", 8000), Fingerprint: checks.Fingerprint(fmt.Sprint("f", i))})
	}
	r := w.deliver(w.review(p, comments...))
	if r.Moved != 25 || len(r.Fingerprints) != 45 || len(p.ReviewComments()) != 20 {
		t.Errorf("%d moved, %d told, %d inline", r.Moved, len(r.Fingerprints), len(p.ReviewComments()))
	}
	// No line is in the diff, and the file is not even in the change: all move.
	d := w.review(p, report.Comment{Path: "zzz.go", Line: 1, Body: "There.", Fingerprint: "x"})
	d.Key = "review/2"
	if r := w.deliver(d); r.Moved != 1 || !strings.Contains(p.Reviews()[1].Body, "There.") {
		t.Errorf("%+v %+v", r, p.Reviews()[1])
	}
}

func TestDeedsThatMakeNoSense(t *testing.T) {
	w := newWorld(t)
	p := w.pull()
	n := len(w.hub.Requests())
	for _, d := range []github.Deed{
		{}, {Kind: "approve", Owner: "acme", Repo: "shop"},
		{Kind: github.SetCheck, Owner: "acme", Repo: "shop", Head: p.Head(), Key: "k", Check: &report.CheckRun{Name: "x", Status: "completed", Conclusion: "neutral"}},
		{Kind: github.SetCheck, Owner: "acme", Repo: "shop", Head: p.Head(), Key: "k", Check: &report.CheckRun{Name: "x", Status: "completed", Conclusion: "skipped"}},
		{Kind: github.SetCheck, Owner: "acme", Repo: "shop", Head: p.Head(), Key: "k", Check: &report.CheckRun{Name: "x", Status: "in_progress", Conclusion: "success"}},
		{Kind: github.SetCheck, Owner: "acme", Repo: "../shop", Head: p.Head(), Key: "k", Check: &report.CheckRun{Name: "x", Status: "in_progress"}},
		{Kind: github.Post, Owner: "acme", Repo: "shop", Number: 1, Head: "main", Key: "k", Review: &report.Review{}},
	} {
		_, err := w.client.Deliver(t.Context(), d)
		var refused *github.Error
		if !errors.As(err, &refused) || !refused.Refused() {
			t.Errorf("%+v: %v", d, err)
		}
	}
	if got := len(w.hub.Requests()); got != n {
		t.Errorf("%d requests were made", got-n)
	}
}

func TestManifest(t *testing.T) {
	t.Parallel()
	o := github.ManifestOptions{Name: "reviewgate", URL: "https://example.com", Webhook: "https://example.com/webhook", Redirect: "https://example.com/setup"}
	got, err := github.Manifest(o)
	must(t, err)
	for _, want := range []string{`"contents": "read"`, `"checks": "write"`, `"pull_request_review"`, `"url": "https://example.com/webhook"`, `"public": false`} {
		if !strings.Contains(string(got), want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	for _, audit := range []bool{false, true} {
		o.Audit, o.Statuses = audit, audit
		for name, level := range github.Permissions(o) {
			if level == "write" && name != "checks" && name != "pull_requests" && name != "statuses" {
				t.Errorf("%s: %s", name, level)
			}
		}
		if !slices.IsSorted(github.Events(o)) {
			t.Errorf("%v", github.Events(o))
		}
	}
	o.Webhook = "/webhook"
	if _, err := github.Manifest(o); err == nil || !strings.Contains(err.Error(), "webhook address") {
		t.Errorf("%v", err)
	}
}
