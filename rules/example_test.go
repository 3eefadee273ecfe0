package rules_test

import (
	"fmt"

	"github.com/reviewgate-app/reviewgate/rules"
)

// What cannot run is told with its place and what to do about it; the other rules of the file run.
func ExampleParse() {
	rs, problems := rules.Parse(rules.Source{Name: "team.yaml", Data: []byte(`rules:
  - id: no-eval
    message: do not evaluate code
    severity: WARNING
    languages: [python]
    pattern: eval(...)
  - id: no-exec
    message: do not execute code
    severity: WARNING
    languages: [python]
    patern: exec(...)
`)})
	for _, r := range rs {
		fmt.Println("runs:", r.ID.Value)
	}
	for _, p := range problems {
		fmt.Println(p.RuleID, "line", p.Line)
	}
	// Output:
	// runs: no-eval
	// no-exec line 11
}
