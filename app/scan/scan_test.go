package scan

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/reviewgate-app/reviewgate/app/sandbox"
	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/rules"
)

// change is a scenario written in the test.
func change(t testing.TB, text string) *Input {
	t.Helper()
	return scenario(t, txtar.Parse([]byte(text)))
}

func encode(t testing.TB, r *Result) string {
	t.Helper()
	data, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestSameEverywhere: the worker gives the same bytes as this process, for every scenario and for what JSON cannot carry.
func TestSameEverywhere(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	inputs := map[string]*Input{}
	for _, name := range names {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		inputs[filepath.Base(name)] = scenario(t, archive)
	}
	odd := change(t, "-- head/a.txt --\n@medium \\xff\n")
	odd.Text.Title = "odd"
	odd.Files = append(odd.Files, &checks.File{Path: "b\xff.txt", Status: checks.Added})
	odd.Contents = append(odd.Contents, Content{checks.Head, "b\xff.txt", []byte("@high \xff\x00\n")})
	odd.HeadPaths = []string{"a.txt", "b\xff.txt"}
	inputs["odd bytes"] = odd
	inputs["nothing"] = &Input{}
	for name, in := range inputs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			here, err := Run(t.Context(), in, fakes, Options{Sandbox: sandbox.Off})
			if err != nil {
				t.Fatal(err)
			}
			there, err := Run(t.Context(), in, fakes, Options{Sandbox: sandbox.Auto})
			if err != nil {
				t.Fatal(err)
			}
			if runtime.GOOS == "linux" && len(there.Sandbox.Held) != 3 {
				t.Errorf("layers: %+v", there.Sandbox)
			}
			here.Sandbox, there.Sandbox = Layers{}, Layers{}
			if d := cmp.Diff(encode(t, here), encode(t, there)); d != "" {
				t.Errorf("(-here +worker)\n%s", d)
			}
			for i := range here.Findings {
				if here.Findings[i].Location.Path != there.Findings[i].Location.Path { // JSON above writes both as U+FFFD
					t.Errorf("path %q became %q", here.Findings[i].Location.Path, there.Findings[i].Location.Path)
				}
			}
		})
	}
}

func TestDeterministic(t *testing.T) {
	t.Parallel()
	in := large(t, 6)
	first := ""
	for i := range 100 {
		r, err := Run(t.Context(), in, fakes, Options{Sandbox: sandbox.Off})
		if err != nil {
			t.Fatal(err)
		}
		got := encode(t, r)
		if first == "" {
			first = got
		} else if got != first {
			t.Fatalf("run %d differs: %s", i, cmp.Diff(first, got))
		}
	}
	if len(first) < 1000 {
		t.Errorf("nothing was compared: %s", first)
	}
}

// large is a change of n files, half of them new.
func large(t testing.TB, n int) *Input {
	t.Helper()
	var b strings.Builder
	for i := range n {
		body := strings.Repeat("def f(x):\n    return x + 1  # a line of code\n\n", 60)
		if i%2 == 0 {
			fmt.Fprintf(&b, "-- base/f%02d.py --\n%s@low\n", i, body)
		}
		fmt.Fprintf(&b, "-- head/f%02d.py --\n@high\n%s@low\n@medium @query\n", i, body)
	}
	return change(t, b.String())
}

