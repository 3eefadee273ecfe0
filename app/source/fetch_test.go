package source

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/reviewgate-app/reviewgate/checks"
)

// pull is a repository with a pull request in it: main moved on after the fork.
func pull(t *testing.T) (r *testRepo, fork, base, head string) {
	r = newRepo(t)
	r.write("a.go", "1\n2\n3\n4\n5\n6\n7\n8\n")
	r.write("unrelated/big", strings.Repeat("never needed\n", 1000))
	r.write(".github/reviewgate.yml", "version: 1\n")
	fork = r.commit("fork")
	r.git("checkout", "-q", "-b", "topic")
	r.write("a.go", "one\n2\n3\n4\n5\n6\n7\n8\n")
	r.commit("topic\n\nCo-authored-by: Carol <carol@example.com>")
	r.git("checkout", "-q", "main")
	r.write("a.go", "1\n2\n3\n4\n5\n6\n7\neight\n")
	r.write("unrelated/big", strings.Repeat("changed on main\n", 1000))
	r.commit("main moves on")
	r.git("checkout", "-q", "topic")
	r.git("merge", "-q", "-m", "update from main", "main")
	r.write("b.go", "b\n")
	head = r.commit("more")
	r.git("checkout", "-q", "main")
	r.write("later", "x\n")
	base = r.commit("main moves on again")
	return r, fork, base, head
}

// counted counts requests.
func counted(srv *gitServer) *atomic.Int32 {
	var n atomic.Int32
	srv.wrap = func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			n.Add(1)
			next.ServeHTTP(w, req)
		})
	}
	return &n
}

