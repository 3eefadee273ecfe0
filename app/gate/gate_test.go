package gate_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/checks"
)

// TestConclusion is the table of states: whatever the decision, "neutral" and "skipped" are never sent.
func TestConclusion(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		d    gate.Decision
		want string
	}{
		{gate.Decision{State: gate.Pass}, "success"},
		{gate.Decision{State: gate.Block}, "failure"},
		{gate.Decision{State: gate.Pending}, "action_required"},
		{gate.Decision{State: gate.Error}, "action_required"},
		{gate.Decision{}, "action_required"},
		{gate.Decision{State: gate.Block, Advisory: true}, "success"},
		{gate.Decision{State: gate.Error, Advisory: true}, "success"},
		{gate.Decision{State: gate.Pass, Ungoverned: true}, ""},
	} {
		if got := c.d.Conclusion(); got != c.want {
			t.Errorf("%+v: %q, want %q", c.d, got, c.want)
		}
	}
}

func TestCheckName(t *testing.T) {
	t.Parallel()
	p := &gate.Policy{Governed: []string{"~default", "release/*"}}
	for base, want := range map[string]struct {
		name     string
		governed bool
	}{
		"main": {"reviewgate", true}, "release/1.2": {"reviewgate: release/1.2", true}, "release/a/b": {"reviewgate: release/a/b", false}, "evil": {"reviewgate: evil", false},
		"~default": {"reviewgate: ~default", true},
	} {
		if got := gate.CheckName("main", base); got != want.name || p.Governs("main", base) != want.governed {
			t.Errorf("%s: %q, governed %v", base, got, p.Governs("main", base))
		}
	}
	if !(&gate.Policy{}).Governs("trunk", "trunk") {
		t.Error("the default branch is always governed")
	}
}

func TestNeeds(t *testing.T) {
	t.Parallel()
	p := &gate.Policy{
		Guards: []gate.Guard{
			{Origin: "floor", Paths: []string{"src/**"}, Need: gate.Need{Approvals: 1, From: []gate.Approver{{Team: "Acme/Core"}, {User: "Bob"}}}},
			{Origin: "repository", Paths: []string{"other/**"}, Need: gate.Need{Approvals: 1, From: []gate.Approver{{User: "not-asked-for"}}}},
			{Origin: "repository", Paths: []string{"src/**"}, Need: gate.Need{Approvals: 1, From: []gate.Approver{{Codeowners: true}}}},
		},
		Agents: gate.Agents{Sponsors: map[string]string{"ci-writer": "Erin"}},
	}
	f := &gate.Facts{
		Files:      []gate.FileChange{{Path: "src/a/x.go", OldPath: "src/b/x.go", Mode: checks.ModeFile, OldMode: checks.ModeFile}},
		Codeowners: "/src/a/ @carol\n/src/b/ @acme/data\n/docs/ @nobody\n",
		Reviews:    []gate.Review{{Reviewer: cast["dave"]}, {Reviewer: cast["bob"], Dismissal: &gate.Dismissal{By: cast["alice"]}}, {Reviewer: cast["dave"]}, {Reviewer: cast["ghost"]}},
	}
	want := gate.Wants{Users: []string{"bob", "carol", "erin"}, Teams: []string{"acme/core", "acme/data"}, Roles: []gate.Person{cast["alice"], cast["bob"], cast["dave"]}}
	if diff := cmp.Diff(want, gate.Needs(p, f)); diff != "" {
		t.Error(diff)
	}
}

