package backtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/app/source"
	"github.com/reviewgate-app/reviewgate/checks"
)

// history makes a repository with n commits on main.
func history(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	script := "git init -q -b main\n"
	for i := range n {
		script += fmt.Sprintf("echo %d > a.txt; git add .; git commit -qm 'change %d'\n", i, i)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-eu")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(script)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=Alice", "GIT_AUTHOR_EMAIL=alice@example.com",
		"GIT_COMMITTER_NAME=Bob", "GIT_COMMITTER_EMAIL=bob@example.com", "GIT_AUTHOR_DATE=1700000000 +0000", "GIT_COMMITTER_DATE=1700000000 +0000"}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return dir
}

// fakeScan reports one finding for each change, blocking where the number is even, and counts its calls.
type fakeScan struct {
	mu    sync.Mutex
	calls int
	after func(call int) error
}

func (f *fakeScan) scan(ctx context.Context, snap *source.Snapshot, in *scan.Input, whole bool) (*scan.Result, error) {
	f.mu.Lock()
	f.calls++
	call := f.calls
	f.mu.Unlock()
	if f.after != nil {
		if err := f.after(call); err != nil {
			return nil, err
		}
	}
	contents, err := snap.Contents(ctx)
	if err != nil {
		return nil, err
	}
	text := strings.TrimSpace(string(contents[len(contents)-1].Data))
	even := strings.ContainsAny(text[len(text)-1:], "02468")
	return &scan.Result{Base: in.Base, Head: in.Head, Files: len(snap.Files), Lines: 1, Rules: []checks.RuleInfo{{ID: "even"}, {ID: "odd"}, {ID: "quiet"}}, Findings: []checks.Finding{
		{RuleID: map[bool]string{true: "even", false: "odd"}[even], Message: "number " + text, Severity: checks.High, Confidence: checks.Certain, Introduced: true, Comment: even, Blocking: even,
			Fingerprint: checks.NewFingerprint("even", "a.txt", text, "", 0), Location: checks.Location{Path: "a.txt", StartLine: 1, Snippet: text}},
		{RuleID: "even", Message: "old", Location: checks.Location{Path: "a.txt"}},
	}}, nil
}

func encode(t *testing.T, r *Report) string {
	t.Helper()
	copied := *r
	copied.Timing = Timing{}
	copied.Changes = append([]Change(nil), r.Changes...)
	for i := range copied.Changes {
		copied.Changes[i].Seconds = 0 // all that a clock has measured
	}
	var buf bytes.Buffer
	if err := Write(&buf, &copied, "json"); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

// TestInterrupted: what was done before an interruption is told and kept, and the next run does only the rest, with the same report as one that was never
// interrupted.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	dir := history(t, 9)
	var whole fakeScan
	want, err := Run(t.Context(), &Options{Tool: "t", Repos: []string{dir}, Scan: whole.scan})
	if err != nil {
		t.Fatal(err)
	}
	if want.Total.Changes != 9 || want.Total.Blocked != 5 || want.Total.Findings != 9 || want.Total.Comments != 5 || len(want.ByRule) != 3 || want.ByRule[0].Findings != 5 {
		t.Fatalf("%+v %+v", want.Total, want.ByRule)
	}
	cache := t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	first := fakeScan{after: func(call int) error {
		if call == 4 {
			stop()
			return ctx.Err()
		}
		return nil
	}}
	part, err := Run(ctx, &Options{Tool: "t", Repos: []string{dir}, Scan: first.scan, Cache: cache, Parallel: 1})
	if err != nil || !part.Stopped || part.Total.Changes != 3 || part.Total.Failed != 0 {
		t.Fatalf("%v %+v", err, part.Total)
	}
	var second fakeScan
	rest, err := Run(t.Context(), &Options{Tool: "t", Repos: []string{dir}, Scan: second.scan, Cache: cache})
	if err != nil || second.calls != 6 || rest.Timing.Cached != 3 {
		t.Fatalf("%v: %d changes were scanned again, %d taken", err, second.calls, rest.Timing.Cached)
	}
	if a, b := encode(t, want), encode(t, rest); a != b {
		t.Errorf("whole:\n%s\nin two parts:\n%s", a, b)
	}
	// A third takes everything from the cache, with the names of the rules; another tool, rule or configuration takes nothing.
	var third fakeScan
	again, err := Run(t.Context(), &Options{Tool: "t", Repos: []string{dir}, Scan: third.scan, Cache: cache})
	if err != nil || third.calls != 0 || encode(t, again) != encode(t, want) {
		t.Errorf("%v: %d calls", err, third.calls)
	}
	for _, opt := range []Options{{Tool: "other"}, {Tool: "t", Template: scan.Input{NoBuiltin: true}}, {Tool: "t", Limits: source.Limits{Files: 7}}} {
		var other fakeScan
		opt.Repos, opt.Scan, opt.Cache = []string{dir}, other.scan, cache
		if _, err := Run(t.Context(), &opt); err != nil || other.calls != 9 {
			t.Errorf("%v: %d calls", err, other.calls)
		}
	}
	// A kept result that was cut is none.
	if err := filepath.WalkDir(cache, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		return os.Truncate(path, 20)
	}); err != nil {
		t.Fatal(err)
	}
	var fourth fakeScan
	if r, err := Run(t.Context(), &Options{Tool: "t", Repos: []string{dir}, Scan: fourth.scan, Cache: cache}); err != nil || fourth.calls != 9 || encode(t, r) != encode(t, want) {
		t.Errorf("%v: %d calls", err, fourth.calls)
	}
}