func TestFetch(t *testing.T) {
	t.Parallel()
	r, _, base, head := pull(t)
	srv := serve(t, r)
	requests := counted(srv)
	cache := filepath.Join(tempDir(t), "cache")
	ctx := context.Background()
	get := func() *Snapshot {
		t.Helper()
		s, err := Fetch(ctx, FetchOptions{Dir: cache, URL: srv.url(), Base: base, Head: head, Extra: []string{base}, Token: "ghs_secret"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { closed(t, s) })
		return s
	}
	s := get()
	wantText := "modified \"a.go\"\n  base \"1\\n2\\n3\\n4\\n5\\n6\\n7\\neight\\n\"\n  head \"one\\n2\\n3\\n4\\n5\\n6\\n7\\neight\\n\"\nadded \"b.go\"\n  head \"b\\n\"\n"
	want(t, s, wantText)
	if n := requests.Load(); n > 6 {
		t.Errorf("%d requests", n)
	}
	if _, err := s.view.run(ctx, "cat-file", "-e", r.git("rev-parse", "HEAD:unrelated/big")); err == nil {
		t.Error("a file that nobody needs was fetched")
	}
	commits, err := s.Commits(ctx)
	if err != nil || len(commits) != 3 {
		t.Fatalf("%+v, %v", commits, err)
	}
	for _, c := range commits {
		if c.CleanMerge != (len(c.Parents) == 2) {
			t.Errorf("%q: clean merge %v", c.Message, c.CleanMerge)
		}
	}
	if c := commits[2]; !strings.Contains(c.Message, "Co-authored-by: Carol <carol@example.com>") {
		t.Errorf("%+v", c)
	}
	files, err := s.FilesIn(ctx, base, []string{".github"}, func(string) bool { return true })
	if err != nil || texts(files) != `.github/reviewgate.yml="version: 1\n"` {
		t.Errorf("%s, %v", texts(files), err)
	}
	if files, err = s.Read(ctx, checks.Head, []string{".github/reviewgate.yml", "nope"}); err != nil || texts(files) != `.github/reviewgate.yml="version: 1\n"` {
		t.Errorf("%s, %v", texts(files), err)
	}
	if paths, err := s.Paths(ctx, checks.Head); err != nil || strings.Join(paths, " ") != ".github/reviewgate.yml a.go b.go unrelated/big" {
		t.Errorf("%v, %v", paths, err)
	}
	old := r.git("rev-parse", base+"~2")
	changed, err := s.ChangedPaths(ctx, old, base)
	if err != nil || len(changed) != 3 {
		t.Errorf("%v, %v", changed, err)
	}
	if err := filepath.Walk(filepath.Dir(cache), func(p string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		data, err := os.ReadFile(p)
		if bytes.Contains(data, []byte("ghs_secret")) || bytes.Contains(data, []byte(base64.StdEncoding.EncodeToString([]byte("x-access-token:ghs_secret")))) {
			t.Errorf("%s holds the token", p)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}

	// A second look needs no network at all.
	before := requests.Load()
	want(t, get(), wantText)
	if n := requests.Load() - before; n != 0 {
		t.Errorf("%d requests for what was here already", n)
	}
	// A push brings only what is new.
	r.git("checkout", "-q", "topic")
	r.write("b.go", "b2\n")
	head = r.commit("push")
	want(t, get(), strings.ReplaceAll(wantText, `head "b\n"`, `head "b2\n"`))
}

func TestFetchToken(t *testing.T) {
	t.Parallel()
	r, _, base, head := pull(t)
	srv := serve(t, r)
	srv.wrap = func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if _, token, ok := req.BasicAuth(); !ok || token != "ghs_good" {
				w.Header().Set("WWW-Authenticate", `Basic realm="GitHub"`)
				http.Error(w, "no", http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, req)
		})
	}
	for _, token := range []string{"", "ghs_bad"} {
		_, err := Fetch(context.Background(), FetchOptions{Dir: t.TempDir(), URL: srv.url(), Token: token, Base: base, Head: head})
		wantError(t, err, NotFound, "does not show this repository with this token")
		if token != "" && strings.Contains(err.Error(), token) {
			t.Errorf("%v holds the token", err)
		}
	}
	s, err := Fetch(context.Background(), FetchOptions{Dir: t.TempDir(), URL: srv.url(), Token: "ghs_good", Base: base, Head: head})
	if err != nil {
		t.Fatal(err)
	}
	closed(t, s)
}

func TestFetchErrors(t *testing.T) {
	t.Parallel()
	r, _, base, head := pull(t)
	srv := serve(t, r)
	get := func(opt FetchOptions) error {
		opt.Dir = filepath.Join(t.TempDir(), "cache")
		if opt.Base == "" {
			opt.Base, opt.Head = base, head
		}
		s, err := Fetch(context.Background(), opt)
		if err == nil {
			_ = s.Close()
		}
		return err
	}
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for _, c := range []struct {
		name  string
		err   error
		kind  Kind
		parts []string
	}{
		{"no such repository", get(FetchOptions{URL: srv.URL + "/nope/.git"}), NotFound, []string{"/nope/.git"}},
		{"no such commit", get(FetchOptions{URL: srv.url(), Base: base, Head: strings.Repeat("1", 40)}), NotFound, []string{"not our ref", "force-pushed"}},
		{"not a commit id", get(FetchOptions{URL: srv.url(), Base: "main", Head: head}), Usage, []string{`"main"`}},
		{"an option as id", get(FetchOptions{URL: srv.url(), Base: "--upload-pack=x", Head: head}), Usage, nil},
		{"a file's id", get(FetchOptions{URL: srv.url(), Base: base, Head: r.git("rev-parse", "HEAD:a.go")}), Failed, nil},
		{"a local path", get(FetchOptions{URL: r.dir}), Usage, nil},
		{"file:", get(FetchOptions{URL: "file://" + r.dir}), Usage, nil},
		{"ext:", get(FetchOptions{URL: "ext::sh -c x"}), Usage, nil},
		{"plain http elsewhere", get(FetchOptions{URL: "http://github.example.com/acme/x.git"}), Usage, []string{"neither https nor http on this machine"}},
		{"a secret in the address", get(FetchOptions{URL: "https://x:ghs_secret@github.example.com/acme/x.git"}), Usage, []string{"must not hold a user"}},
		{"nobody listens", get(FetchOptions{URL: gone.URL + "/repo/.git"}), Network, []string{"try again"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantError(t, c.err, c.kind, c.parts...)
			if strings.Contains(c.err.Error(), "ghs_secret") {
				t.Error("the secret is printed")
			}
			var e *Error
			if errors.As(c.err, &e) && e.Retryable() != (c.kind == Network) {
				t.Errorf("retryable: %v", e.Retryable())
			}
		})
	}
}

// Broken answers are tried again in the same folder; what they left is cleared away.
func TestFetchFaults(t *testing.T) {
	t.Parallel()
	cut := func(w http.ResponseWriter, req *http.Request, next http.Handler) bool {
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, req)
		for k, v := range rec.Header() {
			w.Header()[k] = v
		}
		w.Header().Del("Content-Length")
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes()[:rec.Body.Len()*2/3])
		panic(http.ErrAbortHandler)
	}
	for name, fault := range map[string]func(w http.ResponseWriter, req *http.Request, next http.Handler) bool{
		"cut": cut,
		"503": func(w http.ResponseWriter, req *http.Request, next http.Handler) bool {
			http.Error(w, "<html>no", http.StatusServiceUnavailable)
			return true
		},
		"429": func(w http.ResponseWriter, req *http.Request, next http.Handler) bool {
			http.Error(w, "slow down", http.StatusTooManyRequests)
			return true
		},
		"closed": func(w http.ResponseWriter, req *http.Request, next http.Handler) bool {
			panic(http.ErrAbortHandler)
		},
		"html": func(w http.ResponseWriter, req *http.Request, next http.Handler) bool {
			_, _ = io.WriteString(w, "<html>maintenance</html>")
			return true
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _, base, head := pull(t)
			srv := serve(t, r)
			var broken atomic.Bool
			// Once it is mended, every second request for a pack still fails.
			var packs atomic.Int32
			srv.wrap = func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
					if req.Method == http.MethodPost && (broken.Load() || packs.Add(1)%2 == 1) {
						if fault(w, req, next) {
							return
						}
					}
					next.ServeHTTP(w, req)
				})
			}
			dir := filepath.Join(tempDir(t), "cache")
			opt := FetchOptions{Dir: dir, URL: srv.url(), Base: base, Head: head}
			broken.Store(true)
			_, err := Fetch(context.Background(), opt)
			wantError(t, err, Network)
			broken.Store(false)
			writeFile(t, filepath.Join(dir, "git", "objects", "pack", "tmp_pack_left"), "half a pack")
			writeFile(t, filepath.Join(dir, "git", "refs", "seen", head+".lock"), "")
			s, err := Fetch(context.Background(), opt)
			if err != nil {
				t.Fatal(err)
			}
			defer closed(t, s)
			if len(s.Files) != 2 {
				t.Errorf("%d files", len(s.Files))
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "git", "objects", "pack", "tmp_*")); len(left) > 0 {
				t.Errorf("left over: %v", left)
			}
		})
	}
}

