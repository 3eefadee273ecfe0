package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/checks"
)

var update = flag.Bool("update", false, "write the golden files again")

// sample is one report with something of everything.
func sample() *Input {
	return &Input{
		Version: jsonVersion,
		Tool:    Tool{Name: "reviewgate", Version: "1.2.3"},
		Repo:    "acme/shop", Number: 7, FailOn: checks.High,
		Scan: &scan.Result{
			Base: strings.Repeat("b", 40), Head: strings.Repeat("a", 40), Files: 4, Lines: 31, Languages: []string{"go", "python"},
			Rules: []checks.RuleInfo{
				{ID: "sql-string-build", Title: "SQL built from strings", Why: "Whoever controls the value controls the query.", Remedy: "Pass values as parameters: `execute(sql, (id,))`.",
					Severity: checks.High, Confidence: checks.Certain, CWE: []string{"CWE-89"}, References: []string{"https://cwe.mitre.org/data/definitions/89.html"}, Tags: []string{"security"}, Rollout: checks.RolloutBlock, Origin: "builtin"},
				{ID: "test-weakened", Title: "A test proves less than before", Why: "A regression can go through.", Remedy: "Put the assertion back.",
					Severity: checks.Medium, Confidence: checks.Likely, References: []string{"https://arxiv.org/abs/2510.20270"}, Tags: []string{"test-integrity"}, Rollout: checks.RolloutBlock, Origin: "builtin"},
			},
			Findings: []checks.Finding{
				{RuleID: "sql-string-build", Message: "The query is put together from `uid`. Pass it as a parameter", Severity: checks.High, Confidence: checks.Certain,
					Location: checks.Location{Path: "app/db.py", StartLine: 12, StartColumn: 2, EndLine: 12, EndColumn: 48, Snippet: "\tcur.execute(f\"SELECT * FROM u WHERE id={uid}\")"},
					Fix:      &checks.Fix{Location: checks.Location{Path: "app/db.py", StartLine: 12, StartColumn: 2, EndLine: 12, EndColumn: 5}, Text: "cur"},
					Symbol:   "load", Fingerprint: "0123456789abcdef0123456789abcdef", Introduced: true, Blocking: true, Comment: true},
				{RuleID: "test-weakened", Message: "`test_total` lost 3 of its 4 assertions", Severity: checks.Medium, Confidence: checks.Likely,
					Location:    checks.Location{Path: "tests/test_total.py", Side: checks.Base, StartLine: 3, StartColumn: 1, EndLine: 4, EndColumn: 9, Snippet: "    assert total == 3\n    assert n == 1"},
					Related:     []checks.Related{{Location: checks.Location{Path: "tests/test_total.py", StartLine: 2, StartColumn: 5, EndLine: 2, EndColumn: 15}, Message: "the test as it is now"}},
					Fingerprint: "11111111111111111111111111111111", Introduced: true, Comment: true},
				{RuleID: "sql-string-build", Message: "old", Severity: checks.High, Confidence: checks.Certain,
					Location: checks.Location{Path: "app/old.py", StartLine: 1, StartColumn: 1, EndLine: 1, EndColumn: 2}, Fingerprint: "22222222222222222222222222222222"},
				{RuleID: "sql-string-build", Message: "silenced", Severity: checks.High, Confidence: checks.Certain,
					Location:    checks.Location{Path: "app/ok.py", StartLine: 9, StartColumn: 1, EndLine: 9, EndColumn: 2},
					Suppression: &checks.Suppression{Reason: "the table name is a constant", Line: 8}, Fingerprint: "33333333333333333333333333333333", Introduced: true},
			},
			Checks:    []scan.CheckResult{{Name: "ai/weakened-test", Status: scan.Ran}, {Name: "rules", Status: scan.Ran}, {Name: "supply/registry", Status: scan.Skipped, Reason: "no registry is configured"}},
			Unscanned: []checks.Unscanned{{Path: "big.js", Reason: "52 MB, over the limit of 2 MB"}},
			Problems:  []scan.Problem{{File: "rules/x.yaml", Line: 3, Column: 5, RuleID: "x", Message: "`mode: taint` cannot run yet"}},
			Sandbox:   scan.Layers{Mode: "auto", Held: []string{"rlimits", "seccomp"}, Missing: []string{"landlock: not supported by this kernel"}},
		},
		WillNeed: []gate.GuardAnswer{{Name: "auth", Origin: "repository", Files: []string{"app/db.py"}, Needed: 1, May: []string{"@acme/security"}, Because: "will need 1 approval from @acme/security"}},
	}
}

