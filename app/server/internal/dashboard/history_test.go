package dashboard

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reviewgate-app/reviewgate/app/gate"
)

func TestChanges(t *testing.T) {
	t.Parallel()
	bob := gate.Person{Login: "bob"}
	was := &Decided{Head: "aaaaaaaaaa", BaseRef: "main", Decision: &gate.Decision{State: gate.Pending, Blocking: []string{"1", "2"}, Unknown: []gate.Unknown{{What: "the team", Reason: "502"}},
		Guards:  []gate.GuardAnswer{{Name: "pay", Because: "needs 1 approval"}, {Name: "old", Holds: true, Because: "1 of 1"}},
		Reviews: []gate.ReviewAnswer{{ReviewID: 1, Reviewer: bob, Because: "saw abc"}, {ReviewID: 3, Reviewer: bob, Counts: true}}}}
	is := &Decided{Head: "bbbbbbbbbb", BaseRef: "next", Decision: &gate.Decision{State: gate.Pass, Blocking: []string{"2", "3", "4"},
		Guards:  []gate.GuardAnswer{{Name: "pay", Holds: true, Because: "1 of 1 approvals"}, {Name: "new", Because: "needs 2 approvals"}},
		Reviews: []gate.ReviewAnswer{{ReviewID: 1, Reviewer: bob, Counts: true}, {ReviewID: 2, Reviewer: bob, State: commented, Because: "a comment decides nothing"}, {ReviewID: 3, Reviewer: bob, Because: "was dismissed"}}}}
	want := []string{
		"waiting for people before, now passes", "another head: bbbbbbb, before aaaaaaa", "another base: next, before main",
		"the guard pay holds now: 1 of 1 approvals", "the guard new applies: needs 2 approvals", "the guard old does not apply any more",
		"bob's review counts now", "bob's review does not count any more: was dismissed", "1 finding that blocked is gone", "2 new findings block", "known again: the team",
	}
	if diff := cmp.Diff(want, changes(was, is)); diff != "" {
		t.Error(diff)
	}
	if got := changes(was, was); len(got) != 1 || got[0] != "other facts, the same result" {
		t.Error(got)
	}
}

// TestSteps: a delivery stands with the first decision that has seen it, a deed with the judgement that it tells.
func TestSteps(t *testing.T) {
	t.Parallel()
	d := func(generation, judgement int64) Decided {
		return Decided{Generation: generation, Judgement: judgement, Decision: &gate.Decision{}}
	}
	got := steps(&Pull{History: []Decided{d(7, 30), d(4, 20), d(1, 10)}, Deliveries: []Delivery{{ID: "e", Want: 8}, {ID: "d", Want: 7}, {ID: "c", Want: 5}, {ID: "b", Want: 4}, {ID: "a", Want: 1}, {ID: "none"}},
		Deeds: []Deed{{ID: 4, Judgement: 30}, {ID: 3, Judgement: 20}, {ID: 2, Judgement: 20}, {ID: 1}}})
	var lines []string
	for _, s := range got {
		var words []string
		for _, d := range s.Deliveries {
			words = append(words, d.ID)
		}
		for range s.Deeds {
			words = append(words, "deed")
		}
		lines = append(lines, strings.Join(words, " "))
	}
	if diff := cmp.Diff([]string{"d c deed", "b deed deed", "a"}, lines); diff != "" {
		t.Error(diff)
	}
}

func TestNeedWords(t *testing.T) {
	t.Parallel()
	for want, n := range map[string]gate.Need{
		"nothing": {},
		"2 approvals from @bob, @acme/security, the code owners, on a head that is up to date with the base": {Approvals: 2, UpToDate: true, From: []gate.Approver{{User: "bob"}, {Team: "acme/security"}, {Codeowners: true}}},
		"1 approval from anyone with write access, no sooner than 60 seconds after the push":                 {Approvals: 1, MinReview: 60},
		"approvals of @bob and @acme/legal, or of anyone with the role admin":                                {AnyOf: [][]gate.Approver{{{User: "bob"}, {Team: "acme/legal"}}, {{Role: gate.RoleAdmin}}}},
	} {
		if got := needWords(&n); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestSeats: one person cannot take the playground from the others.
func TestSeats(t *testing.T) {
	t.Parallel()
	s := seats{used: map[int64][]time.Time{}}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for range playPerMinute {
		done, err := s.take(1, now)
		if err != nil {
			t.Fatal(err)
		}
		done()
	}
	if _, err := s.take(1, now); err != errTooOften { //nolint:errorlint // it is that one
		t.Error(err)
	}
	done, err := s.take(2, now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.take(1, now.Add(time.Minute)); err != nil {
		t.Errorf("a minute later: %v", err)
	}
	if _, err := s.take(3, now); err != errFull { //nolint:errorlint // it is that one
		t.Error(err)
	}
	done()
	if _, err := s.take(3, now); err != nil {
		t.Error(err)
	}
	_, _ = s.take(4, now.Add(2*time.Minute)) // what is old is forgotten meanwhile
	if len(s.used) > 1 {
		t.Errorf("%d people are remembered", len(s.used))
	}
}

func TestWithin(t *testing.T) {
	t.Parallel()
	for to, want := range map[string]string{
		"/pulls?state=any&q=a%20b": "/pulls?state=any&q=a%20b", "": "/", "//evil.example.com": "/", `/\evil.example.com`: "/", "https://evil.example.com/x": "/", "/login": "/", "/login/github": "/", "/logout": "/",
		"javascript:alert(1)": "/", "/a b": "/", "/\t/evil.example.com": "/", "/repositories/1/pulls/2#x": "/repositories/1/pulls/2", "pulls": "/", "/" + strings.Repeat("a", 2000): "/", "/%2f%2fevil.example.com": "/",
	} {
		if got := within(to); got != want {
			t.Errorf("%q leads to %q, want %q", to, got, want)
		}
	}
}

// TestTemplates: every page can be shown with nothing to show.
func TestTemplates(t *testing.T) {
	t.Parallel()
	d := newLoopback(t, &fixed{})
	d.opt.Dead, d.opt.Audit = noDead{}, noAudit{}
	for _, p := range d.list() {
		if _, _, err := parse(p.Template); err != nil {
			t.Error(err)
		}
	}
}

type (
	noDead  struct{ DeadLetters }
	noAudit struct{ AuditLog }
)

// FuzzWithin: whatever an address says, nobody is sent away from our pages by it.
func FuzzWithin(f *testing.F) {
	for _, s := range []string{"/pulls?q=1", "//evil.example.com", `/\evil`, "/%2f/x", "https:/x", "/a#b", "/\u2028/x"} {
		f.Add(s)
	}
	own, err := url.Parse("https://gate.example.com/login")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, to string) {
		got := within(to)
		at, err := own.Parse(got)
		if err != nil || at.Host != own.Host || at.Scheme != own.Scheme || !strings.HasPrefix(got, "/") || strings.HasPrefix(got, "//") || strings.ContainsAny(got, "\\\r\n\t") {
			t.Errorf("%q leads to %q (%v)", to, got, err)
		}
	})
}