func TestFetchOverLimit(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write("a", "1\n")
	base := r.commit("base")
	r.write("a", "2\n")
	// Random-looking bytes, so that the pack is as large as the file.
	noise := make([]byte, 3_000_000)
	x := uint32(1)
	for i := range noise {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		noise[i] = byte(x)
	}
	r.write("huge", string(noise))
	head := r.commit("head")
	srv := serve(t, r)
	srv.wrap = slow(1_000_000)
	s, err := Fetch(context.Background(), FetchOptions{Dir: t.TempDir(), URL: srv.url(), Base: base, Head: head, Limits: Limits{FetchBytes: 500_000}})
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, s)
	// The huge file does not take the other one with it.
	want(t, s, "modified \"a\"\n  base \"1\\n\"\n  head \"2\\n\"\nadded \"huge\" opaque=\"over the limit of 500 kB for a download\"\n")
}

// slow lets an answer of more than n bytes pause after n bytes until the client hangs up.
func slow(n int) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			rec := httptest.NewRecorder()
			next.ServeHTTP(rec, req)
			for k, v := range rec.Header() {
				w.Header()[k] = v
			}
			w.WriteHeader(rec.Code)
			body := rec.Body.Bytes()
			if len(body) > n {
				_, _ = w.Write(body[:n])
				w.(http.Flusher).Flush()
				<-req.Context().Done()
				return
			}
			_, _ = w.Write(body)
		})
	}
}

