package report

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/checks"
)

const (
	headSHA  = "1111111111111111111111111111111111111111"
	baseSHA  = "2222222222222222222222222222222222222222"
	mergeSHA = "3333333333333333333333333333333333333333"
	blobA    = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	blobB    = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

func attested() *Attested {
	made := time.Date(2026, 11, 2, 9, 30, 0, 123456789, time.UTC)
	alice, bob := gate.Person{ID: 1, Login: "alice", Type: "User"}, gate.Person{ID: 2, Login: "bob", Type: "User"}
	files := []gate.FileChange{{Path: "src/login.go", OldMode: 0o100644, OldBlob: blobA, Mode: 0o100644, Blob: blobB}, {Path: "new.txt", OldPath: "old.txt", OldMode: 0o100644, OldBlob: blobA, Mode: 0o100755, Blob: blobA}}
	entry := gate.Complete(gate.LedgerEntry{ReviewID: 7, Reviewer: 2, Head: headSHA, BaseRef: "main", Base: baseSHA, MergeBase: baseSHA}, files)
	return &Attested{
		Tool: Tool{Name: "reviewgate", Version: "1.2.3"}, Verifier: "https://gate.example.com", RepoURL: "https://github.com/acme/shop", RepoID: 70, Made: made,
		ScanKey: strings.Repeat("e", 64), PolicyDigest: strings.Repeat("c", 64), RulesDigest: strings.Repeat("d", 64), RuleFiles: 2,
		Approved: map[int64]time.Time{7: made.Add(-time.Minute)},
		Decision: &gate.Decision{
			State: gate.Pass, Title: "Passed", Sources: []string{".github/reviewgate.yml@" + baseSHA},
			Guards: []gate.GuardAnswer{
				{Name: "login", Origin: "repository", Files: []string{"src/login.go"}, Needed: 1, Approved: []string{"bob"}, Holds: true, Because: "1 of 1 approvals"},
				{Name: "docs", Origin: "repository", Files: []string{"new.txt"}, Needed: 1, Holds: true, Because: "exempt: only *.txt, by people with write access"},
			},
			Reviews: []gate.ReviewAnswer{{ReviewID: 7, Reviewer: bob, State: "APPROVED", Counts: true}},
			Waivers: []gate.WaiverAnswer{{CommentID: 9, By: bob, Rule: "sql", Reason: "a test of the parser", Until: made.Add(time.Hour), Counts: true}},
			Agents:  []gate.AgentMark{{Agent: "claude", Evidence: "trailer of commit 1111111"}},
		},
		Facts: &gate.Facts{Repo: "acme/shop", Number: 12, State: "open", Head: headSHA, BaseRef: "main", Base: baseSHA, MergeBase: baseSHA, Author: alice, Commits: []gate.Commit{{SHA: headSHA}}, Files: files,
			Ledger: []gate.LedgerEntry{entry},
			Scan: gate.ScanFacts{Done: true, Findings: []checks.Finding{
				{RuleID: "sql", Severity: checks.High, Fingerprint: "f1", Introduced: true, Location: checks.Location{Path: "src/login.go"}},
				{RuleID: "old", Severity: checks.High, Fingerprint: "f2"},
			}}},
	}
}

// TestRecord: what is rendered has the form that the schema promises, and the schema in the documentation is the one of the types.
func TestRecord(t *testing.T) {
	t.Parallel()
	schema, err := RecordSchema()
	if err != nil {
		t.Fatal(err)
	}
	const file = "../../docs/record.schema.json"
	if *update {
		if err := os.WriteFile(file, append(schema, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	documented, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(documented), string(schema)+"\n"); diff != "" {
		t.Errorf("docs/record.schema.json is stale; run this test with -update: %s", diff)
	}
	c := jsonschema.NewCompiler()
	parsed, err := jsonschema.UnmarshalJSON(strings.NewReader(string(schema)))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.AddResource("record.json", parsed); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("record.json")
	if err != nil {
		t.Fatal(err)
	}
	merged := attested()
	merged.Merge = &RecordMerged{Commit: mergeSHA, By: "alice"}
	for name, in := range map[string]*Attested{"decision": attested(), "merge": merged, "nothing is known": {Decision: &gate.Decision{State: gate.Error}, Facts: &gate.Facts{Head: headSHA}}} {
		s := RenderRecord(in)
		data, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(string(data)))
		if err != nil {
			t.Fatal(err)
		}
		if err := compiled.Validate(v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	p := RenderRecord(merged).Predicate
	if p.Result != RecordPassed || p.Kind != RecordMerge || p.Findings.Introduced != 1 || len(p.Exemptions) != 1 || p.Policy.URI != "git+https://github.com/acme/shop@"+baseSHA+"#.github/reviewgate.yml" {
		t.Errorf("the record of the merge: %+v", p)
	}
	r := p.Reviews[0]
	if r.At == nil || r.Seen == nil || r.Seen.Files.Count != 3 || r.Seen.Files.Digest == nil || *r.Seen.Files.Digest != *p.Change.Files.Digest {
		t.Errorf("what the reviewer saw: %+v", r)
	}
	if diff := cmp.Diff([]RecordPath{{"new.txt", blobA}, {"src/login.go", blobB}}, r.Seen.Files.Paths); diff != "" {
		t.Errorf("the guarded files: %s", diff)
	}
}

// TestRecordSays: a record says something new only when the decision is another one, not when time goes by or the base branch moves.
func TestRecordSays(t *testing.T) {
	t.Parallel()
	says := func(change func(*Attested)) string {
		in := attested()
		change(in)
		p := RenderRecord(in).Predicate
		text, err := p.Says()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	same := says(func(*Attested) {})
	for name, c := range map[string]struct {
		change func(*Attested)
		new    bool
	}{
		"later":           {func(a *Attested) { a.Made = a.Made.Add(time.Hour) }, false},
		"the base moved":  {func(a *Attested) { a.Facts.Base = mergeSHA }, false},
		"another version": {func(a *Attested) { a.Tool.Version = "2" }, false},
		"the state":       {func(a *Attested) { a.Decision.State = gate.Pending }, true},
		"the head":        {func(a *Attested) { a.Facts.Head = mergeSHA }, true},
		"a review":        {func(a *Attested) { a.Decision.Reviews[0].Counts = false }, true},
		"the policy":      {func(a *Attested) { a.PolicyDigest = strings.Repeat("0", 64) }, true},
		"a finding":       {func(a *Attested) { a.Facts.Scan.Findings[1].Introduced = true }, true},
	} {
		if got := says(c.change) != same; got != c.new {
			t.Errorf("%s: says something new: %t, want %t", name, got, c.new)
		}
	}
}

// TestRecordOddPaths: the digest of a table with names that JSON cannot hold is left out rather than wrong.
func TestRecordOddPaths(t *testing.T) {
	t.Parallel()
	in := attested()
	in.Facts.Files[0].Path = "src/\xff.go"
	if f := RenderRecord(in).Predicate.Change.Files; f.Digest != nil || f.Count != 3 {
		t.Errorf("files: %+v", f)
	}
}