// TestWhatBecomesOfAnUnluckyCheck: a check fails alone, says why, and the result is not used again.
func TestWhatBecomesOfAnUnluckyCheck(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		mood, reason string
		status       CheckStatus
		auto         bool
	}{
		{"panic", "internal error: runtime error: index out of range [1] with length 0 (in scan.runMoods)", Failed, false},
		{"panic", "internal error: runtime error: index out of range [1] with length 0 (in scan.runMoods)", Failed, true},
		{"error", "no such thing \uFFFD", Failed, true},
		{"skip", "no registry is configured: skipped", Skipped, true},
		{"stranger", `it reported "nobody-knows", which is not among its rules`, Failed, true},
		{"flood", "it reports more than 20000 findings, so that they cannot be told apart from noise", Failed, true},
	} {
		t.Run(fmt.Sprint(test.mood, test.auto), func(t *testing.T) {
			t.Parallel()
			in := change(t, "-- head/a.txt --\n@high\n")
			in.Text.Title = test.mood
			mode := sandbox.Off
			if test.auto {
				mode = sandbox.Auto
			}
			r, err := Run(t.Context(), in, fakes, Options{Sandbox: mode})
			if err != nil {
				t.Fatal(err)
			}
			want := []CheckResult{{Name: "fake/gone", Status: Ran}, {Name: "fake/marks", Status: Ran}, {Name: "fake/moods", Status: test.status, Reason: test.reason}}
			for i := range r.Checks {
				r.Checks[i].Took = 0
			}
			if d := cmp.Diff(want, r.Checks); d != "" {
				t.Error(d)
			}
			if r.Reusable() != (test.status == Skipped) {
				t.Errorf("Reusable is %v", r.Reusable())
			}
			if r.Blocking() != 1 {
				t.Errorf("%d findings block, want the one of the other check", r.Blocking())
			}
		})
	}
}

func TestACheckThatTakesTooLong(t *testing.T) {
	t.Parallel()
	for name, run := range map[string]func(context.Context, *checks.Pass) error{
		"and listens": func(ctx context.Context, _ *checks.Pass) error {
			<-ctx.Done()
			return fmt.Errorf("stopped: %w", ctx.Err())
		},
		"and returns what it likes": func(ctx context.Context, _ *checks.Pass) error {
			<-ctx.Done()
			return ctx.Err()
		},
	} {
		p := &pass{grace: time.Minute, check: &checks.Check{Run: run}}
		p.run(t.Context(), &checks.Change{}, time.Millisecond)
		if p.err == nil || p.err.Error() != "it took longer than 1ms" {
			t.Errorf("%s: got %v", name, p.err)
		}
	}
}

func TestACheckThatDoesNotListenIsLeftBehind(t *testing.T) {
	t.Parallel()
	release, reported := make(chan struct{}), make(chan struct{})
	p := &pass{check: &checks.Check{Run: func(_ context.Context, p *checks.Pass) error {
		p.Report(checks.Finding{RuleID: "early"})
		<-release
		p.Report(checks.Finding{RuleID: "late"})
		close(reported)
		return nil
	}}}
	p.run(t.Context(), &checks.Change{}, time.Millisecond)
	close(release)
	<-reported
	if p.err == nil || len(p.findings) != 1 {
		t.Errorf("got %v and %v", p.err, p.findings)
	}
}

// TestWorkerThatDies: there is no result, and the error says what happened to the worker.
func TestWorkerThatDies(t *testing.T) {
	t.Parallel()
	in := change(t, "-- head/a.txt --\nx\n")
	in.Text.Title = "crash"
	_, err := Run(t.Context(), in, fakes, Options{Sandbox: sandbox.Auto})
	var e *sandbox.Error
	if !errors.As(err, &e) || e.Kind != sandbox.Crashed || !strings.Contains(err.Error(), "panic: a goroutine of a check") {
		t.Errorf("got %v", err)
	}
	in.Text.Title = "wait"
	_, err = Run(t.Context(), in, fakes, Options{Sandbox: sandbox.Auto, Timeout: time.Second})
	if !errors.As(err, &e) || e.Kind != sandbox.TimedOut {
		t.Errorf("got %v", err)
	}
	_, err = Run(t.Context(), in, fakes, Options{Sandbox: sandbox.Off, Timeout: time.Second})
	if err == nil || !strings.Contains(err.Error(), "longer than 1s") {
		t.Errorf("got %v", err)
	}
}