func TestFetchCancelled(t *testing.T) {
	t.Parallel()
	r, _, base, head := pull(t)
	srv := serve(t, r)
	ctx, cancel := context.WithCancel(context.Background())
	srv.wrap = func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			cancel()
			<-req.Context().Done()
		})
	}
	if _, err := Fetch(ctx, FetchOptions{Dir: t.TempDir(), URL: srv.url(), Base: base, Head: head}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestFetchDoesNotFollowRedirects(t *testing.T) {
	t.Parallel()
	r, _, base, head := pull(t)
	srv := serve(t, r)
	var leaked atomic.Bool
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { leaked.Store(true) }))
	defer other.Close()
	srv.wrap = func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			http.Redirect(w, req, other.URL+req.URL.RequestURI(), http.StatusMovedPermanently)
		})
	}
	_, err := Fetch(context.Background(), FetchOptions{Dir: t.TempDir(), URL: srv.url(), Base: base, Head: head, Token: "ghs_secret"})
	wantError(t, err, NotFound, "moved")
	if leaked.Load() {
		t.Error("the redirection was followed")
	}
}

func TestFetchConcurrently(t *testing.T) {
	t.Parallel()
	r, _, base, head := pull(t)
	srv := serve(t, r)
	dir := filepath.Join(tempDir(t), "cache")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			// A tiny cache limit makes each of them try to empty the folder: only who is alone may.
			s, err := Fetch(context.Background(), FetchOptions{Dir: dir, URL: srv.url(), Base: base, Head: head, Limits: Limits{CacheBytes: 1}})
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := s.Commits(context.Background()); err != nil {
				t.Error(err)
			}
			closed(t, s)
		})
	}
	wg.Wait()
}

// Evil merges: only a merge whose tree is what git computes is clean.
func TestCleanMerge(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	lines := "1\n2\n3\n4\n5\n6\n7\n8\n9\n"
	r.write("a", lines)
	r.write("moves", strings.Repeat("a line of a file that moves\n", 5)+lines)
	base := r.commit("base")
	r.git("checkout", "-q", "-b", "topic")
	r.write("a", strings.Replace(lines, "1", "one", 1))
	r.write("moves", strings.Repeat("a line of a file that moves\n", 5)+strings.Replace(lines, "9", "nine", 1))
	topic := r.commit("topic")
	r.git("checkout", "-q", "main")
	r.write("a", strings.Replace(lines, "9", "nine", 1))
	r.git("mv", "moves", "moved")
	main := r.commit("main")
	merge := func(branch, message string, edit func()) string {
		r.git("checkout", "-q", "-B", branch, topic)
		_, _ = r.try("merge", "-q", "--no-commit", "main")
		if edit != nil {
			edit()
		}
		return r.commit(message)
	}
	clean := merge("clean", "clean", nil)
	evil := merge("evil", "evil", func() { r.write("a", strings.Replace(lines, "5", "backdoor", 1)) })
	extra := merge("extra", "extra", func() { r.write("extra", "x\n") })
	ours := r.git("commit-tree", "-p", topic, "-p", main, "-m", "ours", topic+"^{tree}")
	octopus := r.git("commit-tree", "-p", topic, "-p", main, "-p", base, "-m", "octopus", clean+"^{tree}")
	swapped := r.git("commit-tree", "-p", main, "-p", topic, "-m", "swapped", clean+"^{tree}")
	for i, sha := range []string{clean, evil, extra, ours, octopus, swapped} {
		r.git("update-ref", "refs/heads/m"+string(rune('0'+i)), sha)
	}
	srv := serve(t, r)
	for name, c := range map[string]struct {
		head  string
		clean bool
	}{"clean": {clean, true}, "evil": {evil, false}, "extra": {extra, false}, "ours": {ours, false}, "octopus": {octopus, false}, "swapped": {swapped, true}} {
		fetched, err := Fetch(context.Background(), FetchOptions{Dir: t.TempDir(), URL: srv.url(), Base: base, Head: c.head})
		if err != nil {
			t.Fatal(err)
		}
		for where, s := range map[string]*Snapshot{"local": r.local(LocalOptions{Base: base, Head: c.head}), "fetched": fetched} {
			commits, err := s.Commits(context.Background())
			if err != nil || len(commits) != 3 || commits[0].SHA != c.head {
				t.Fatalf("%s, %s: %+v, %v", name, where, commits, err)
			}
			if commits[0].CleanMerge != c.clean {
				t.Errorf("%s, %s: clean merge %v", name, where, commits[0].CleanMerge)
			}
		}
		closed(t, fetched)
	}
}

