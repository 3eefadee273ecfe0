package source

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/reviewgate-app/reviewgate/checks"
)

// TestFetchTree: the whole tree of a commit, from a server, with nothing beside it.
func TestFetchTree(t *testing.T) {
	t.Parallel()
	r, _, _, head := pull(t)
	s, err := FetchTree(t.Context(), FetchOptions{Dir: filepath.Join(tempDir(t), "cache"), URL: serve(t, r).url(), Head: head})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closed(t, s) })
	got := map[string]string{}
	if err := s.ContentsBatch(t.Context(), 1<<20, func(part []Content) error {
		for _, c := range part {
			if c.Side != checks.Head {
				t.Errorf("%s is on the side %s", c.Path, c.Side)
			}
			got[c.Path] = string(c.Data)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(got) != 4 || got["b.go"] != "b\n" || got["a.go"] != "one\n2\n3\n4\n5\n6\n7\neight\n" || s.Head != head || s.MergeBase != "" {
		t.Errorf("%v, head %s, merge base %q", got, s.Head, s.MergeBase)
	}
	files, err := s.FilesIn(t.Context(), "", []string{".github"}, func(string) bool { return true })
	if err != nil || string(files[".github/reviewgate.yml"]) != "version: 1\n" {
		t.Errorf("the configuration of the tree: %v %q", err, files)
	}
}

// TestTip: a branch is asked for by its whole name, which is no pattern and no option.
func TestTip(t *testing.T) {
	t.Parallel()
	r, _, base, head := pull(t)
	r.git("branch", "feature/main", head)
	srv := serve(t, r)
	for branch, want := range map[string]string{"main": base, "topic": head, "feature/main": head} {
		if got, err := Tip(t.Context(), srv.url(), "ghs_secret", branch); err != nil || got != want {
			t.Errorf("%s: %s %v, want %s", branch, got, err, want)
		}
	}
	for _, branch := range []string{"none", "mai*", "*", "", "--upload-pack=touch x", "../main", "main\nrefs/heads/topic"} {
		got, err := Tip(t.Context(), srv.url(), "", branch)
		var e *Error
		if got != "" || !errors.As(err, &e) || e.Kind != NotFound && e.Kind != Network {
			t.Errorf("%q: %q %v", branch, got, err)
		}
	}
	if _, err := Tip(t.Context(), "ext::sh -c touch% x", "", "main"); err == nil {
		t.Error("an address that runs a command is taken")
	}
}