// TestChecksAreLockedUp looks through the eyes of a check in the worker.
func TestChecksAreLockedUp(t *testing.T) {
	if runtime.GOOS != "linux" {
		return // there are no layers elsewhere, and the result says so
	}
	t.Setenv("REVIEWGATE_TEST_SECRET", "hunter2")
	for mood, want := range map[string]string{"environment": "environment: [", "passwd": "operation not permitted"} {
		in := change(t, "-- head/a.txt --\nx\n")
		in.Text.Title = mood
		r, err := Run(t.Context(), in, fakes, Options{}) // the zero value asks for every layer
		if err != nil {
			t.Fatal(err)
		}
		if r.Sandbox.Mode != "require" {
			t.Errorf("mode %q", r.Sandbox.Mode)
		}
		got := strings.Join(r.Failures(), "\n")
		if !strings.Contains(got, want) || strings.Contains(got, "hunter2") || strings.Contains(got, "root:") {
			t.Errorf("%s: got %q", mood, got)
		}
	}
}

func TestProgress(t *testing.T) {
	t.Parallel()
	for _, mode := range []sandbox.Mode{sandbox.Off, sandbox.Auto} {
		var got []int
		total := 0
		_, err := Run(t.Context(), large(t, 4), fakes, Options{Sandbox: mode, Progress: func(d, n int) { got, total = append(got, d), n }})
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 4 || got[3] != 4 || total != 4 {
			t.Errorf("%s: progress %v of %d", mode, got, total)
		}
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	source := func(name string, origin rules.Origin, text string) rules.Source {
		return rules.Source{Name: name, Origin: origin, Data: []byte(text)}
	}
	rule := func(id, more string) string {
		return "rules:\n  - {id: " + id + ", languages: [python], severity: ERROR, message: m, pattern: f()" + more + "}\n"
	}
	in := change(t, "-- head/a.txt --\nx\n")
	in.Rules = []rules.Source{
		source("flag.yaml", rules.OriginFlag, rule("same", "")),
		source("repo.yaml", rules.OriginRepository, rule("same", "")),
		source("off.yaml", rules.OriginFlag, rule("quiet", ", metadata: {reviewgate: {rollout: off}}")),
		source("off2.yaml", rules.OriginFlag, rule("silenced", "")),
		source("broken.yaml", rules.OriginFlag, "rules:\n  - {id: broken, languages: [python], severity: ERROR, message: m, patern: f()}\n"),
		source("must.yaml", rules.OriginRepository, "rules:\n  - {id: must, languages: [python], severity: ERROR, message: m, patern: f()}\n"),
	}
	in.Config.Rollouts = map[string]checks.Rollout{"silenced": checks.RolloutOff, "must": checks.RolloutBlock}
	var seen []string
	r, err := Run(t.Context(), in, func(rs []*rules.Rule) ([]*checks.Check, error) {
		for _, r := range rs {
			seen = append(seen, r.File+" "+r.ID.Value)
		}
		return fakes(rs)
	}, Options{Sandbox: sandbox.Off})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"repo.yaml same"}, seen); d != "" {
		t.Errorf("rules that run: %s", d)
	}
	var told []string
	for _, p := range r.Problems {
		told = append(told, fmt.Sprintf("%s:%d %s %v", p.File, p.Line, p.RuleID, p.Blocks))
	}
	if d := cmp.Diff([]string{"broken.yaml:2 broken false", "flag.yaml:2 same false", "must.yaml:2 must true"}, told); d != "" {
		t.Errorf("problems: %s", d)
	}
	if r.Reusable() {
		t.Error("a result without a rule that was to block is reusable")
	}
	if _, err := Run(t.Context(), &Input{Config: Config{Pack: "best"}}, fakes, Options{Sandbox: sandbox.Off}); err == nil || !strings.Contains(err.Error(), `unknown pack "best"`) {
		t.Errorf("an unknown pack: got %v", err)
	}
}

