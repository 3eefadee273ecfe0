package ruletest_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/reviewgate-app/reviewgate/rules/ruletest"
)

// A rule is tested by a file beside it that says what has to be found, and what not.
func Example() {
	dir, err := os.MkdirTemp("", "rules")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	for name, text := range map[string]string{
		"no-eval.yaml": `rules:
  - id: no-eval
    message: do not evaluate code
    severity: WARNING
    languages: [python]
    pattern: eval(...)
`,
		"no-eval.py": `# ruleid: no-eval
eval(text)
# ok: no-eval
literal_eval(text)
`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			fmt.Println(err)
			return
		}
	}
	report, err := ruletest.Run(context.Background(), []string{dir})
	if err != nil {
		fmt.Println(err) // a path that is not there
		return
	}
	for _, r := range report.Rules {
		fmt.Println(r.ID, r.Status)
	}
	// Output: no-eval passed
}