// TestChangesThatFail: they are counted with the reason, are in no other figure, and are tried again the next time.
func TestChangesThatFail(t *testing.T) {
	t.Parallel()
	dir, cache := history(t, 4), t.TempDir()
	f := fakeScan{after: func(call int) error {
		if call%2 == 0 {
			return errors.New("the worker ran out of memory\nwith details")
		}
		return nil
	}}
	r, err := Run(t.Context(), &Options{Tool: "t", Repos: []string{dir}, Scan: f.scan, Cache: cache, Parallel: 1})
	if err != nil || r.Total.Changes != 2 || r.Total.Failed != 2 || r.Total.Lines != 2 || len(r.Failed) != 1 || r.Failed[0].Why != "the worker ran out of memory" || len(r.Failed[0].Commits) != 2 {
		t.Fatalf("%v %+v %+v", err, r.Total, r.Failed)
	}
	var next fakeScan
	if r, err = Run(t.Context(), &Options{Tool: "t", Repos: []string{dir}, Scan: next.scan, Cache: cache}); err != nil || next.calls != 2 || r.Total.Failed != 0 {
		t.Errorf("%v: %d calls, %+v", err, next.calls, r.Total)
	}
}

func TestPrune(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := &cache{dir: dir}
	for _, id := range []string{"old", "new"} {
		if err := c.put(id, &kept{Faults: []string{id}}); err != nil {
			t.Fatal(err)
		}
	}
	long := time.Now().Add(-2 * cacheAge)
	if err := os.Chtimes(c.path("old"), long, long); err != nil {
		t.Fatal(err)
	}
	prune(dir, time.Now())
	prune(filepath.Join(dir, "missing"), time.Now())
	_, old := c.get("old")
	if k, ok := c.get("new"); old || !ok || k.Faults[0] != "new" {
		t.Errorf("old is there: %v; new is there: %v", old, ok)
	}
}

func TestQuantile(t *testing.T) {
	t.Parallel()
	list := make([]float64, 100)
	for i := range list {
		list[i] = float64(i + 1)
	}
	for _, c := range []struct {
		list    []float64
		percent int
		want    float64
	}{{nil, 50, 0}, {list[:1], 95, 1}, {list[:2], 50, 1}, {list, 50, 50}, {list, 95, 95}, {list, 100, 100}} {
		if got := quantile(c.list, c.percent); got != c.want {
			t.Errorf("the %d %% of %d values: %v, want %v", c.percent, len(c.list), got, c.want)
		}
	}
}

// TestWrite: every format tells the same figures, and text of strangers moves no terminal and opens no tag.
func TestWrite(t *testing.T) {
	t.Parallel()
	evil := "x\x1b[31m<img>@octocat|`"
	r := &Report{Version: Version, Limit: 3, Policy: "policy.yml", Repositories: []Repository{{Name: evil, Branch: "main", Shallow: true}}, Stopped: true, Problems: []string{evil}}
	r.add([]*replay{
		{done: true, change: Change{Repository: evil, Outcome: Outcome{Author: Agent, Agents: []string{"Codex"}, Lines: 10, Seconds: 2, Findings: []Finding{{Rule: evil, Comment: true, Blocking: true}, {Rule: "clears", Blocking: true, Approval: true}},
			Asked: []Asked{{Guard: evil, Origin: "floor", Approvals: 2}, {Guard: "maybe", Approvals: 1, Unless: "only when: from a fork"}}}}},
		{done: true, change: Change{Repository: evil, Outcome: Outcome{Error: evil}}},
		{change: Change{Repository: evil}},
	}, []ruled{{ID: "silent"}})
	for _, format := range Formats() {
		var buf bytes.Buffer
		if err := Write(&buf, r, format); err != nil {
			t.Fatal(err)
		}
		got := buf.String()
		if format == "json" {
			var back Report
			if err := json.Unmarshal(buf.Bytes(), &back); err != nil || back.Total != r.Total {
				t.Errorf("%v %+v", err, back.Total)
			}
			continue
		}
		for _, want := range []string{"with a finding: 1 (100.0 %)", "blocked by a finding: 1 (100.0 %)", "asked for an approval: 1 (100.0 %)", "interrupted", "1 change could not be scanned and is in none", "shallow", "Codex", "only when: from a fork", "1 other rule found nothing"} {
			if !strings.Contains(got, want) {
				t.Errorf("%s lacks %q:\n%s", format, want, got)
			}
		}
		if strings.Contains(got, "\x1b") || format == "markdown" && strings.Contains(got, "| <img>") {
			t.Errorf("%s:\n%s", format, got)
		}
	}
	if err := Write(&bytes.Buffer{}, r, "xml"); err == nil {
		t.Error("an unknown format")
	}
}