// TestNoBuiltin: neither the built-in rules nor the checks in Go are left.
func TestNoBuiltin(t *testing.T) {
	t.Parallel()
	list := func(rs []*rules.Rule) ([]*checks.Check, error) {
		all, err := fakes(rs)
		coded := &checks.Check{Name: "coded", Run: func(context.Context, *checks.Pass) error { return nil },
			Rules: []checks.RuleInfo{{ID: "coded", Severity: checks.High, Confidence: checks.Certain, Origin: string(rules.OriginBuiltin)}}}
		return append(all, coded), err
	}
	in := change(t, "-- head/a.py --\nx\n")
	for _, without := range []bool{true, false} {
		in.NoBuiltin = without
		r, err := Run(t.Context(), in, list, Options{Sandbox: sandbox.Off})
		if err != nil {
			t.Fatal(err)
		}
		if left := slices.ContainsFunc(r.Checks, func(c CheckResult) bool { return c.Name == "coded" }); left == without {
			t.Errorf("NoBuiltin %v: the check in Go ran: %v", without, left)
		}
		if left := slices.ContainsFunc(r.Rules, func(i checks.RuleInfo) bool { return i.ID == "python-sql-string-build" || i.ID == "coded" }); left == without {
			t.Errorf("NoBuiltin %v: built-in rules are listed: %v", without, left)
		}
	}
}

// TestBuiltinOfOtherLanguages: built-in rules that the change does not concern are not read, but their ids stay theirs.
func TestBuiltinOfOtherLanguages(t *testing.T) {
	t.Parallel()
	in := change(t, "-- head/a.go --\npackage a\n")
	in.NoBuiltin = false
	found, problems := parseRules(in)
	if len(problems) > 0 || len(found) == 0 || slices.ContainsFunc(found, func(r *rules.Rule) bool { return r.Languages[0].Value != "go" }) {
		t.Errorf("a change in Go: %d rules, problems %v", len(found), problems)
	}
	in.Rules = []rules.Source{{Name: "flag.yaml", Origin: rules.OriginFlag, Data: []byte(
		"rules:\n  - {id: python-sql-string-build, languages: [go], severity: ERROR, message: m, pattern: f()}\n")}}
	found, problems = parseRules(in)
	if len(problems) != 1 || problems[0].RuleID != "python-sql-string-build" || slices.ContainsFunc(found, func(r *rules.Rule) bool { return r.Origin == rules.OriginFlag }) {
		t.Errorf("a rule with a built-in rule's id: problems %v", problems)
	}
}

