package storetest

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/quality"
	"github.com/reviewgate-app/reviewgate/checks"
)

// OutcomesFrom is when the made-up outcomes begin: two years before 2026-11-02.
var OutcomesFrom = time.Date(2024, 11, 4, 0, 0, 0, 0, time.UTC)

// OutcomeRepos is how many repositories the made-up outcomes are of: numbers from 1 on, "acme/repo-01" and so on.
const OutcomeRepos = 50

// Outcomes makes up n changes over two years, the oldest first, and hands each on: always the same ones for a number. Half of the changes bear an agent's mark;
// the rules change once, in the middle; in the last quarter the agent Codex leaves twice as many findings as before.
func Outcomes(n int, yield func(*quality.Outcome) error) error {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	span := 2 * 365 * 24 * time.Hour
	rules := []struct {
		id    string
		group quality.Group
	}{{"sql-from-strings", quality.Security}, {"go-old-tls", quality.Security}, {"test-weakened", quality.Tests}, {"test-deleted", quality.Tests}, {"docker-image-unversioned", quality.Supply},
		{"error-swallowed", quality.Correctness}, {"stub-reachable", quality.Correctness}, {"function-duplicated", quality.Correctness}}
	for i := range n {
		at := OutcomesFrom.Add(span / time.Duration(n) * time.Duration(i))
		repo := 1 + r.IntN(OutcomeRepos)
		o := &quality.Outcome{RepoID: int64(repo), Repo: fmt.Sprintf("acme/repo-%02d", repo), Change: fmt.Sprintf("#%d", i+1), Source: quality.Gate, Author: quality.Unmarked, State: quality.Merged,
			Files: 1 + r.IntN(9), Lines: 1 + int(r.ExpFloat64()*90), Languages: []string{[]string{"go", "typescript", "python", "java"}[repo%4]}, Base: "main", Head: fmt.Sprintf("%040x", i+1), Merge: fmt.Sprintf("%040x", i+1<<32),
			Opened: at, Ready: at, Judged: quality.JudgedBy{Tool: "1.0.0", Rules: "r1", Policy: "p1"}}
		if i > n/2 {
			o.Judged = quality.JudgedBy{Tool: "1.1.0", Rules: "r2", Policy: "p1"}
		}
		risk := 0.2
		if r.IntN(2) == 0 {
			o.Author, o.Agent = quality.Agent, pick("Claude Code", "Claude Code", "Codex", "Copilot")
			o.Model = map[string]string{"Claude Code": "name-4", "Codex": "name-5", "Copilot": ""}[o.Agent]
			if o.Agent == "Codex" && i > n*3/4 {
				risk *= 2
			}
		}
		for r.Float64() < risk && len(o.Findings) < 10 {
			rule := rules[r.IntN(len(rules))]
			f := quality.Finding{Rule: rule.id, Group: rule.group, Severity: checks.Severity(2 + r.IntN(3)), Fingerprint: checks.Fingerprint(fmt.Sprintf("%016x", r.Uint64())), Path: "src/a.go", Line: 1 + r.IntN(300), First: true, Told: r.IntN(3) > 0}
			f.Fate = []quality.Fate{quality.Fixed, quality.Fixed, quality.Fixed, quality.Ignored, quality.Ignored, quality.False, quality.Waived}[r.IntN(7)]
			f.Blocks = f.Told && f.Severity >= checks.High
			o.Blocked = o.Blocked || f.Blocks
			o.Findings = append(o.Findings, f)
		}
		if o.Blocked {
			o.Pushes = 1 + r.IntN(3)
		}
		first, green := !o.Blocked, o.Pushes
		o.FirstPass, o.ToGreen = &first, &green
		o.Path = []quality.Step{{State: gate.Pending, At: at, Head: o.Head}}
		end := at.Add(time.Duration(r.ExpFloat64() * float64(20*time.Hour)))
		if o.Path = append(o.Path, quality.Step{State: gate.Pass, At: end, Head: o.Head}); r.IntN(12) == 0 {
			o.State, o.Closed, o.Merge = quality.Closed, end, ""
		} else {
			o.Approved, o.Merged, o.Followed = end, end, end.AddDate(0, 0, quality.FollowDays)
			if r.IntN(40) == 0 {
				o.After = append(o.After, quality.After{Kind: quality.Reverted, SHA: fmt.Sprintf("%040x", i+1<<33), At: end.AddDate(0, 0, r.IntN(29)), Subject: "Revert", Because: "its message says: This reverts commit " + o.Merge[:7]})
			}
			if r.IntN(10) == 0 {
				o.After = append(o.After, quality.After{Kind: quality.Fix, SHA: fmt.Sprintf("%040x", i+1<<34), At: end.AddDate(0, 0, r.IntN(29)), Subject: "fix: total", Lines: 2, Places: []quality.Place{{Path: "src/a.go", From: 3, To: 4}}})
			}
		}
		o.Cost.Compute = 0.5 + r.Float64()
		if o.Agent != "" && r.IntN(5) == 0 {
			o.Cost.Tokens = 1000 * int64(1+r.IntN(500))
		}
		if err := yield(o); err != nil {
			return err
		}
	}
	return nil
}