func decided() *Input {
	in := sample()
	in.WillNeed = nil
	in.Decision = &gate.Decision{
		State: gate.Block, Title: "Blocked by 1 finding; needs 1 approval from @acme/security",
		Next:     []string{"Fix the finding in app/db.py, or ask who may waive it.", "Ask someone of @acme/security to approve."},
		Guards:   []gate.GuardAnswer{{Name: "auth", Origin: "repository", Files: []string{"app/db.py", "app/a|b.py"}, Needed: 1, May: []string{"@acme/security"}, Because: "needs 1 more approval"}, {Name: "docs", Origin: "floor", Files: []string{"docs/x.md"}, Needed: 1, Approved: []string{"bob"}, Holds: true, Because: "1 of 1 approvals"}},
		Reviews:  []gate.ReviewAnswer{{ReviewID: 1, Reviewer: gate.Person{ID: 5, Login: "helpful[bot]", Type: "Bot"}, State: "APPROVED", Because: "is a bot"}},
		Blocking: []string{"0123456789abcdef0123456789abcdef"}, Disqualified: []gate.Disqualified{{Person: gate.Person{ID: 2, Login: "alice"}, Because: []string{"opened this pull request"}}},
		Agents: []gate.AgentMark{{Agent: "Copilot", Evidence: "the author is copilot-swe-agent[bot]"}},
	}
	return in
}

// TestFormats compares every output with a reviewed file, and makes each once more from the JSON, which therefore holds all they need.
func TestFormats(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]*Input{"scan": sample(), "decided": decided(), "clean": {Version: jsonVersion, Tool: Tool{Name: "reviewgate", Version: "1.2.3"}, Scan: &scan.Result{}}} {
		var doc bytes.Buffer
		if err := jsonFormat.Write(&doc, in, Options{}); err != nil {
			t.Fatal(err)
		}
		again, err := Read(bytes.NewReader(doc.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range Formats() {
			got := render(t, f, in, Options{Width: 100})
			golden(t, filepath.Join(name, f.Name+".golden"), got)
			if fromJSON := render(t, f, again, Options{Width: 100}); fromJSON != got {
				t.Errorf("%s of %s cannot be made from the JSON:\n%s", f.Name, name, cmp.Diff(got, fromJSON))
			}
		}
	}
	golden(t, "scan/text-colour.golden", render(t, text, sample(), Options{Color: true}))
}

func TestCheckRunAndReview(t *testing.T) {
	t.Parallel()
	in := decided()
	run := RenderCheckRun(in, "reviewgate")
	if run.Conclusion != "failure" || run.Status != "completed" || run.Title != in.Decision.Title {
		t.Errorf("check run says %s %s %q", run.Status, run.Conclusion, run.Title)
	}
	if len(run.Annotations) != 1 || run.Annotations[0].Path != "app/db.py" || run.Annotations[0].Level != "failure" {
		t.Errorf("annotations: %+v (the finding on the base side has no place in head)", run.Annotations)
	}
	golden(t, "decided/summary.golden", run.Summary)
	waiting := &Input{Decision: &gate.Decision{State: gate.Pending, Title: "Waiting for the scan"}}
	if run := RenderCheckRun(waiting, "reviewgate"); !strings.Contains(run.Summary, "Waiting for the scan") || run.Conclusion != "action_required" {
		t.Errorf("a decision without a scan: %+v", run)
	}

	review := RenderReview(in, nil)
	var all strings.Builder
	all.WriteString(review.Body + "\n")
	for _, c := range review.Comments {
		all.WriteString("=== " + c.Path + " " + c.Side.String() + "\n" + c.Body)
	}
	golden(t, "decided/review.golden", all.String())
	if again := RenderReview(in, map[checks.Fingerprint]bool{review.Comments[0].Fingerprint: true, review.Comments[1].Fingerprint: true}); again != nil {
		t.Errorf("what was posted is posted again: %+v", again)
	}
}

// TestSARIF validates against the schema of the standard (it comes with the library), and checks what GitHub uses beyond it.
func TestSARIF(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]*Input{"sample": sample(), "hostile": hostile(), "empty": {Scan: &scan.Result{}}} {
		log, err := sarif.FromString(render(t, sarifFormat, in, Options{}), sarif.WithStrictValidation())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := log.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		run := log.Runs[0]
		for _, r := range run.Results {
			if r.PartialFingerprints["primaryLocationLineHash"] == "" || len(r.Locations) != 1 || *r.Locations[0].PhysicalLocation.Region.StartLine < 1 {
				t.Errorf("%s: GitHub needs a fingerprint, one location and a line: %+v", name, r)
			}
			if uri := *r.Locations[0].PhysicalLocation.ArtifactLocation.URI; strings.ContainsAny(uri, " \n:\\\"<>") {
				t.Errorf("%s: %q is no relative URI reference", name, uri)
			}
		}
	}
	rule := sarifRule(&sample().Scan.Rules[0])
	if !reflect.DeepEqual(rule.Properties.Tags, []string{"external/cwe/cwe-89", "security"}) || rule.Properties.Properties["security-severity"] != "8.0" || rule.Properties.Properties["precision"] != "high" {
		t.Errorf("what code scanning sorts and filters by: %+v", rule.Properties)
	}
}