func TestListers(t *testing.T) {
	t.Parallel()
	run := func(list Lister) (*Result, error) {
		return Run(t.Context(), change(t, "-- head/a.txt --\n@high\n"), list, Options{Sandbox: sandbox.Off})
	}
	r, err := run(func(rs []*rules.Rule) ([]*checks.Check, error) {
		list, _ := fakes(rs)
		return list, fmt.Errorf("compiling: %w", rules.CannotRun{{File: "a.yaml", Line: 3, RuleID: "x", Kind: rules.Unsupported, Message: "no taint yet"}})
	})
	if err != nil || len(r.Problems) != 1 || r.Problems[0].Message != "no taint yet" || r.Blocking() != 1 {
		t.Errorf("rules that do not compile: got %v, %v", r, err)
	}
	for want, list := range map[string]Lister{
		"no checks today":             func([]*rules.Rule) ([]*checks.Check, error) { return nil, errors.New("no checks today") },
		"two with the name fake/gone": func([]*rules.Rule) ([]*checks.Check, error) { l, _ := fakes(nil); return append(l, l[2]), nil },
		"the rule id gone is used by fake": func([]*rules.Rule) ([]*checks.Check, error) {
			l, _ := fakes(nil)
			c := *l[2]
			c.Name = "x"
			return append(l, &c), nil
		},
	} {
		if _, err := run(list); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	off := change(t, "-- head/a.txt --\n@high\n")
	off.Config.Rollouts = map[string]checks.Rollout{"gone": checks.RolloutOff}
	r, err = Run(t.Context(), off, fakes, Options{Sandbox: sandbox.Off})
	if err != nil || r.Checks[0] != (CheckResult{Name: "fake/gone", Status: Skipped, Reason: "switched off by the configuration"}) {
		t.Errorf("a check that is off: %+v, %v", r.Checks, err)
	}
	strict := func(rs []*rules.Rule) ([]*checks.Check, error) {
		l, err := fakes(rs)
		for i, c := range l {
			if c.Name == "fake/gone" {
				c := *c
				c.Rules = slices.Clone(c.Rules)
				for i := range c.Rules {
					c.Rules[i].Pack = checks.PackStrict
				}
				l[i] = &c
			}
		}
		return l, err
	}
	r, err = Run(t.Context(), change(t, "-- head/a.txt --\n@high\n"), strict, Options{Sandbox: sandbox.Off})
	if err != nil || slices.ContainsFunc(r.Checks, func(c CheckResult) bool { return c.Name == "fake/gone" }) {
		t.Errorf("a check of another pack is not told: %+v, %v", r.Checks, err)
	}
}

func TestUnscanned(t *testing.T) {
	t.Parallel()
	in := &Input{Files: []*checks.File{
		{Path: "a.bin", Status: checks.Modified, Opaque: "binary", OldBlob: "1", Blob: "2"},
		{Path: "b.bin", OldPath: "a2.bin", Status: checks.Renamed, Opaque: "binary", OldBlob: "1", Blob: "1"},
		{Path: "c.txt", Status: checks.Added},
		{Path: "d.txt", Status: checks.Modified},
		{Path: "e.bin", Status: checks.Deleted, Opaque: "52 MB, over the limit of 2 MB"},
		{Path: "f.txt", Status: checks.Modified, BaseOpaque: "binary"},
	}, Contents: []Content{{checks.Head, "d.txt", nil}, {checks.Head, "f.txt", []byte("a\nb\n")}}}
	r, err := Run(t.Context(), in, fakes, Options{Sandbox: sandbox.Off})
	if err != nil {
		t.Fatal(err)
	}
	want := []checks.Unscanned{
		{Path: "a.bin", Reason: "binary"},
		{Path: "c.txt", Reason: "its content was not read"},
		{Path: "d.txt", Reason: "its content before the change was not read"},
		{Path: "e.bin", Side: checks.Base, Reason: "52 MB, over the limit of 2 MB"},
		{Path: "f.txt", Side: checks.Base, Reason: "binary"},
	}
	if d := cmp.Diff(want, r.Unscanned); d != "" {
		t.Error(d)
	}
	if r.Files != 6 || r.Lines != 2 {
		t.Errorf("%d files, %d lines", r.Files, r.Lines)
	}
}

// TestTrees: a file that was not fetched is an error of its own kind, and never absence.
func TestTrees(t *testing.T) {
	t.Parallel()
	in := &Input{
		Files: []*checks.File{
			{Path: "added", Status: checks.Added}, {Path: "gone", Status: checks.Deleted}, {Path: "mod", Status: checks.Modified},
			{Path: "new", OldPath: "old", Status: checks.Renamed}, {Path: "opaque", Status: checks.Modified, Opaque: "binary"},
		},
		Contents: []Content{
			{checks.Head, "added", []byte("h")}, {checks.Base, "gone", []byte("b")}, {checks.Head, "mod", []byte("h")}, {checks.Base, "mod", []byte("b")},
			{checks.Head, "new", []byte("h")}, {checks.Base, "old", []byte("b")}, {checks.Head, "go.mod", []byte("same")},
		},
	}
	const no, unknown = "absent", "not fetched"
	answer := func(c *checks.Change, side checks.Side, path string) string {
		data, err := c.Tree(side).Open(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return no
		case errors.Is(err, checks.ErrNotFetched):
			return unknown
		case err != nil:
			return err.Error()
		}
		return string(data)
	}
	for _, test := range []struct{ path, head, base, listedHead, listedBase string }{
		{"added", "h", no, "h", no}, {"gone", no, "b", no, "b"}, {"mod", "h", "b", "h", "b"}, {"new", "h", no, "h", no}, {"old", no, "b", no, "b"},
		{"opaque", unknown, unknown, unknown, unknown}, {"go.mod", "same", "same", "same", "same"},
		{"other", unknown, unknown, unknown, unknown}, {"nothing", unknown, unknown, no, no},
	} {
		in.HeadPaths = nil
		c, _ := newChange(in)
		if got := [2]string{answer(c, checks.Head, test.path), answer(c, checks.Base, test.path)}; got != [2]string{test.head, test.base} {
			t.Errorf("%s, not listed: got %q", test.path, got)
		}
		in.HeadPaths = []string{"opaque", "other", "new", "mod", "go.mod", "added"}
		c, _ = newChange(in)
		if got := [2]string{answer(c, checks.Head, test.path), answer(c, checks.Base, test.path)}; got != [2]string{test.listedHead, test.listedBase} {
			t.Errorf("%s, listed: got %q", test.path, got)
		}
		if d := cmp.Diff([]string{"added", "go.mod", "mod", "new", "opaque", "other"}, c.Head.Paths()); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]string{"go.mod", "gone", "mod", "old", "opaque", "other"}, c.Base.Paths()); d != "" {
			t.Error(d)
		}
	}
	in = &Input{All: true, HeadPaths: []string{"a", "b"}, Files: []*checks.File{{Path: "a", Status: checks.Added}}, Contents: []Content{{checks.Head, "a", nil}}}
	c, _ := newChange(in)
	if got := [2]string{answer(c, checks.Base, "a"), answer(c, checks.Base, "b")}; got != [2]string{no, no} || len(c.Base.Paths()) != 0 {
		t.Errorf("without a base: got %q and %q", got, c.Base.Paths())
	}
}

