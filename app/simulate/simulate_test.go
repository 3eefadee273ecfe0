package simulate

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/checks"
)

const start = "version: 1\nauthor: alice\npeople: {alice: write, bob: write, mona: maintain}\nfiles: {src/a: one, src/b: one}\n"

func run(t *testing.T, policy, pull string, scanner Scanner) (*Result, error) {
	t.Helper()
	p, problems := Parse("pull.yml", []byte(pull))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return Run(t.Context(), &Input{Policy: []byte(policy), Pull: p, File: "pull.yml", Scan: scanner})
}

// TestProblems: what is wrong with a file is told with its place.
func TestProblems(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, want string }{
		"empty":           {"", "pull.yml: the file is empty"},
		"not yaml":        {"a: [", "pull.yml:1:1: this is not valid YAML"},
		"two documents":   {"a: 1\n---\nb: 1\n", "pull.yml:2:1: the file holds more than one YAML document"},
		"bytes":           {"a: \xff", "not valid UTF-8"},
		"alias":           {"author: &a x\nbranch: *a\n", "pull.yml:1:9: anchors and aliases are not supported"},
		"version":         {"author: alice\ncommits: [{sha: c}]\n", "version is 0"},
		"author":          {"version: 1\ncommits: [{sha: c}]\n", "the author is missing"},
		"commits":         {"version: 1\nauthor: a\n", "there are no commits"},
		"unknown key":     {"version: 1\nautor: x\n", `pull.yml:2:1: the pull request has no key "autor"`},
		"unknown key in":  {"version: 1\nevents:\n  - review: {by: bob, stat: approve}\n", `pull.yml:3:23: review has no key "stat"`},
		"twice":           {"version: 1\nversion: 1\n", `pull.yml:2:1: the key "version" is there twice`},
		"wrong type":      {"version: 1\nevents: {}\n", "pull.yml:2:9: events must be a list"},
		"wrong scalar":    {"version: one\n", "pull.yml:1:10: version must be a whole number"},
		"event of two":    {start + "commits: [{sha: c}]\nevents: [{close: {by: bob}, reopen: {by: bob}}]\n", "pull.yml:6: event 1 says 2 things: close, reopen"},
		"event of none":   {start + "commits: [{sha: c}]\nevents: [{after: 1h}]\n", "event 1 says 0 things: nothing"},
		"duration":        {start + "commits: [{sha: c}]\nevents: [{after: soon, close: {by: bob}}]\n", "pull.yml:6:18: after is no duration"},
		"role":            {"version: 1\nauthor: a\npeople: {a: boss}\ncommits: [{sha: c}]\n", `"a" has the role "boss"`},
		"type of account": {"version: 1\nauthor: a\npeople: {a: {type: Robot}}\ncommits: [{sha: c}]\n", `"a" is of type "Robot"`},
	} {
		_, problems := Parse("pull.yml", []byte(c.file))
		var all []string
		for _, p := range problems {
			if p.Remedy == "" {
				t.Errorf("%s: no remedy: %s", name, p)
			}
			all = append(all, p.String())
		}
		if got := strings.Join(all, "\n"); !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestStoryErrors: what cannot happen is told with the line of the event.
func TestStoryErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, want string }{
		"author":      {"version: 1\nauthor: zoe\ncommits: [{sha: c}]\n", `author: nobody is called "zoe": add it to people`},
		"team":        {start + "teams: {acme/x: [zoe]}\ncommits: [{sha: c}]\n", `teams: acme/x: nobody is called "zoe"`},
		"base":        {start + "base: dev\ncommits: [{sha: c}]\n", `there is no branch "dev"`},
		"parent":      {start + "commits: [{sha: c, parents: [x]}]\n", `its parent "x" is neither a commit nor a branch`},
		"same commit": {start + "commits: [{sha: c}, {sha: c}]\n", "there is one of that name already"},
		"sha":         {start + "commits: [{sha: \"a b\"}]\n", `"a b" is no name of a commit`},
		"path":        {start + "commits: [{sha: c, files: {../x: y}}]\n", `"../x" is no path of a file`},
		"deleted":     {start + "commits: [{sha: c, files: {x: null}}]\n", `"x" is deleted but not there`},
		"mode":        {start + "commits: [{sha: c, files: {x: {mode: odd}}}]\n", `"x" has the mode "odd"`},
		"renamed":     {start + "commits: [{sha: c, files: {x: {from: y}}}]\n", `"x" is renamed from "y", which is not there`},
		"reviewer":    {start + "commits: [{sha: c}]\nevents:\n  - close: {by: bob}\n  - review: {by: zoe, state: approve}\n", `pull.yml:8: event 2 (review): nobody is called "zoe"`},
		"state":       {start + "commits: [{sha: c}]\nevents:\n  - review: {by: bob, state: fine}\n", `"fine" is no state of a review`},
		"dismiss":     {start + "commits: [{sha: c}]\nevents:\n  - dismiss: {by: bob, of: mona}\n", "there is no review of @mona to dismiss"},
		"comment":     {start + "commits: [{sha: c}]\nevents:\n  - delete_comment: {by: bob, id: x}\n", `there is no comment with the id "x"`},
	} {
		_, err := run(t, "version: 1\n", c.file, nil)
		var wrong *Error
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// TestMerges: merges are computed file by file, as git does.
func TestMerges(t *testing.T) {
	t.Parallel()
	tree := func(files ...string) Tree {
		out := Tree{}
		for i := 0; i < len(files); i += 2 {
			out[files[i]] = Entry{checks.ModeFile, files[i+1], blob(files[i+1])}
		}
		return out
	}
	for name, c := range map[string]struct{ base, ours, theirs, want Tree }{
		"both sides":        {tree("a", "1", "b", "1"), tree("a", "2", "b", "1"), tree("a", "1", "b", "2"), tree("a", "2", "b", "2")},
		"same on both":      {tree("a", "1"), tree("a", "2"), tree("a", "2"), tree("a", "2")},
		"added":             {tree(), tree("a", "1"), tree("b", "1"), tree("a", "1", "b", "1")},
		"deleted by them":   {tree("a", "1", "b", "1"), tree("a", "2", "b", "1"), tree("a", "1"), tree("a", "2")},
		"deleted by us":     {tree("a", "1", "b", "1"), tree("a", "1"), tree("a", "2", "b", "1"), tree("a", "2")},
		"deleted by both":   {tree("a", "1"), tree(), tree(), tree()},
		"conflict":          {tree("a", "1"), tree("a", "2"), tree("a", "3"), nil},
		"added differently": {tree(), tree("a", "1"), tree("a", "2"), nil},
		"deleted and kept":  {tree("a", "1"), tree(), tree("a", "2"), nil},
		"kept and deleted":  {tree("a", "1"), tree("a", "2"), tree(), nil},
	} {
		g := graph{"base": {name: "base", tree: c.base}, "a": {name: "a", parents: []string{"base"}, tree: c.ours, n: 1}, "b": {name: "b", parents: []string{"base"}, tree: c.theirs, n: 2}}
		got, err := g.merge("a", "b")
		if diff := cmp.Diff(c.want, got); diff != "" || (c.want == nil) != errors.Is(err, errConflict) {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

// TestScanner: contents are scanned once per pair of trees, stated findings never, and a failure is an error.
func TestScanner(t *testing.T) {
	t.Parallel()
	asked := 0
	scanner := func(_ context.Context, in *ScanInput) (*scan.Result, error) {
		asked++
		f := checks.Finding{RuleID: "r", Introduced: true, Blocking: strings.Contains(in.Head["src/a"].Content, "bad"), Fingerprint: "f"}
		return &scan.Result{Findings: []checks.Finding{f}, Rules: []checks.RuleInfo{{ID: "r"}}}, nil
	}
	r, err := run(t, "version: 1\n", start+`commits: [{sha: c1, files: {src/a: bad}}]
events:
  - check: {}
  - push: {by: alice, commits: [{sha: c2, files: {src/a: good}}]}
  - push: {by: alice, commits: [{sha: c3, scan: {findings: [{rule: x, path: src/a}, {rule: low, path: src/a, severity: low}, {rule: unsure, path: src/a, confidence: low}, {rule: old, path: src/a, old: true}]}}]}
  - push: {by: alice, commits: [{sha: c4, files: {src/a: bad}}]}
  - push: {by: alice, commits: [{sha: c5, scan: {}}]}
`, scanner)
	if err != nil || asked != 2 {
		t.Fatalf("asked %d times: %v", asked, err)
	}
	var got []gate.State
	for _, s := range r.Steps {
		got = append(got, s.Decision.State)
	}
	if diff := cmp.Diff([]gate.State{gate.Block, gate.Block, gate.Pass, gate.Block, gate.Block, gate.Pass}, got); diff != "" {
		t.Error(diff)
	}
	if n := len(r.Steps[3].Decision.Blocking); n != 1 {
		t.Errorf("%d findings block, want 1: severe, certain and new", n)
	}
	wrong := errors.New("no room")
	if _, err := run(t, "version: 1\n", start+"commits: [{sha: c1}]\n", func(context.Context, *ScanInput) (*scan.Result, error) { return nil, wrong }); !errors.Is(err, wrong) {
		t.Error(err)
	}
}

// FuzzRun: whatever the file, there is a story or an error with a remedy; and the same file gives the same story.
func FuzzRun(f *testing.F) {
	f.Add([]byte(start + "commits: [{sha: c1, files: {src/a: two}}]\nevents: [{review: {by: bob, state: approve}}, {push: {by: alice, commits: [{sha: c2, parents: [c1, main]}]}}, {merge: {by: mona}}]\n"))
	f.Add([]byte(start + "commits: [{sha: c1, files: {src/c: {from: src/a, mode: symlink}}}]\nevents: [{account: {login: bob, delete: true}}, {lost: true, after: 3s, retarget: {base: main}}]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, problems := Parse("p.yml", data)
		for _, problem := range problems {
			if problem.Message == "" || problem.Remedy == "" {
				t.Errorf("%+v", problem)
			}
		}
		if len(problems) > 0 {
			return
		}
		in := &Input{Policy: []byte("version: 1\ndefault: {approvals: 1}\n"), Pull: p, File: "p.yml"}
		one, err := Run(t.Context(), in)
		two, err2 := Run(t.Context(), in)
		if (err == nil) != (err2 == nil) {
			t.Fatal(err, err2)
		}
		if err != nil {
			return
		}
		for i := range one.Steps {
			if diff := cmp.Diff(one.Steps[i].Decision, two.Steps[i].Decision); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}
