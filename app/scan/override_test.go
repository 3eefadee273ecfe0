package scan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reviewgate-app/reviewgate/app/sandbox"
	"github.com/reviewgate-app/reviewgate/checks"
)

// A policy's words replace those of a rule: in what is found, in what blocks, and in how the rule is described.
func TestOverrides(t *testing.T) {
	t.Parallel()
	files := map[string]string{"docs/a.txt": "@low\n", "src/a.txt": "@low\n@high\n@unsure\n", "src/gen/a.txt": "@low\n@medium\n"}
	for name, test := range map[string]struct {
		overrides map[string]checks.Override
		want      []string
	}{
		"none": {nil, []string{"src/a.txt:2 high high blocks", "src/a.txt:3 high medium", "src/gen/a.txt:2 medium high", "docs/a.txt:1 low high", "src/a.txt:1 low high", "src/gen/a.txt:1 low high"}},
		"severity, confidence, message": {map[string]checks.Override{"low": {Severity: checks.Critical, Message: "other words"}, "high": {Severity: checks.Info}, "unsure": {Confidence: checks.Certain}},
			[]string{"docs/a.txt:1 critical high blocks other words", "src/a.txt:1 critical high blocks other words", "src/gen/a.txt:1 critical high blocks other words",
				"src/a.txt:3 high high blocks", "src/gen/a.txt:2 medium high", "src/a.txt:2 info high"}},
		"what only raises": {map[string]checks.Override{"high": {LeastSeverity: checks.Low}, "low": {LeastSeverity: checks.Medium}, "medium": {Severity: checks.Low, LeastSeverity: checks.High}, "unsure": {LeastConfidence: checks.Likely}},
			[]string{"src/a.txt:2 high high blocks", "src/a.txt:3 high medium", "src/gen/a.txt:2 high high blocks", "docs/a.txt:1 medium high", "src/a.txt:1 medium high", "src/gen/a.txt:1 medium high"}},
		"paths": {map[string]checks.Override{"low": {Include: []string{"src"}, Exclude: []string{"/src/gen"}}, "high": {Exclude: []string{"*.txt"}}, "unsure": {Include: []string{"/a.txt"}}},
			[]string{"src/gen/a.txt:2 medium high", "src/a.txt:1 low high"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := &Input{Config: Config{Overrides: test.overrides}}
			for _, path := range []string{"docs/a.txt", "src/a.txt", "src/gen/a.txt"} {
				in.Files = append(in.Files, &checks.File{Path: path, Status: checks.Added})
				in.Contents = append(in.Contents, Content{checks.Head, path, []byte(files[path])})
			}
			for _, mode := range []sandbox.Mode{sandbox.Off, sandbox.Auto} { // they cross to the worker too
				result, err := Run(t.Context(), in, fakes, Options{Sandbox: mode})
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, f := range result.Findings {
					line := fmt.Sprintf("%s:%d %s %s", f.Location.Path, f.Location.StartLine, f.Severity, f.Confidence)
					if f.Blocking {
						line += " blocks"
					}
					if strings.Contains(f.Message, "other") {
						line += " " + f.Message
					}
					got = append(got, line)
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("%s: -want +got\n%s", mode, diff)
				}
				for _, r := range result.Rules {
					if o := test.overrides[r.ID]; o.Severity != 0 && o.LeastSeverity == 0 && r.Severity != o.Severity {
						t.Errorf("%s is described as %s, want %s", r.ID, r.Severity, o.Severity)
					}
				}
			}
		})
	}
}

// A rule on trial is found and marked, and asks for nobody.
func TestShadow(t *testing.T) {
	t.Parallel()
	in := &Input{
		Files:    []*checks.File{{Path: "a.txt", Status: checks.Added}},
		Contents: []Content{{checks.Head, "a.txt", []byte("@shadow\n@high\n")}},
	}
	result, err := Run(t.Context(), in, fakes, Options{Sandbox: sandbox.Off})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range result.Findings {
		got = append(got, fmt.Sprintf("%s shadow %v blocks %v comment %v", f.RuleID, f.Shadow, f.Blocking, f.Comment))
	}
	want := []string{"shadow shadow true blocks false comment false", "high shadow false blocks true comment true"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	info := rollouts([]checks.RuleInfo{{ID: "a", NeedsHuman: true}}, &Config{Rollouts: map[string]checks.Rollout{"a": checks.RolloutShadow}})["a"]
	if info.NeedsHuman {
		t.Error("a rule on trial asks for a human")
	}
}