func TestKey(t *testing.T) {
	t.Parallel()
	in := func(change func(*Input)) *Input {
		i := &Input{Base: "b", Head: "h", Text: checks.PRText{Title: "t"}, Rules: []rules.Source{{Name: "n", Data: []byte("d")}},
			Config: Config{Rollouts: map[string]checks.Rollout{"a": "off", "b": "block", "c": "shadow"}}}
		if change != nil {
			change(i)
		}
		return i
	}
	first := Key(in(nil), "1")
	for range 20 {
		if Key(in(nil), "1") != first {
			t.Fatal("equal inputs have different keys")
		}
	}
	if k := Key(in(func(i *Input) { i.Files, i.Contents = []*checks.File{{Path: "x"}}, []Content{{Path: "x"}} }), "1"); k != first {
		t.Error("files that two SHAs determine are part of the key")
	}
	seen := map[string]string{first: "the first"}
	for name, change := range map[string]func(*Input){
		"base": func(i *Input) { i.Base = "c" }, "head": func(i *Input) { i.Head = "c" }, "title": func(i *Input) { i.Text.Title = "u" },
		"no built-in rules": func(i *Input) { i.NoBuiltin = true }, "all": func(i *Input) { i.All = true },
		"packages": func(i *Input) { i.Facts.Packages = []byte("a") }, "advisories": func(i *Input) { i.Facts.Advisories = []byte("a") },
		"answer": func(i *Input) { i.Facts.Answers = []checks.Answer{{State: checks.Absent}} }, "another answer": func(i *Input) { i.Facts.Answers = []checks.Answer{{State: checks.Exists}} },
		"level": func(i *Input) { i.Config.FailOn = checks.Low }, "rollout": func(i *Input) { i.Config.Rollouts["a"] = "block" },
		"rule": func(i *Input) { i.Rules[0].Data = []byte("e") }, "rule's name": func(i *Input) { i.Rules[0].Name, i.Rules[0].Data = "nd", nil },
		"origin": func(i *Input) { i.Rules[0].Origin = rules.OriginFloor }, "no rule": func(i *Input) { i.Rules = nil },
		"work tree":         func(i *Input) { i.Head = "" },
		"work tree changed": func(i *Input) { i.Head, i.Contents = "", []Content{{Path: "x", Data: []byte("1")}} },
		"changed again":     func(i *Input) { i.Head, i.Contents = "", []Content{{Path: "x", Data: []byte("2")}} },
		"another file":      func(i *Input) { i.Head, i.Files = "", []*checks.File{{Path: "x", Opaque: "binary"}} },
	} {
		k := Key(in(change), "1")
		if other, taken := seen[k]; taken {
			t.Errorf("%s has the key of %s", name, other)
		}
		seen[k] = name
	}
	if Key(in(nil), "2") == first {
		t.Error("the version of the tool is not part of the key")
	}
}

