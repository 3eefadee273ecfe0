package claim

import (
	"testing"

	"github.com/reviewgate-app/reviewgate/checks/checktest"
)

func TestScenarios(t *testing.T) {
	t.Parallel()
	checktest.Run(t, Check)
}

func TestClaims(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]bool{
		"- Add tests": true,
		"* added some new unit tests for the parser.":   true,
		"- [x] Add regression tests covering redirects": true,
		"Adds missing test cases of temporary files":    true,
		"- [ ] Add tests":                                false,
		"<!-- Add tests for your change -->":             false,
		"Add test to the list of commands":               false,
		"- Add tests and remove the old handler":         false,
		"Add a button that tests the connection":         false,
		"- Run the tests before the build":               false,
		"- Add the testing page":                         false,
		"Add type annotations to docs test":              false,
		"some words\n- add an end-to-end test for login": true,
	} {
		if got := claims.MatchString(line); got != want {
			t.Errorf("%q: %v, want %v", line, got, want)
		}
	}
}
