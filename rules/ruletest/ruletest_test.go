package ruletest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/reviewgate-app/reviewgate/rules/ruletest"
)

const evalRule = `rules:
  - id: no-eval
    message: m
    severity: ERROR
    languages: [python]
    pattern: eval(...)
`

// folder writes the files of a txtar text into a folder of its own.
func folder(t testing.TB, text string) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(text)).Files {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestRun(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ files, want string }{
		"all lines as marked": {
			"-- no-eval.yaml --\n" + evalRule + "-- no-eval.py --\n# ruleid: no-eval\neval(x)\n# ok: no-eval\nrun(x)\n",
			"no-eval passed [2] [2]",
		},
		"a fixture in testdata, by rule id": {
			"-- many.yml --\n" + evalRule + "-- testdata/no-eval.py --\n# ruleid: no-eval\neval(x)\n",
			"no-eval passed [2] [2]",
		},
		"a .test. fixture": {
			"-- no-eval.yaml --\n" + evalRule + "-- no-eval.test.py --\n# ruleid: no-eval\neval(x)\n",
			"no-eval passed [2] [2]",
		},
		"a miss": {
			"-- no-eval.yaml --\n" + evalRule + "-- no-eval.py --\n# ruleid: no-eval\nrun(x)\n",
			"no-eval failed [2] []",
		},
		"noise where ok stands": {
			"-- no-eval.yaml --\n" + evalRule + "-- no-eval.py --\n# ok: no-eval\neval(x)\n",
			"no-eval failed [] [2]",
		},
		"noise where nothing stands": {
			"-- no-eval.yaml --\n" + evalRule + "-- no-eval.py --\n# ruleid: no-eval\neval(x)\n\neval(y)\n",
			"no-eval failed [2] [2 4]",
		},
		"todo lines do not count": {
			"-- no-eval.yaml --\n" + evalRule + "-- no-eval.py --\n# ruleid: no-eval\neval(x)\n# todoruleid: no-eval\nrun(x)\n# todook: no-eval\neval(y)\n",
			"no-eval passed [2] [2]",
		},
		"only todo lines show nothing": {
			"-- no-eval.yaml --\n" + evalRule + "-- no-eval.py --\n# todoruleid: no-eval\nrun(x)\n",
			"no-eval skipped [] []",
		},
		"no fixture": {
			"-- no-eval.yaml --\n" + evalRule,
			"no-eval skipped [] []",
		},
		"a fixture of another name": {
			"-- no-eval.yaml --\n" + evalRule + "-- other.py --\n# ruleid: no-eval\neval(x)\n",
			"no-eval skipped [] []",
		},
		"several ids in one comment, full names, other comment signs": {
			"-- r.yaml --\nrules:\n  - {id: one, message: m, severity: ERROR, languages: [js], pattern: eval(...)}\n  - {id: two, message: m, severity: ERROR, languages: [js], pattern: $F(x)}\n" +
				"-- r.js --\n/* ruleid: one, javascript.lang.two */\neval(x)\n// ruleid:two\n// ok:one\nrun(x)\n",
			"one passed [2] [2]\ntwo passed [2 5] [2 5]",
		},
		"two fixtures, one line number each": {
			"-- no-eval.yaml --\n" + evalRule + "-- no-eval.py --\n# ruleid: no-eval\neval(x)\n-- testdata/no-eval.py --\n\n# ruleid: no-eval\neval(x)\n",
			"no-eval passed [2 3] [2 3]",
		},
		"paths do not count": {
			"-- no-eval.yaml --\n" + evalRule + "    paths: {include: [src], exclude: ['*.py']}\n-- no-eval.py --\n# ruleid: no-eval\neval(x)\n",
			"no-eval passed [2] [2]",
		},
		"a rule that is broken fails": {
			"-- no-eval.yaml --\n" + strings.Replace(evalRule, "pattern:", "patern:", 1) + "-- no-eval.py --\n# ok: no-eval\nrun(x)\n",
			"no-eval failed [] []",
		},
		"a rule that does not run yet is skipped": {
			"-- no-eval.yaml --\n" + strings.Replace(evalRule, "pattern:", "mode: join\n    pattern:", 1) + "-- no-eval.py --\n# ruleid: no-eval\neval(x)\n",
			"no-eval skipped [] []",
		},
		"fixes make the fixed file": {
			"-- no-eval.yaml --\n" + evalRule + "    fix: |\n      safe()\n-- no-eval.py --\n# ruleid: no-eval\neval(x); eval(y)\n-- no-eval.fixed.py --\n# ruleid: no-eval\nsafe(); safe()\n",
			"no-eval passed [2] [2]",
		},
		"fixes make another file": {
			"-- no-eval.yaml --\n" + evalRule + "    fix-regex: {regex: 'ev(a)l', replacement: '\\1', count: 1}\n-- no-eval.py --\n# ruleid: no-eval\neval(x)\n-- no-eval.fixed.py --\n# ruleid: no-eval\nb(x)\n",
			"no-eval failed [2] [2]",
		},
		"one id in two files": {
			"-- a/no-eval.yaml --\n" + evalRule + "-- a/no-eval.py --\n# ruleid: no-eval\neval(x)\n" +
				"-- b/no-eval.yaml --\n" + evalRule + "-- b/no-eval.py --\n# ruleid: no-eval\nrun(x)\n",
			"no-eval passed [2] [2]\nno-eval failed [2] []",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report, err := ruletest.Run(context.Background(), []string{folder(t, test.files)})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range report.Rules {
				got = append(got, fmt.Sprint(r.ID, " ", r.Status, " ", r.Expected, " ", r.Reported))
				if r.Status == ruletest.Skipped && r.Reason == "" {
					t.Errorf("%s was skipped without a reason", r.ID)
				}
			}
			if diff := cmp.Diff(test.want, strings.Join(got, "\n")); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if sum := report.Totals.Passed + report.Totals.Failed + report.Totals.Skipped; sum != len(report.Rules) {
				t.Errorf("totals %+v for %d rules", report.Totals, len(report.Rules))
			}
		})
	}
}