// TestRunAll: parts of a tree come together as if it had been scanned at once, in whatever parts it came.
func TestRunAll(t *testing.T) {
	t.Parallel()
	whole := large(t, 12)
	whole.All, whole.Base = true, ""
	var files []*checks.File
	var contents []Content
	for _, f := range whole.Files {
		files = append(files, &checks.File{Path: f.Path, Status: checks.Added})
	}
	for _, c := range whole.Contents {
		if c.Side == checks.Head {
			contents = append(contents, c)
		}
	}
	whole.Files, whole.Contents = files, contents
	parts := func(size int) iter.Seq2[*Input, error] {
		return func(yield func(*Input, error) bool) {
			for i := 0; i < len(files); i += size {
				part := *whole
				part.All = false // RunAll knows
				part.Files, part.Contents = files[i:min(i+size, len(files))], contents[i:min(i+size, len(files))]
				if !yield(&part, nil) {
					return
				}
			}
		}
	}
	want, err := Run(t.Context(), whole, fakes, Options{Sandbox: sandbox.Off})
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{1, 5, 12} {
		got, err := RunAll(t.Context(), parts(size), fakes, Options{Sandbox: sandbox.Off})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(encode(t, want), encode(t, got)); d != "" {
			t.Errorf("parts of %d: (-whole +parts)\n%s", size, d)
		}
	}
	var results []*Result
	for in := range parts(5) {
		in.All = true
		r, err := Run(t.Context(), in, fakes, Options{Sandbox: sandbox.Off})
		if err != nil {
			t.Fatal(err)
		}
		results = append(results, r)
	}
	if d := cmp.Diff(encode(t, want), encode(t, Merge(results, 0))); d != "" {
		t.Errorf("Merge: (-whole +parts)\n%s", d)
	}
	mine := errors.New("disk")
	if _, err := RunAll(t.Context(), func(yield func(*Input, error) bool) { yield(nil, mine) }, fakes, Options{Sandbox: sandbox.Off}); !errors.Is(err, mine) {
		t.Errorf("an error of the sequence: got %v", err)
	}
	if _, err := RunAll(t.Context(), func(func(*Input, error) bool) {}, fakes, Options{}); err == nil {
		t.Error("an empty sequence is taken")
	}
}

