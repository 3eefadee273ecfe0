package sandbox

import (
	"os"
	"strings"
	"testing"
)

// What was unmapped comes back by itself: the test goes on running in it.
func TestDropStartPages(t *testing.T) {
	before := mappedPages(t)
	dropped := dropStartPages()
	if dropped < 1<<20 {
		t.Fatalf("%d bytes of the program were unmapped", dropped)
	}
	if after := mappedPages(t); before == "" || after == "" {
		t.Fatalf("RssFile was %q and is %q", before, after)
	}
}

func mappedPages(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(string(data), "\n") {
		if rest, ok := strings.CutPrefix(line, "RssFile:"); ok {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}