// TestRawPaths: paths that are no UTF-8 come through the JSON as they are, wherever they stand, and even if a file has the name that stands for one.
func TestRawPaths(t *testing.T) {
	t.Parallel()
	in := decided()
	in.WillNeed = sample().WillNeed
	first := &in.Scan.Findings[0]
	first.Location.Path, first.Fix.Location.Path = "a\xff.py", "a\xfe.py"
	in.Scan.Findings[1].Location.Path = `a\xff.py` // nine harmless characters
	in.Scan.Findings[1].Related[0].Location.Path = "a\xff.py"
	in.Scan.Unscanned[0].Path = "\xc3.js"
	in.WillNeed[0].Files[0] = "a\xff.py"
	in.Decision.Guards[0].Files = []string{"\xff", "ok"}

	doc := render(t, jsonFormat, in, Options{})
	if !strings.Contains(doc, `"path": "a\\xff.py?"`) || !strings.Contains(doc, `"a\\xff.py?": "Yf8ucHk="`) {
		t.Errorf("the stand-in and its bytes:\n%s", doc)
	}
	if first.Location.Path != "a\xff.py" || in.RawPaths != nil {
		t.Error("writing changed the report")
	}
	again, err := Read(strings.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(in, again); diff != "" {
		t.Error(diff)
	}
	for _, f := range Formats() {
		if got, want := render(t, f, again, Options{}), render(t, f, in, Options{}); got != want {
			t.Errorf("%s differs:\n%s", f.Name, cmp.Diff(want, got))
		}
	}
	if uris := render(t, sarifFormat, in, Options{}); !strings.Contains(uris, `"a%FF.py"`) || !strings.Contains(uris, `"a%5Cxff.py"`) {
		t.Errorf("SARIF names the bytes:\n%s", uris)
	}
	if lines := render(t, agentFormat, in, Options{}); !strings.Contains(lines, `"path":"a\\xff.py","path_base64":"Yf8ucHk="`) {
		t.Errorf("agents get the bytes:\n%s", lines)
	}
}

// TestAgent: every line is one JSON value, the first one counts the others, and text of the change stays inside of its string.
func TestAgent(t *testing.T) {
	t.Parallel()
	in := hostile()
	in.Scan.Checks = append(in.Scan.Checks, scan.CheckResult{Name: "x", Status: scan.Failed, Reason: "it took too long"})
	lines := strings.Split(strings.TrimSuffix(render(t, agentFormat, in, Options{}), "\n"), "\n")
	var head agentHeader
	if err := json.Unmarshal([]byte(lines[0]), &head); err != nil {
		t.Fatal(err)
	}
	if head.Result != "error" || head.Findings != len(lines)-1 || head.Findings != len(hostilePieces) || len(head.CouldNotTell) != 1 || len(head.NotRun) != 2 || len(head.NotScanned) != 2 {
		t.Errorf("%+v for %d lines", head, len(lines))
	}
	for i, line := range lines[1:] {
		var f agentFinding
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		path := string(f.RawPath)
		if f.RawPath == nil {
			path = f.Path
		}
		if path != in.Scan.Findings[i].Location.Path || f.Rule != "sql-string-build" || f.Line == 0 || f.What == "" || f.Why == "" || f.Do == "" || !f.Blocks {
			t.Errorf("%+v", f)
		}
	}
}

// TestRegionText: the snippet of a region in SARIF is the region, not its lines.
func TestRegionText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		l    checks.Location
		want string
	}{
		{checks.Location{StartLine: 1, StartColumn: 3, EndLine: 1, EndColumn: 5, Snippet: "abcdef"}, "cd"},
		{checks.Location{StartLine: 1, StartColumn: 2, EndLine: 1, EndColumn: 4, Snippet: "漢字仮名"}, "字仮"},
		{checks.Location{StartLine: 1, StartColumn: 3, EndLine: 2, EndColumn: 2, Snippet: "abc\ndef"}, "c\nd"},
		{checks.Location{StartLine: 1, StartColumn: 3, EndLine: 20, EndColumn: 2, Snippet: "abc\ndef"}, ""},
		{checks.Location{StartLine: 1, StartColumn: 9, EndLine: 1, EndColumn: 12, Snippet: "abc…"}, ""},
		{checks.Location{StartLine: 1, StartColumn: 5, EndLine: 1, EndColumn: 2, Snippet: "abcdef"}, ""},
		{checks.Location{StartLine: 1, StartColumn: 1, EndLine: 1, EndColumn: 0, Snippet: "abc"}, ""},
		{checks.Location{}, ""},
	} {
		if got := regionText(&c.l); got != c.want {
			t.Errorf("%+v: %q, want %q", c.l, got, c.want)
		}
	}
}

