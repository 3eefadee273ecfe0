package review

import (
	"slices"
	"testing"

	"github.com/reviewgate-app/reviewgate/app/gate"
)

// FuzzCommandLines: what is kept of a comment never says more than the comment.
func FuzzCommandLines(f *testing.F) {
	for _, s := range []string{
		"/reviewgate waive a because I say so", "x\n/reviewgate recheck\n> quoted\n/reviewgate explain\n\n/reviewgate explain", "```\n/reviewgate recheck\n```\n/reviewgate explain `a\n/reviewgate recheck`",
		"<!--\n/reviewgate recheck\n-->\n/reviewgate explain <!--\n/reviewgate recheck", "<details>\n/reviewgate explain\n</details>\r\n/reviewgate recheck <pre>\n\n/reviewgate explain", "/reviewgate waive \"a b\" x\u2028y",
		"/reviewgate a\rb\n/reviewgate \x00", "~~~\n/reviewgate x",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		all := gate.Commands(body)
		for i := range all {
			all[i].Line = 0
		}
		kept := commandLines(body)
		if len(kept) > maxLines+2*len(all) {
			t.Errorf("%d bytes are kept", len(kept))
		}
		for _, c := range gate.Commands(kept) {
			if c.Line = 0; !slices.Contains(all, c) {
				t.Errorf("%q\nsays %+v, which\n%q\ndoes not", kept, c, body)
			}
		}
	})
}