func TestInputsThatCannotBe(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]*Input{
		"sorted": {Files: []*checks.File{{Path: "b", Status: checks.Added}, {Path: "a", Status: checks.Added}}},
	} {
		if _, err := Run(t.Context(), in, fakes, Options{Sandbox: sandbox.Off}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := Run(t.Context(), &Input{}, fakes, Options{Sandbox: "strict"}); err == nil || !strings.Contains(err.Error(), "unknown sandbox mode") {
		t.Errorf("an unknown mode: got %v", err)
	}
}

func TestSnippets(t *testing.T) {
	t.Parallel()
	in := change(t, "-- head/a.txt --\none\n  @high\r\nthree\n")
	in.Contents[0].Data = []byte("one\n  @high " + strings.Repeat("é", maxLine) + "\r\nthree\n")
	r, err := Run(t.Context(), in, fakes, Options{Sandbox: sandbox.Off})
	if err != nil || len(r.Findings) != 1 {
		t.Fatal(r, err)
	}
	s := r.Findings[0].Location.Snippet
	if !strings.HasPrefix(s, "  @high é") || !strings.HasSuffix(s, "…") || len(s) > maxLine+10 || strings.Contains(s, "\r") {
		t.Errorf("got %d bytes: %.40q", len(s), s)
	}
	in.Contents[0].Data = []byte("one\n\xff\xfe\xfd @high\n")
	r, err = Run(t.Context(), in, fakes, Options{Sandbox: sandbox.Off})
	if err != nil || len(r.Findings) != 1 {
		t.Fatal(r, err)
	}
	// Columns count an invalid byte as one character, and so does the snippet.
	if l := r.Findings[0].Location; l.StartColumn != 5 || string([]rune(l.Snippet)[l.StartColumn-1:]) != "@high" {
		t.Errorf("invalid bytes: column %d of %q", l.StartColumn, l.Snippet)
	}
	f := &file{data: []byte("a\nb\n"), starts: lineStarts([]byte("a\nb\n"))}
	for _, test := range []struct{ in, want checks.Location }{
		{checks.Location{}, checks.Location{}},
		{checks.Location{StartLine: -1, EndLine: 5}, checks.Location{}},
		{checks.Location{StartLine: 9, StartColumn: 1, EndLine: 12, EndColumn: 3}, checks.Location{StartLine: 2, StartColumn: 1, EndLine: 2, EndColumn: 3}},
		{checks.Location{StartLine: 1, StartColumn: 1, EndLine: 2, EndColumn: 1}, checks.Location{StartLine: 1, StartColumn: 1, EndLine: 1, EndColumn: 2}},
		{checks.Location{StartLine: 2, StartColumn: 2, EndLine: 1, EndColumn: 1}, checks.Location{StartLine: 2, StartColumn: 2, EndLine: 2, EndColumn: 2}},
		{checks.Location{StartLine: 1}, checks.Location{StartLine: 1, StartColumn: 1, EndLine: 1, EndColumn: 1}},
	} {
		if d := cmp.Diff(test.want, f.fit(test.in)); d != "" {
			t.Errorf("fit(%+v): %s", test.in, d)
		}
	}
}

// TestHostileShapes: files made to be slow (a line of megabytes with a finding every few bytes, a suppression on every line, a change on every
// other line) take seconds; anything quadratic in them would take hours.
func TestHostileShapes(t *testing.T) {
	t.Parallel()
	var lines, before strings.Builder
	for i := range maxFindings / 2 {
		fmt.Fprintf(&lines, "@medium(%d)  # reviewgate:ignore medium number %d\nx\n", i, i)
		before.WriteString("y\nx\n")
	}
	in := &Input{
		Base: "b", Head: "h", NoBuiltin: true,
		Files: []*checks.File{{Path: "line.js", Status: checks.Added}, {Path: "lines.conf", Status: checks.Modified}},
		Contents: []Content{
			{checks.Head, "line.js", []byte(strings.Repeat("@medium(aé) "+strings.Repeat("z", 150), maxFindings/2))},
			{checks.Head, "lines.conf", []byte(lines.String())}, {checks.Base, "lines.conf", []byte(before.String())},
		},
	}
	r, err := Run(t.Context(), in, fakes, Options{Sandbox: sandbox.Off})
	if err != nil {
		t.Fatal(err)
	}
	comments, suppressed := 0, 0
	for _, f := range r.Findings {
		if f.Comment {
			comments++
		}
		if f.Suppressed() {
			suppressed++
		}
	}
	if len(r.Findings) != maxFindings || suppressed != maxFindings/2 || comments != 0 { // nobody can read that line
		t.Errorf("%d findings, %d suppressed, %d comments; failures %v", len(r.Findings), suppressed, comments, r.Failures())
	}
}

func BenchmarkRun(b *testing.B) {
	in := large(b, 10)
	for _, mode := range []sandbox.Mode{sandbox.Off, sandbox.Auto} {
		b.Run(string(mode), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Run(b.Context(), in, fakes, Options{Sandbox: mode}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
