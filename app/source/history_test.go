package source

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestHistoryOf: the steps of the default branch, a merge as one, down to the root commit or to where a shallow clone was cut.
func TestHistoryOf(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	day := func(n int) string { return fmt.Sprintf("%d +0000", 1_700_000_000+n*86_400) }
	script := func(s string) {
		t.Helper()
		if out, err := r.shell(s); err != nil {
			t.Fatal(err, out)
		}
	}
	script(`echo 1 > a && git add . && GIT_COMMITTER_DATE='` + day(0) + `' git commit -qm one
		git checkout -q -b side && echo s > s && git add . && GIT_COMMITTER_DATE='` + day(1) + `' git commit -qm side
		echo t > s && GIT_COMMITTER_DATE='` + day(2) + `' git commit -qam side2
		git checkout -q main && echo 2 > a && GIT_COMMITTER_DATE='` + day(3) + `' git commit -qam two
		GIT_COMMITTER_DATE='` + day(4) + `' git merge -q --no-ff -m merge side
		git checkout -q -b work && echo w > w && git add . && git commit -qm work`)
	describe := func(h *History, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, m := range h.Merged {
			subject := r.git("log", "-1", "--format=%s", m.SHA)
			if m.Merge {
				subject += "(merge)"
			}
			if m.Parent != "" {
				subject += "<" + r.git("log", "-1", "--format=%s", m.Parent)
			}
			out = append(out, subject)
		}
		return fmt.Sprint(h.Branch, " ", strings.Join(out, " "), " ", h.Newest.Format(time.DateOnly), " ", h.Cut)
	}
	of := func(opt HistoryOptions) string { return describe(HistoryOf(t.Context(), opt)) }
	for _, test := range []struct {
		opt  HistoryOptions
		want string
	}{
		{HistoryOptions{Dir: r.dir}, "main merge(merge)<two two<one one 2023-11-18 false"},
		{HistoryOptions{Dir: r.dir, Limit: 2}, "main merge(merge)<two two<one 2023-11-18 false"},
		{HistoryOptions{Dir: r.dir, Since: time.Unix(1_700_000_000+3*86_400, 0)}, "main merge(merge)<two two<one 2023-11-18 false"},
		{HistoryOptions{Dir: r.dir, Since: time.Unix(1_800_000_000, 0)}, "main  2023-11-18 false"},
		{HistoryOptions{Dir: r.dir, Branch: "side"}, "side side2<side side<one one 2023-11-16 false"},
	} {
		if got := of(test.opt); got != test.want {
			t.Errorf("%+v\ngot  %s\nwant %s", test.opt, got, test.want)
		}
	}
	bare := filepath.Join(filepath.Dir(r.dir), "bare.git")
	script("git checkout -q main && git clone -q --bare . '" + bare + "' && git -C '" + bare + "' config remote.origin.url git@example.com:acme/widgets.git")
	h, err := HistoryOf(t.Context(), HistoryOptions{Dir: bare})
	if got := describe(h, err); got != "HEAD merge(merge)<two two<one one 2023-11-18 false" || h.Name != "acme/widgets" {
		t.Errorf("bare: %s, %s", got, h.Name)
	}
	cut := filepath.Join(filepath.Dir(r.dir), "cut")
	script("git clone -q --depth 2 'file://" + r.dir + "' '" + cut + "'")
	if got := of(HistoryOptions{Dir: cut}); got != "the upstream of main merge(merge)<two 2023-11-18 true" {
		t.Errorf("shallow: %s", got)
	}
	for url, want := range map[string]string{
		"https://example.com/acme/widgets.git": "acme/widgets", "https://example.com/group/sub/widgets/": "sub/widgets", "ssh://git@example.com:2222/acme/widgets": "acme/widgets",
		"/srv/git/widgets.git": "cut", "": "cut",
	} {
		if _, err := r.shell("git -C '" + cut + "' config remote.origin.url '" + url + "'"); err != nil {
			t.Fatal(err)
		}
		if h, err := HistoryOf(t.Context(), HistoryOptions{Dir: cut, Branch: "HEAD"}); err != nil || h.Name != want {
			t.Errorf("%q is called %q, want %q (%v)", url, h.Name, want, err)
		}
	}
	var se *Error
	if _, err := HistoryOf(t.Context(), HistoryOptions{Dir: r.dir, Branch: "nowhere"}); !errors.As(err, &se) || !se.Usage() {
		t.Errorf("an unknown branch: %v", err)
	}
	empty := newRepo(t)
	if _, err := HistoryOf(t.Context(), HistoryOptions{Dir: empty.dir}); !errors.As(err, &se) || !strings.Contains(err.Error(), "no commits yet") {
		t.Errorf("an empty repository: %v", err)
	}
}
