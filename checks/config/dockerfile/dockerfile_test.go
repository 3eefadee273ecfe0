package dockerfile

import (
	"testing"

	"github.com/reviewgate-app/reviewgate/checks/checktest"
)

func TestScenarios(t *testing.T) {
	t.Parallel()
	checktest.Run(t, Check)
}

// FuzzJudge feeds any file: no panic, and lines that exist.
func FuzzJudge(f *testing.F) {
	f.Add("FROM a AS b\nRUN <<EOF\ncurl https://example.com | sh\nEOF\n")
	f.Add("ENV A=b \\\n# c\n\n B_TOKEN=123456\nADD")
	f.Fuzz(func(t *testing.T, text string) {
		for _, p := range judge(text) {
			if p.line < 1 || p.line > len(text)+1 || p.message == "" {
				t.Fatalf("impossible problem %+v", p)
			}
		}
	})
}
