package scan

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reviewgate-app/reviewgate/app/sandbox"
)

// TestCosts: parts of a check are not in the check's own line, and what is told twice is added up.
func TestCosts(t *testing.T) {
	t.Parallel()
	p := newProfile(true)
	p.add("", Parsing, 20*time.Millisecond, 0)
	p.add("rules", "no-eval", 5*time.Millisecond, 1)
	p.add("rules", "no-eval", 5*time.Millisecond, 2)
	if got := p.inside("rules"); got != 30*time.Millisecond {
		t.Errorf("inside of rules: %s, want parsing and its rule", got)
	}
	if got := p.inside("ai/stub"); got != 20*time.Millisecond {
		t.Errorf("inside of ai/stub: %s, want parsing", got)
	}
	p.add("ai/stub", "", 10*time.Millisecond, 0)
	want := []Cost{
		{Part: Parsing, Took: 20 * time.Millisecond, Share: 50, Files: 1},
		{Check: "ai/stub", Took: 10 * time.Millisecond, Share: 25, Files: 1},
		{Check: "rules", Part: "no-eval", Took: 10 * time.Millisecond, Share: 25, Files: 2, Matches: 3},
	}
	if diff := cmp.Diff(want, p.list()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if got := newProfile(false).list(); got != nil {
		t.Errorf("nobody asked, and got %v", got)
	}
}

// TestProfile: costs are in the result where they were asked for, and nowhere else, since results are compared and stored.
func TestProfile(t *testing.T) {
	t.Parallel()
	for _, wanted := range []bool{true, false} {
		in := change(t, "-- head/a.txt --\n@high\n")
		in.Profile = wanted
		r, err := Run(t.Context(), in, fakes, Options{Sandbox: sandbox.Off})
		if err != nil {
			t.Fatal(err)
		}
		if (len(r.Costs) > 0) != wanted {
			t.Errorf("wanted %v: %v", wanted, r.Costs)
		}
	}
}