// Commits hidden behind a second parent are found (B10), and a criss-cross has one merge base, always the same.
func TestCommitGraph(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write("f", "0\n")
	base := r.commit("base")
	tree := base + "^{tree}"
	bob := r.git("commit-tree", "-p", base, "-m", "bob's", tree)
	alice := r.git("commit-tree", "-p", base, "-m", "alice's", tree)
	foxtrot := r.git("commit-tree", "-p", base, "-p", bob, "-m", "hides behind base", tree)
	octopus := r.git("commit-tree", "-p", alice, "-p", foxtrot, "-p", bob, "-m", "octopus", tree)
	s := r.local(LocalOptions{Base: base, Head: octopus})
	commits, err := s.Commits(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range commits {
		got = append(got, strings.TrimSpace(c.Message))
	}
	if strings.Join(got, ",") == "" || len(got) != 4 || got[0] != "octopus" {
		t.Errorf("got %v", got)
	}
	left := r.git("commit-tree", "-p", alice, "-p", bob, "-m", "left", tree)
	right := r.git("commit-tree", "-p", bob, "-p", alice, "-m", "right", tree)
	first := ""
	for range 3 {
		s := r.local(LocalOptions{Base: left, Head: right})
		if first == "" {
			first = s.MergeBase
		}
		if s.MergeBase != first || first != alice && first != bob {
			t.Errorf("merge base %s", s.MergeBase)
		}
	}
}

// A local partial clone gets what it lacks in one fetch, into the temporary view: the clone itself stays as it is.
func TestLocalPartialClone(t *testing.T) {
	t.Parallel()
	r, fork, _, head := pull(t)
	srv := serve(t, r)
	requests := counted(srv)
	for _, filter := range []string{"blob:none", "tree:0"} {
		clone := &testRepo{t: t, dir: filepath.Join(tempDir(t), "clone")}
		r.git("clone", "-q", "--no-checkout", "--filter="+filter, srv.url(), clone.dir)
		clone.git("read-tree", "--empty")
		before, sent := fingerprint(t, clone.dir), requests.Load()
		s := clone.local(LocalOptions{Base: fork, Head: head})
		if len(s.Files) != 3 || !strings.Contains(describe(t, s), `head "one\n`) {
			t.Errorf("%s: got %s", filter, describe(t, s))
		}
		if n := requests.Load() - sent; n > 5 {
			t.Errorf("%s: %d requests", filter, n)
		}
		if commits, err := s.Commits(context.Background()); err != nil || len(commits) != 4 || !commits[1].CleanMerge {
			t.Errorf("%s: %+v, %v", filter, commits, err)
		}
		if after := fingerprint(t, clone.dir); after != before {
			t.Errorf("%s: the clone changed:\n%s\n%s", filter, before, after)
		}
		clone.git("config", "remote.origin.url", "git@github.example.com:acme/x.git")
		wantError(t, localError(LocalOptions{Dir: clone.dir, Base: fork, Head: head}), Failed, "partial clone")
	}
}