// hostilePieces are what an author may put into names, code and messages to reach a reader, a terminal, a runner or an agent.
var hostilePieces = []string{
	"@acme/everyone", "hi @alice!", "#12", "GH-12", "https://evil.example/x", "www.evil.example", "[click](https://evil.example)", "![x](https://evil.example/a.png)",
	"<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "<!-- reviewgate:v1 key=x -->", "</details>", "`code` @bob `", "```", "| a | b |", "# heading", "- list", "**bold**", "$(reboot)",
	"\x1b[31mred\x1b]8;;https://evil.example\x07link", "\r\n::error::owned", "::set-output name=result::pass", "%0A::warning::x", "a\u202eb", "\U000e0041", "\u200b", "\x00", "\xff\xfe", "a\nb", "\"},{\"x\":\"",
}

func hostile() *Input {
	in := sample()
	in.Scan.Findings = nil
	for i, piece := range hostilePieces {
		in.Scan.Findings = append(in.Scan.Findings, checks.Finding{
			RuleID: "sql-string-build", Message: "x " + piece + " y", Severity: checks.High, Confidence: checks.Certain, Introduced: true, Blocking: true, Comment: true,
			Location:    checks.Location{Path: "dir/" + piece, StartLine: i + 1, StartColumn: 1, EndLine: i + 1, EndColumn: 4, Snippet: piece},
			Fingerprint: checks.NewFingerprint("r", "p", piece, "", i),
			Related:     []checks.Related{{Location: checks.Location{Path: piece, StartLine: 1}, Message: piece}},
		})
	}
	in.Scan.Unscanned = append(in.Scan.Unscanned, checks.Unscanned{Path: hostilePieces[0], Reason: hostilePieces[8]})
	return in
}

