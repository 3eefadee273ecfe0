package gate

import (
	"slices"
	"testing"
)

func TestModels(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		body, message string
		want          []string
	}{
		{"", "fix: x\n\nCo-Authored-By: Claude Opus 4.5 <noreply@anthropic.com>", []string{"Claude Opus 4.5"}},
		{"", "fix: x\n\nCo-Authored-By: Claude <noreply@anthropic.com>", nil},
		{"", "fix: x\n\nCo-Authored-By: R2 D2 <r2@example.com>", nil}, // a person
		{"Assisted-by: Codex (gpt-5.2)", "", []string{"gpt-5.2"}},
		{"Assisted-by: Tool:name-4 <noreply@example.com>", "", []string{"name-4"}},
		{"Assisted-by: Tool", "Model: name-4\nModel: name-4", []string{"name-4"}},
		{"Model: https://example.com/4", "", nil},
		{"Model: one-1\nModel: two-2", "", []string{"one-1", "two-2"}},
	} {
		if got := Models(&Facts{Body: c.body, Commits: []Commit{{Message: c.message}}}); !slices.Equal(got, c.want) {
			t.Errorf("%q, %q: %q, want %q", c.body, c.message, got, c.want)
		}
	}
}
