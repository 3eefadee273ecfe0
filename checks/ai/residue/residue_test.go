package residue

import (
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/checktest"
)

func TestScenarios(t *testing.T) {
	t.Parallel()
	checktest.Run(t, Check)
}

// TestComments: a want of a scenario is a comment itself and would change these, so they stand in a table.
func TestComments(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"... rest of the function":                              true,
		"... rest of the code remains unchanged ...":            true,
		"... existing code ...":                                 true,
		"...existing imports":                                   true,
		"(rest of the file unchanged)":                          true,
		"rest of the implementation here":                       true,
		"The rest of the component stays the same":              true,
		"... other methods ...":                                 true,
		"existing code...":                                      true,
		"Other handlers remain unchanged":                       true,
		"the rest of the request body":                          false,
		"Read the rest of the file":                             false,
		"rest of the arguments":                                 false,
		"... and so on":                                         false,
		"existing code depends on this, so keep it":             false,
		"Skip the rest of the code if the cache is warm.":       false,
		"all other methods are forwarded to the inner handler":  false,
		"The remaining fields are filled in by the constructor": false,
		"...":                         false,
		"... existing users are kept": false,
		"other tests are in suite.ts": false,
	} {
		if got := leftOut.MatchString(text); got != want {
			t.Errorf("%q: left out is %v, want %v", text, got, want)
		}
	}
	for text, want := range map[string]bool{
		"Your code here": true, "add your implementation here": true, "actual logic goes here...": true, "implementation goes here": true,
		"the code here is slow": false, "we get here more than once": false, "your code is run here by the worker": false,
	} {
		if got := putHere.MatchString(text); got != want {
			t.Errorf("%q: asks for code is %v, want %v", text, got, want)
		}
	}
	for text, want := range map[string]bool{
		"Sure! Here's the fix": true, "As an AI language model I cannot": true, "Here is the updated code:": true, "I've refactored the function to use maps": true, "Let me know if you need anything": true,
		"Sure, but slower": false, "Here is the trick": false, "I have seen this fail": false, "Here is the full list of codes": false, "Of course this can fail.": false,
	} {
		if got := spoken.MatchString(text); got != want {
			t.Errorf("%q: spoken is %v, want %v", text, got, want)
		}
	}
}

// TestFence: a line that is nothing but a fence has no room for a want.
func TestFence(t *testing.T) {
	t.Parallel()
	change, _, err := checktest.Change(txtar.Parse([]byte("-- head/a.py --\n```python\ndef f():\n    return 1\n```\n")))
	if err != nil {
		t.Fatal(err)
	}
	var lines []int
	err = Check.Run(t.Context(), &checks.Pass{
		Change: change, Unscanned: func(checks.Unscanned) {},
		Report: func(f checks.Finding) { lines = append(lines, f.Location.StartLine) },
	})
	if err != nil || len(lines) == 0 || lines[0] != 1 {
		t.Fatalf("fences on lines %v (%v), want line 1 among them", lines, err)
	}
}
