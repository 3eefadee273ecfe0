package hiddenunicode

import (
	"testing"

	"github.com/reviewgate-app/reviewgate/checks/checktest"
)

func TestScenarios(t *testing.T) {
	t.Parallel()
	checktest.Run(t, Check)
}

// FuzzStretches feeds any bytes: no panic, and nothing is said about plain ASCII.
func FuzzStretches(f *testing.F) {
	f.Add([]byte("a\u202eb\u202c"))
	f.Add([]byte("\xef\xbb\xbfx\ufeff"))
	f.Add([]byte("\U0001f3f4\U000e0067\U000e007f"))
	f.Add([]byte("\xff\xfe\u200d"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, s := range stretches(raw, false) {
			if s.column < 1 || s.span < 1 || len(s.runes) == 0 {
				t.Fatalf("%q: impossible stretch %+v", raw, s)
			}
			if isASCII(raw) {
				t.Fatalf("%q: plain ASCII holds nothing hidden", raw)
			}
		}
	})
}
