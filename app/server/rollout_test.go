package server_test

import (
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
)

// How far a rule goes, and what the policy says in its place, on the way through the server: read from the default branch, kept with the decision, and told.
func TestRollouts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	say := func(checks string) {
		w.commit(map[string]string{".github/reviewgate.yml": policy + "checks: " + checks + "\n"})
	}
	say("{rollout: {flaw: shadow}}")
	p := w.open("topic", map[string]string{"src/a.go": "package a // FLAW\n"})
	w.expect(p, "success")
	if run := w.run(p, "reviewgate"); strings.Contains(strings.ToLower(run.Title+run.Summary), "flaw") || run.Annotations > 0 {
		t.Errorf("a rule on trial is told: %s\n%s", run.Title, run.Summary)
	}
	say("{override: {flaw: {paths: {exclude: [src]}}}}")
	w.idle()
	w.expect(p, "success")
	say("{override: {flaw: {message: \"Ask the shop first\", paths: {include: [src]}}}}")
	w.expect(p, "failure", "Blocked by 1 finding", "Ask the shop first")
	// What the change brings along does not apply to it.
	w.push("topic", map[string]string{".github/reviewgate.yml": policy + "checks: {rollout: {flaw: \"off\"}}\n"})
	w.expect(p, "failure", "finding")
}

// A repository cannot turn down what its organisation asks for.
func TestRolloutsUnderAFloor(t *testing.T) {
	t.Parallel()
	w := newEmptyWorld(t)
	dot, err := w.hub.NewRepo(w.org, ".github", githubtest.RepoOptions{Private: true})
	must(t, err)
	dot.SetRole(w.alice, "write")
	floor := func(checks string) {
		t.Helper()
		_, err := dot.Commit(githubtest.Commit{Author: w.alice, Branch: "main", Files: map[string]string{"reviewgate-floor.yml": "version: 1\nchecks: " + checks + "\n"}})
		must(t, err)
	}
	// The organisation has a rule on trial in all of its repositories, and a repository may be stricter.
	floor("{rollout: {flaw: shadow}}")
	w.start()
	w.inst = w.app.Install(w.org, w.alice, w.repo, dot)
	p := w.open("topic", map[string]string{"a.go": "package a // FLAW\n"})
	w.expect(p, "success")
	w.commit(map[string]string{".github/reviewgate.yml": "version: 1\nchecks: {rollout: {flaw: block}, override: {flaw: {severity: critical}}}\n"})
	w.expect(p, "failure", "Blocked by 1 finding")
	// What it asks for, the repository cannot take back.
	floor("{rollout: {flaw: block}}")
	w.commit(map[string]string{".github/reviewgate.yml": "version: 1\nchecks: {rollout: {flaw: \"off\"}, override: {flaw: {severity: info, confidence: low, message: never mind, paths: {exclude: [\"**\"]}}}}\n"})
	w.idle()
	w.expect(p, "failure", "Blocked by 1 finding")
	if strings.Contains(w.run(p, "reviewgate").Summary, "never mind") {
		t.Error("the repository speaks for the organisation's rule")
	}
}
