package source

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/reviewgate-app/reviewgate/checks"
)

// A testRepo is a real repository made in a temporary folder, with fixed names and dates.
type testRepo struct {
	t   testing.TB
	dir string
}

func gitEnv(home string) []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull,
		"GIT_AUTHOR_NAME=Alice", "GIT_AUTHOR_EMAIL=alice@example.com", "GIT_AUTHOR_DATE=1700000000 +0000",
		"GIT_COMMITTER_NAME=Bob", "GIT_COMMITTER_EMAIL=bob@example.com", "GIT_COMMITTER_DATE=1700000000 +0000",
		"GIT_CONFIG_COUNT=3", "GIT_CONFIG_KEY_0=init.defaultBranch", "GIT_CONFIG_VALUE_0=main",
		"GIT_CONFIG_KEY_1=protocol.file.allow", "GIT_CONFIG_VALUE_1=always", "GIT_CONFIG_KEY_2=commit.gpgSign", "GIT_CONFIG_VALUE_2=false",
	}
}

func newRepo(t testing.TB) *testRepo {
	t.Helper()
	r := &testRepo{t: t, dir: filepath.Join(tempDir(t), "repo")}
	if err := os.Mkdir(r.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	r.git("init", "--quiet")
	return r
}

// tempDir is t.TempDir with links resolved.
func tempDir(t testing.TB) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func (r *testRepo) git(args ...string) string {
	r.t.Helper()
	out, err := r.try(args...)
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

func (r *testRepo) try(args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir = r.dir
	cmd.Env = gitEnv(r.dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("git %v: %w\n%s", args, err, out)
	}
	return strings.TrimSuffix(string(out), "\n"), nil
}

func (r *testRepo) shell(script string) (string, error) {
	cmd := exec.Command("sh", "-c", script)
	cmd.Dir = r.dir
	cmd.Env = gitEnv(r.dir)
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func mkfifo(t testing.TB, path string) {
	t.Helper()
	if err := unix.Mkfifo(path, 0o644); err != nil {
		t.Fatal(err)
	}
}

func (r *testRepo) write(path, text string) {
	r.t.Helper()
	writeFile(r.t, filepath.Join(r.dir, path), text)
}

func writeFile(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (r *testRepo) remove(path string) {
	r.t.Helper()
	if err := os.RemoveAll(filepath.Join(r.dir, path)); err != nil {
		r.t.Fatal(err)
	}
}

func (r *testRepo) symlink(target, path string) {
	r.t.Helper()
	full := filepath.Join(r.dir, path)
	_ = os.MkdirAll(filepath.Dir(full), 0o755)
	_ = os.Remove(full)
	if err := os.Symlink(target, full); err != nil {
		r.t.Fatal(err)
	}
}

// commit commits everything and returns the SHA.
func (r *testRepo) commit(message string) string {
	r.t.Helper()
	r.git("add", "--all")
	r.git("commit", "--quiet", "--allow-empty", "-m", message)
	return r.git("rev-parse", "HEAD")
}

func (r *testRepo) local(opt LocalOptions) *Snapshot {
	r.t.Helper()
	if opt.Dir == "" {
		opt.Dir = r.dir
	}
	s, err := Local(context.Background(), opt)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { closed(r.t, s) })
	return s
}

// closed closes a snapshot and makes sure that its temporary folder is gone.
func closed(t testing.TB, s *Snapshot) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if s.view != nil {
		if _, err := os.Stat(s.view.dir); err == nil {
			t.Errorf("Close left %s", s.view.dir)
		}
	}
}

// describe writes a change as text, one line per file and side: "modified a.go 100644>100755 [opaque]", "  base: text".
func describe(t testing.TB, s *Snapshot) string {
	t.Helper()
	contents, err := s.Contents(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range s.Files {
		fmt.Fprintf(&b, "%s %q", f.Status, f.Path)
		if f.OldPath != "" {
			fmt.Fprintf(&b, " from %q", f.OldPath)
		}
		if f.OldMode != f.Mode && f.Status != checks.Added && f.Status != checks.Deleted {
			fmt.Fprintf(&b, " %o>%o", f.OldMode, f.Mode)
		} else if m := f.Mode | f.OldMode; m != checks.ModeFile {
			fmt.Fprintf(&b, " %o", m)
		}
		if f.Class != "" {
			fmt.Fprintf(&b, " class=%s", f.Class)
		}
		if f.Opaque != "" {
			fmt.Fprintf(&b, " opaque=%q", f.Opaque)
		}
		if f.BaseOpaque != "" {
			fmt.Fprintf(&b, " base-opaque=%q", f.BaseOpaque)
		}
		if f.Encoding != "" {
			fmt.Fprintf(&b, " encoding=%s", f.Encoding)
		}
		b.WriteByte('\n')
		for _, sd := range []checks.Side{checks.Base, checks.Head} {
			p, ok := f.PathOn(sd)
			i := slices.IndexFunc(contents, func(c Content) bool { return c.Side == sd && c.Path == p })
			if ok != (i >= 0) && f.Opaque == "" {
				t.Errorf("%s on %s: there %v, content given %v", p, sd, ok, i >= 0)
			}
			if i >= 0 && ok && f.Opaque == "" {
				text := contents[i].Data
				if len(text) > 100 {
					text = fmt.Appendf(nil, "%s... (%d bytes)", text[:8], len(text))
				}
				fmt.Fprintf(&b, "  %s %q\n", sd, text)
			}
		}
	}
	return b.String()
}

func want(t testing.TB, s *Snapshot, text string) {
	t.Helper()
	text = strings.TrimPrefix(text, "\n")
	if got := describe(t, s); got != text {
		t.Errorf("got\n%swant\n%s", got, text)
	}
}

// A gitServer serves repositories over smart HTTP, with partial clone and fetching by SHA.
type gitServer struct {
	*httptest.Server
	wrap func(http.Handler) http.Handler // set before the first request
}

func serve(t testing.TB, r *testRepo) *gitServer {
	t.Helper()
	r.git("config", "uploadpack.allowFilter", "true")
	r.git("config", "uploadpack.allowAnySHA1InWant", "true")
	bin, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	s := &gitServer{}
	backend := &cgi.Handler{
		Path: bin, Args: []string{"http-backend"},
		Env:        []string{"GIT_PROJECT_ROOT=" + filepath.Dir(r.dir), "GIT_HTTP_EXPORT_ALL=1", "HOME=" + r.dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*"},
		InheritEnv: []string{"PATH"},
		Stderr:     io.Discard,
	}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		req.Header.Del("Proxy")
		h := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			handler := *backend
			handler.Env = append(slices.Clone(backend.Env), "GIT_PROTOCOL="+req.Header.Get("Git-Protocol"))
			handler.ServeHTTP(w, req)
		}))
		if s.wrap != nil {
			h = s.wrap(h)
		}
		h.ServeHTTP(w, req)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *gitServer) url() string { return s.URL + "/repo/.git" }

func texts(m map[string][]byte) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(m)) {
		fmt.Fprintf(&b, "%s=%q ", k, m[k])
	}
	return strings.TrimSpace(b.String())
}