// TestHostile: nothing of the change's author gets through any output.
func TestHostile(t *testing.T) {
	t.Parallel()
	in := hostile()
	in.Decision = decided().Decision
	in.Decision.Guards[0].Files = hostilePieces
	in.Decision.Reviews[0].Because = strings.Join(hostilePieces, " ")

	terminal := render(t, text, in, Options{Color: false, Width: 80})
	if i := strings.IndexFunc(terminal, func(r rune) bool { return r != '\n' && hidden(r, "") }); i >= 0 {
		t.Errorf("a control or hidden character reaches the terminal: %q", terminal[max(0, i-20):i+20])
	}
	for _, f := range []*Format{jsonFormat, sarifFormat, agentFormat} {
		doc := render(t, f, in, Options{})
		if i := strings.IndexFunc(doc, func(r rune) bool { return r != '\n' && hidden(r, "") }); i >= 0 {
			t.Errorf("%s: a hidden character stands as itself: %q", f.Name, doc[max(0, i-20):i+20])
		}
	}
	for _, line := range strings.Split(render(t, annotations, in, Options{}), "\n") {
		if strings.HasPrefix(line, "::") && !strings.HasPrefix(line, "::error title=reviewgate%3A sql-string-build,file=dir/") {
			t.Errorf("a workflow command of the author's: %q", line)
		}
	}
	documents := []string{render(t, markdown, in, Options{}), RenderCheckRun(in, "reviewgate").Summary}
	for _, c := range RenderReview(in, nil).Comments {
		documents = append(documents, c.Body)
	}
	for _, doc := range documents {
		for _, bad := range []string{"\x1b", "\u202e", "\U000e0041"} {
			if strings.Contains(doc, bad) {
				t.Errorf("%q reaches a reader in:\n%s", bad, doc)
			}
		}
		if strings.Contains(doc, "<!-- reviewgate") {
			t.Errorf("a mark of ours that is not ours in:\n%s", doc)
		}
		outside := withoutCode(doc)
		if link := regexp.MustCompile(`[^\\]\]\(`).FindString(strings.ReplaceAll(outside, "](https://cwe.mitre.org", "")); link != "" {
			t.Errorf("a link that is not ours: %q in:\n%s", link, outside)
		}
		for _, bad := range []string{"@acme", "@alice", "@bob", "https://evil", "www.evil", "<img", "<script", "#12", "GH-12", "<!-- reviewgate"} {
			if strings.Contains(outside, bad) {
				t.Errorf("%q is live outside of code in:\n%s", bad, outside)
			}
		}
	}
}

// withoutCode removes code spans by CommonMark's rule: a run of backticks is closed by the next run of the same length.
func withoutCode(s string) string {
	var b strings.Builder
	for s != "" {
		open := strings.IndexByte(s, '`')
		if open < 0 || open > 0 && s[open-1] == '\\' {
			if open < 0 {
				return b.String() + s
			}
			b.WriteString(s[:open+1])
			s = s[open+1:]
			continue
		}
		n := 1
		for open+n < len(s) && s[open+n] == '`' {
			n++
		}
		rest := s[open+n:]
		end := -1
		for i := 0; i < len(rest); {
			if rest[i] != '`' {
				i++
				continue
			}
			m := 1
			for i+m < len(rest) && rest[i+m] == '`' {
				m++
			}
			if m == n {
				end = i
				break
			}
			i += m
		}
		b.WriteString(s[:open])
		if end < 0 {
			b.WriteString(s[open : open+n])
			s = rest
			continue
		}
		s = rest[end+n:]
	}
	return b.String()
}

// TestLimits: a change with very many findings gives a summary within GitHub's limit that says what is missing.
func TestLimits(t *testing.T) {
	t.Parallel()
	in := decided()
	for range 2000 {
		in.Scan.Findings = append(in.Scan.Findings, in.Scan.Findings[0])
	}
	run := RenderCheckRun(in, "reviewgate")
	if n := len(run.Summary); n > summaryLimit || n < summaryLimit/2 {
		t.Errorf("the summary has %d bytes", n)
	}
	if !strings.Contains(run.Summary, "that do not fit here") {
		t.Error("the summary does not say that something is missing")
	}
}

func render(t *testing.T, f *Format, in *Input, opt Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := f.Write(&b, in, opt); err != nil {
		t.Fatalf("%s: %v", f.Name, err)
	}
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (go test ./app/report -update writes it again):\n%s", path, diff)
	}
}

func FuzzEscape(f *testing.F) {
	for _, piece := range hostilePieces {
		f.Add(piece)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name, out := range map[string]string{"prose": prose(s), "code": code(s), "cell": cell(s), "visible": visible(s, "\n")} {
			if i := strings.IndexFunc(out, func(r rune) bool { return r != '\n' && hidden(r, "") }); i >= 0 {
				t.Fatalf("%s(%q) lets a hidden character through: %q", name, s, out)
			}
		}
		if outside := withoutCode(prose(s)); strings.Contains(strings.NewReplacer("<!-- -->", "", "<span>$</span>", "").Replace(outside), "<") {
			t.Fatalf("prose(%q) = %q holds a tag", s, prose(s))
		}
	})
}
