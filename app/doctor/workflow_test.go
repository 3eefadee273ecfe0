package doctor

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzParseWorkflow: workflow files are written by anybody who can push. None may upset doctor.
func FuzzParseWorkflow(f *testing.F) {
	cases, err := filepath.Glob("testdata/cases/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range cases {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	f.Add("on: [push, pull_request]\npermissions: write-all\njobs: {a: {permissions: {checks: write}, steps: [{uses: x/reviewgate@v1, with: {rules: r}}]}}\n")
	f.Add("on: {pull_request_target: }\njobs: {a: {steps: [{uses: actions/checkout@v4, with: {ref: '${{ github.head_ref }}'}}, {run: reviewgate scan}]}}\n")
	f.Add("a: &a [*a]\n")
	f.Fuzz(func(t *testing.T, text string) {
		w, err := parseWorkflow("w.yml", text)
		if (w == nil) == (err == nil) {
			t.Fatalf("a workflow and an error, or neither: %v, %v", w, err)
		}
	})
}

func TestParseWorkflow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text  string
		gates int
		head  bool
		mints bool
	}{
		"action":            {"on: pull_request\njobs: {a: {steps: [{uses: reviewgate-app/reviewgate@v1}]}}", 1, false, false},
		"a fork of it":      {"on: pull_request\njobs: {a: {steps: [{uses: Acme/Reviewgate@0123}]}}", 1, false, false},
		"command":           {"on: push\njobs: {a: {steps: [{run: \"set -e\\n./bin/reviewgate scan --all\"}]}}", 1, false, false},
		"words":             {"on: push\njobs: {a: {steps: [{run: echo the reviewgate scans}]}}", 0, false, false},
		"another action":    {"on: push\njobs: {a: {steps: [{uses: acme/notreviewgate@v1}]}}", 0, false, false},
		"head by sha":       {"on: push\njobs: {a: {steps: [{uses: actions/checkout@v4, with: {ref: '${{ github.event.pull_request.head.sha }}'}}, {run: reviewgate action}]}}", 1, true, false},
		"head by number":    {"on: push\njobs: {a: {steps: [{uses: actions/checkout@v4, with: {ref: 'refs/pull/${{ github.event.number }}/merge'}}, {run: reviewgate action}]}}", 1, true, false},
		"base":              {"on: push\njobs: {a: {steps: [{uses: actions/checkout@v4}, {run: reviewgate action}]}}", 1, false, false},
		"mints":             {"on: push\npermissions: {statuses: write}\njobs: {a: {steps: []}}", 0, false, true},
		"mints in a job":    {"on: push\npermissions: {}\njobs: {a: {permissions: {checks: write}}}", 0, false, true},
		"mints no more":     {"on: push\npermissions: {checks: write}\njobs: {a: {permissions: {contents: read}}}", 0, false, false},
		"reads all":         {"on: push\npermissions: read-all\njobs: {a: {}}", 0, false, false},
		"reusable workflow": {"on: push\njobs: {a: {uses: acme/x/.github/workflows/y.yml@v1}}", 0, false, false},
	} {
		w, err := parseWorkflow("w.yml", c.text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		head := len(w.gates) > 0 && w.gates[0].checkout == "head"
		if len(w.gates) != c.gates || head != c.head || w.mints != c.mints {
			t.Errorf("%s: %d gates, head %v, mints %v; want %+v", name, len(w.gates), head, w.mints, c)
		}
	}
}
