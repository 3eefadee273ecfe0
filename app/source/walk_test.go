package source

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestWalk: the steps of a branch with what they changed, a merge as one with the commits that it brought; of a clone without blobs, those that are needed are fetched.
func TestWalk(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	script := func(s string) string {
		t.Helper()
		out, err := r.shell(s)
		if err != nil {
			t.Fatal(err, out)
		}
		return strings.TrimSpace(out)
	}
	script(`echo 1 > a && echo x > old && git add . && git commit -qm one
		git checkout -q -b side && echo s > s && git add . && git commit -qm side && echo t >> s && git commit -qam side2
		git checkout -q main && echo 2 >> a && git mv old new && ln -s a link && git add . && git commit -qm two
		git merge -q --no-ff -m merge side && git rm -q s && git commit -qm gone`)
	first, tip := r.git("rev-parse", "main~3"), r.git("rev-parse", "main")
	snap, err := Local(t.Context(), LocalOptions{Dir: r.dir, Base: tip, Head: tip})
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	walk := func(opt WalkOptions) (out []string, err error) {
		err = snap.Walk(t.Context(), opt, func(s *WalkStep) error {
			var b strings.Builder
			fmt.Fprintf(&b, "%s by %s", strings.TrimSpace(s.Message), s.AuthorEmail[:1])
			for _, c := range s.Inner {
				b.WriteString(" +" + strings.TrimSpace(c.Message))
			}
			for _, f := range s.Files {
				fmt.Fprintf(&b, "; %s<%s %q>%q", f.Path, f.OldPath, f.Old, f.New)
				if !f.Known {
					b.WriteString(" unknown")
				}
			}
			if s.At.IsZero() {
				t.Error("no time")
			}
			out = append(out, b.String())
			return nil
		})
		return out, err
	}
	who := r.git("log", "-1", "--format=%ae")[:1]
	want := []string{
		`two by ` + who + `; a< "1\n">"1\n2\n"; link< "">"" unknown; new<old "">"x\n"; old< "x\n">""`,
		`merge by ` + who + ` +side2 +side; s< "">"s\nt\n"`,
		`gone by ` + who + `; s< "s\nt\n">""`,
	}
	got, err := walk(WalkOptions{Tip: tip, After: first})
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Error(d, err)
	}
	got, err = walk(WalkOptions{Tip: tip, Want: func(path string) bool { return path == "a" }})
	if err != nil || len(got) != 4 || !strings.Contains(got[0], `a< "">"1\n"`) || !strings.Contains(got[3], "s< \"\">\"\" unknown") {
		t.Errorf("%q, %v", got, err)
	}
	var e *Error
	if _, err := walk(WalkOptions{Tip: tip, Most: 2}); !errors.As(err, &e) || e.Kind != Limit {
		t.Errorf("too many: %v", err)
	}
	stop := errors.New("enough")
	if err := snap.Walk(t.Context(), WalkOptions{Tip: tip}, func(*WalkStep) error { return stop }); !errors.Is(err, stop) {
		t.Error(err)
	}
}
