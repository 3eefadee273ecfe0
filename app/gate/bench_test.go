package gate_test

import (
	"fmt"
	"runtime"
	"slices"
	"testing"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/checks"
)

// bigFacts is a change of 3,000 files under 50 guards with three approvals, one of them for an older head.
func bigFacts() (*gate.Policy, *gate.Facts) {
	p := &gate.Policy{Mode: gate.Enforce, Default: &gate.Need{Approvals: 1}}
	for i := range 50 {
		paths := []string{fmt.Sprintf("src/pkg%02d/**", i), "!**/testdata/**"}
		switch i % 5 {
		case 1:
			paths = []string{fmt.Sprintf("**/mod%02d/*.go", i), fmt.Sprintf("**/*.x%d", i)}
		case 2:
			paths = []string{fmt.Sprintf("src/pkg%02d/{api,internal}/**", i)}
		}
		p.Guards = append(p.Guards, gate.Guard{Name: fmt.Sprint("guard ", i), Origin: "repository", Paths: paths, Need: gate.Need{Approvals: 1, From: []gate.Approver{{Team: "acme/core"}, {Role: gate.RoleMaintain}}}})
	}
	f := &gate.Facts{State: "open", Head: "head", Base: "base", MergeBase: "base", BaseRef: "main", Default: "main", Author: cast["alice"], Scan: gate.ScanFacts{Done: true},
		Commits: []gate.Commit{{SHA: "1234567", Author: &gate.Person{ID: 1, Login: "alice", Type: "User"}, Committer: &gate.Person{ID: 1, Login: "alice", Type: "User"}, Message: "x"}},
		People:  gate.People{Roles: map[int64]gate.Role{2: gate.RoleWrite, 3: gate.RoleWrite, 7: gate.RoleMaintain}, Teams: map[string]gate.Team{"acme/core": {ID: 1, Members: []gate.Person{cast["bob"], cast["carol"]}}}}}
	for i := range 3000 {
		f.Files = append(f.Files, gate.FileChange{Path: fmt.Sprintf("src/pkg%02d/mod%02d/file%04d.go", i%60, i%7, i), OldMode: checks.ModeFile, Mode: checks.ModeFile, OldBlob: "b", Blob: fmt.Sprint(i)})
	}
	slices.SortFunc(f.Files, func(a, b gate.FileChange) int {
		if a.Path < b.Path {
			return -1
		}
		return 1
	})
	for i, login := range []string{"bob", "carol", "mona"} {
		id := int64(i + 1)
		f.Reviews = append(f.Reviews, gate.Review{ID: id, Reviewer: cast[login], State: "APPROVED"})
		head := "head"
		if i == 1 {
			head = "old"
		}
		e := gate.Capture(id, cast[login], head, "head", "main", "base")
		e.MergeBase = "base"
		f.Ledger = append(f.Ledger, gate.Complete(e, f.Files))
	}
	return p, f
}

// BenchmarkDecide decides a large pull request in a process with the heap of a small server: in that of a test alone, of four megabytes, the collector
// runs at every thirteenth decision and takes a quarter of the time.
func BenchmarkDecide(b *testing.B) {
	heap := make([]byte, 32<<20)
	defer runtime.KeepAlive(heap)
	p, f := bigFacts()
	if d := gate.Decide(p, f); d.State != gate.Pass || len(d.Guards) < 30 {
		b.Fatalf("%s: %s (%d guards) %s", d.State, d.Title, len(d.Guards), dump(d.Next))
	}
	b.ReportAllocs()
	for b.Loop() {
		gate.Decide(p, f)
	}
}

func BenchmarkDecideSmall(b *testing.B) {
	p := load(nil, []byte("version: 1\nguard: [{paths: [\"src/**\"], approvals: 1}]\n"), false)
	_, f := bigFacts()
	f.Files = f.Files[:10]
	for i := range f.Ledger {
		f.Ledger[i].Complete = false
		f.Ledger[i] = gate.Complete(f.Ledger[i], f.Files)
	}
	b.ReportAllocs()
	for b.Loop() {
		gate.Decide(p, f)
	}
}