func TestWillNeed(t *testing.T) {
	t.Parallel()
	p := load(nil, []byte(`{version: 1, guard: [{name: auth, paths: ["src/auth/**"], tier: critical, from: ["@acme/security", codeowners]}, {name: docs, paths: ["docs/**"], approvals: 0}], default: {approvals: 1}}`), false)
	got := gate.WillNeed(p, []gate.FileChange{{Path: "src/auth/x.go", Mode: checks.ModeFile}, {Path: "docs/a.md", Mode: checks.ModeFile}, {Path: "Makefile", Mode: checks.ModeFile}, {Path: "CLAUDE.md", Mode: checks.ModeFile}, {Path: "lib/y.go", Mode: checks.ModeFile}},
		[]gate.Link{{Path: "src/auth/y.go", Target: "lib/y.go"}})
	want := []gate.GuardAnswer{
		{Name: "auth", Origin: "repository", Files: []string{"lib/y.go", "src/auth/x.go"}, Needed: 2, Approved: []string{}, May: []string{"@acme/security", "a code owner"}, Because: "will need 2 approvals from @acme/security or a code owner"},
		{Name: "docs", Origin: "repository", Files: []string{"docs/a.md"}, Approved: []string{}, May: []string{}, Holds: true, Because: "needs no approval"},
		{Name: "default", Origin: "repository", Files: []string{"CLAUDE.md", "Makefile", "lib/y.go"}, Needed: 1, Approved: []string{}, May: []string{"anyone with write"}, Because: "will need 1 approval from anyone with write"},
		{Name: "control files", Origin: "built-in", Files: []string{"CLAUDE.md"}, Needed: 1, Approved: []string{}, May: []string{"a maintainer"}, Because: "will need 1 approval from a maintainer"},
		{Name: "build and dependency files", Origin: "built-in", Files: []string{"Makefile"}, Needed: 1, Approved: []string{}, May: []string{"anyone with write"}, Because: "will need 1 approval from anyone with write"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestLedger(t *testing.T) {
	t.Parallel()
	// GitHub's page showed "older" while the head had moved on: the older one counts.
	e := gate.Capture(5, cast["bob"], "older", "newer", "main", "base")
	if e.Head != "older" || e.Complete || e.Reviewer != 2 {
		t.Errorf("captured %+v", e)
	}
	files := []gate.FileChange{{Path: "b", OldPath: "a", OldMode: checks.ModeFile, Mode: checks.ModeExecutable, OldBlob: "1", Blob: "2"}, {Path: "a", Mode: checks.ModeSymlink, Blob: "3"}}
	if got := gate.Complete(e, files); got.Complete {
		t.Error("completed without a merge base")
	}
	e.MergeBase = "mb"
	done := gate.Complete(e, files)
	want := map[string]gate.Seen{"b": {Mode: checks.ModeExecutable, Blob: "2"}, "a": {Mode: checks.ModeSymlink, Blob: "3", BaseMode: checks.ModeFile, BaseBlob: "1"}}
	if diff := cmp.Diff(want, done.Seen); !done.Complete || diff != "" {
		t.Errorf("completed: %s", diff)
	}
	if again := gate.Complete(done, nil); len(again.Seen) != 2 {
		t.Error("an entry was completed twice")
	}
}

// A webhook that comes again, or late, never moves an approval to another head: the first entry that is complete counts.
func TestFirstWordOfTheLedgerCounts(t *testing.T) {
	t.Parallel()
	decide := func(order ...string) gate.State {
		ar, err := txtar.ParseFile("testdata/B28_rebound_commit_id.txtar")
		if err != nil {
			t.Fatal(err)
		}
		policy, facts := scenario(t, ar)
		old := facts.Ledger[0]
		now := old
		now.Head, now.MergeBase, now.Seen = facts.Head, facts.MergeBase, nil
		now.Complete = false
		now = gate.Complete(now, facts.Files)
		unread := now
		unread.Seen, unread.Complete = nil, false
		facts.Ledger = nil
		for _, o := range order {
			facts.Ledger = append(facts.Ledger, map[string]gate.LedgerEntry{"old": old, "now": now, "unread": unread}[o])
		}
		return gate.Decide(policy, facts).State
	}
	for _, test := range []struct {
		order []string
		want  gate.State
	}{
		{[]string{"now"}, gate.Pass},
		{[]string{"now", "old"}, gate.Pass},
		{[]string{"old", "now"}, gate.Pending},
		{[]string{"unread", "now"}, gate.Pass}, // it was completed later
		{[]string{"unread"}, gate.Pending},
	} {
		if got := decide(test.order...); got != test.want {
			t.Errorf("%v: %s, not %s", test.order, got, test.want)
		}
	}
}

func TestClashes(t *testing.T) {
	t.Parallel()
	file := func(path string) gate.FileChange { return gate.FileChange{Path: path, Mode: checks.ModeFile} }
	files := []gate.FileChange{file("src/A"), file("src/a"), file("é"), {Path: "Gone"}, file("gone"), {Path: "new", OldPath: "New", Mode: checks.ModeFile}}
	got := gate.Clashes(files, []string{"src/A", "src/a", "SRC/a", "e\u0301", "other", "New2"})
	want := []gate.Clash{{"SRC/a", "src/A"}, {"SRC/a", "src/a"}, {"e\u0301", "é"}, {"src/A", "src/a"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestHostileText: what a stranger writes never reaches a title or a sentence raw, and never makes them long.
func TestHostileText(t *testing.T) {
	t.Parallel()
	evil := strings.Repeat("a", 300) + "\u202e\n::error::x/File"
	f := &gate.Facts{State: "open", Head: "h", Base: "b", MergeBase: "b", BaseRef: "main", Default: "main", Author: cast["alice"], Scan: gate.ScanFacts{Done: true},
		Files: []gate.FileChange{{Path: evil, Mode: checks.ModeFile}, {Path: strings.ToUpper(evil), Mode: checks.ModeFile}}}
	d := gate.Decide(&gate.Policy{Mode: gate.Enforce}, f)
	checkWords(t, d)
	for _, s := range append(d.Next, d.Title) {
		if strings.ContainsAny(s, "\u202e\n") || len(s) > 600 {
			t.Errorf("%q", s)
		}
	}
}

// TestBuiltinPaths: every pattern of ours is one that a policy may use, and means what it says.
func TestBuiltinPaths(t *testing.T) {
	t.Parallel()
	for _, p := range append(gate.ControlPaths(), gate.PlanePaths()...) {
		if err := gate.ValidGlob(p); err != nil {
			t.Errorf("%s: %v", p, err)
		}
	}
	plane := gate.NewGlobs(gate.PlanePaths()...)
	for path, want := range map[string]bool{
		"Makefile": true, "src/makefile": true, "web/package.json": true, "package.json.md": false, "go.sum": true, "deploy/Dockerfile.prod": true, "Dockerfiles/x": false, "docker-compose.override.yml": true, "ci/requirements-dev.txt": true,
		"requirements/notes.md": false, ".husky/pre-commit": true, "src/main.go": false, "docs/go.mod.md": false, "app/build.gradle.kts": true, "README.md": false, "pyproject.toml": true, "tests/conftest.py": false,
	} {
		if plane.Match(path) != want {
			t.Errorf("%s: %v", path, !want)
		}
	}
}