func TestRunErrors(t *testing.T) {
	t.Parallel()
	dir := folder(t, "-- values.yaml --\nreplicas: 3\n")
	if _, err := ruletest.Run(context.Background(), []string{filepath.Join(dir, "values.yaml")}); err == nil {
		t.Error("a named file without rules is no error")
	}
	if _, err := ruletest.Run(context.Background(), []string{filepath.Join(dir, "missing")}); err == nil {
		t.Error("a missing path is no error")
	}
	report, err := ruletest.Run(context.Background(), []string{dir})
	if err != nil || len(report.Rules) != 0 || report.SkippedFiles != 1 {
		t.Errorf("a folder without rules: %+v, %v", report, err)
	}
}

// The JSON has the four keys that scripts rely on, and lists that are never null.
func TestJSON(t *testing.T) {
	t.Parallel()
	dir := folder(t, "-- no-eval.yaml --\n"+evalRule)
	report, err := ruletest.Run(context.Background(), []string{dir})
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.ReplaceAll(string(data), filepath.ToSlash(dir), "DIR")
	want := `{"rules":[{"id":"no-eval","file":"DIR/no-eval.yaml","line":2,"status":"skipped","reason":"no fixture speaks of the rule: add one with ruleid: and ok: comments","expected":[],"reported":[]}],"totals":{"passed":0,"failed":0,"skipped":1}}`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func ExampleRun() {
	report, err := ruletest.Run(context.Background(), []string{"../builtin/go/go-tls-verification-off.yaml"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range report.Rules {
		fmt.Println(r.ID, r.Status, len(r.Reported), "lines reported")
	}
	// Output:
	// go-tls-verification-off passed 5 lines reported
}
