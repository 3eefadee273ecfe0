package report

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/checks"
)

func way(lines ...int) []checks.Related {
	var out []checks.Related
	for _, l := range lines {
		out = append(out, checks.Related{Location: checks.Location{Path: "a.py", StartLine: l, StartColumn: 1, EndLine: l, EndColumn: 2}, Message: "passes here"})
	}
	return out
}

// The way of data is one line in the text, and a code flow in SARIF.
func TestFlow(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		way  []checks.Related
		want string
	}{
		{nil, ""},
		{way(1, 1, 2), "a.py:1:1 → a.py:2:1"},
		{way(1, 2, 3, 4, 5), "a.py:1:1 → a.py:2:1 → a.py:3:1 → a.py:4:1 → a.py:5:1"},
		{way(1, 2, 3, 4, 5, 6, 7, 8), "a.py:1:1 → … → a.py:6:1 → a.py:7:1 → a.py:8:1"},
	} {
		if got := flow(test.way); got != test.want {
			t.Errorf("flow of %d places: %q, want %q", len(test.way), got, test.want)
		}
	}
	data, err := json.Marshal(sarifResult(&checks.Finding{RuleID: "r", Message: "m", Severity: checks.High, Confidence: checks.Likely, Flow: way(1, 7)}, nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"codeFlows":[{`, `"threadFlows":[{`, `"startLine":7`} {
		if !strings.Contains(string(data), want) {
			t.Errorf("no %s in %s", want, data)
		}
	}
}
