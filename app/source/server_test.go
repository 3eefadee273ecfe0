package source

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/reviewgate-app/reviewgate/checks"
)

// object writes an object into a repository as git would, and gives its id. Git itself would not make most of those that the tests below need.
func (r *testRepo) object(kind string, data []byte) string {
	r.t.Helper()
	whole := append(fmt.Appendf(nil, "%s %d\x00", kind, len(data)), data...)
	sum := sha1.Sum(whole)
	id := hex.EncodeToString(sum[:])
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	if _, err := z.Write(whole); err != nil {
		r.t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		r.t.Fatal(err)
	}
	writeFile(r.t, filepath.Join(r.dir, ".git", "objects", id[:2], id[2:]), b.String())
	return id
}

// treeLine is one entry of a tree.
func treeLine(mode, name, id string) []byte {
	raw, err := hex.DecodeString(id)
	if err != nil {
		panic(err)
	}
	return append([]byte(mode+" "+name+"\x00"), raw...)
}

// hostilePull makes a pull request of a hostile author: GitHub takes what is made here. change is given the id of a small file and makes the head's tree.
func hostilePull(t *testing.T, change func(r *testRepo, blob string) (tree string)) (r *testRepo, base, head string) {
	t.Helper()
	r = newRepo(t)
	r.write("a.go", "package a\n")
	base = r.commit("base")
	tree := change(r, r.git("rev-parse", "HEAD:a.go"))
	return r, base, r.git("commit-tree", "-p", base, "-m", "hostile", tree)
}

// bounded fetches with a limit on time, so that a fetch that hangs or eats the machine fails the test.
func bounded(t *testing.T, opt FetchOptions) (*Snapshot, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	opt.Dir = filepath.Join(tempDir(t), "cache")
	s, err := Fetch(ctx, opt)
	if ctx.Err() != nil {
		t.Errorf("it did not end in two minutes: %v", err)
	}
	if err == nil {
		t.Cleanup(func() { closed(t, s) })
	}
	return s, err
}

// TestHostilePulls are what the author of a pull request can push to GitHub.
func TestHostilePulls(t *testing.T) {
	t.Parallel()
	t.Run("a tree that unfolds without end", func(t *testing.T) {
		t.Parallel()
		r, base, head := hostilePull(t, func(r *testRepo, blob string) string { // ten objects, 10^10 paths
			id, mode := blob, "100644"
			for range 10 {
				var tree []byte
				for n := range 10 {
					tree = append(tree, treeLine(mode, fmt.Sprintf("f%d", n), id)...)
				}
				id, mode = r.object("tree", tree), "40000"
			}
			return id
		})
		_, err := bounded(t, FetchOptions{URL: serve(t, r).url(), Base: base, Head: head, Limits: Limits{GitMemory: 500_000_000}})
		wantError(t, err, Limit, "it needs more memory than 500 MB")
	})
	t.Run("a file that unpacks to a thousand times its size", func(t *testing.T) {
		t.Parallel()
		r, base, head := hostilePull(t, func(r *testRepo, blob string) string {
			return r.object("tree", append(treeLine("100644", "a.go", blob), treeLine("100644", "bomb", r.object("blob", make([]byte, 200<<20)))...))
		})
		s, err := bounded(t, FetchOptions{URL: serve(t, r).url(), Base: base, Head: head})
		if err != nil {
			t.Fatal(err)
		}
		want(t, s, "added \"bomb\" opaque=\"210 MB, over the limit of 2 MB\"\n")
	})
	t.Run("folders in folders", func(t *testing.T) {
		t.Parallel()
		r, base, head := hostilePull(t, func(r *testRepo, blob string) string {
			id, mode := blob, "100644"
			for range 1500 {
				id, mode = r.object("tree", treeLine(mode, "d", id)), "40000"
			}
			return id
		})
		s, err := bounded(t, FetchOptions{URL: serve(t, r).url(), Base: base, Head: head})
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Files) != 1 || strings.Count(s.Files[0].Path, "/") != 1499 {
			t.Errorf("%d files", len(s.Files))
		}
	})
	t.Run("names that mean something elsewhere", func(t *testing.T) {
		t.Parallel()
		names := []string{"\n", "\x1b[2J", "\"quoted\"", "$(touch x)", "--upload-pack=x", "..", ".git", ".gitattributes", ".gitmodules", ":(glob)*", "\u202egpj.exe", "\xff\xfe", "aux", "con:stream", "~1"}
		r, base, head := hostilePull(t, func(r *testRepo, blob string) string {
			var tree []byte
			for _, n := range names {
				tree = append(tree, treeLine("100644", n, blob)...)
			}
			return r.object("tree", append(tree, treeLine("100644", strings.Repeat("long", 10_000), blob)...))
		})
		s, err := bounded(t, FetchOptions{URL: serve(t, r).url(), Base: base, Head: head})
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, f := range s.Files {
			seen[f.Path] = true
		}
		for _, n := range names {
			if !seen[n] {
				t.Errorf("%q was lost", n)
			}
		}
	})
	t.Run("links, submodules and modes that do not exist", func(t *testing.T) {
		t.Parallel()
		r, base, head := hostilePull(t, func(r *testRepo, blob string) string {
			link := r.object("blob", []byte("../../../../etc/passwd"))
			modules := r.object("blob", []byte("[submodule \"x\"]\n\tpath = sub\n\turl = ext::sh -c touch% /\n\tupdate = !touch x\n"))
			var tree []byte
			for _, e := range [][3]string{{"100644", ".gitmodules", modules}, {"100644", "a.go", blob}, {"120000", "link", link}, {"100664", "odd", blob}, {"160000", "sub", strings.Repeat("1", 40)}} {
				tree = append(tree, treeLine(e[0], e[1], e[2])...)
			}
			return r.object("tree", tree)
		})
		s, err := bounded(t, FetchOptions{URL: serve(t, r).url(), Base: base, Head: head})
		if err != nil {
			t.Fatal(err)
		}
		opaque := map[string]string{}
		for _, f := range s.Files {
			opaque[f.Path] = f.Opaque
		}
		if opaque["link"] != "symbolic link" || opaque["sub"] != "submodule" || len(opaque) != 4 {
			t.Errorf("%v", opaque)
		}
		files, err := s.Read(t.Context(), checks.Head, []string{"link", "sub", "sub/x", "../a.go", "/etc/passwd"})
		if err != nil || len(files) != 0 {
			t.Errorf("%v, %v", texts(files), err)
		}
	})
	t.Run("a commit with a message of many megabytes and parents without number", func(t *testing.T) {
		t.Parallel()
		r, base, head := hostilePull(t, func(r *testRepo, _ string) string { return r.git("rev-parse", "HEAD^{tree}") })
		var parents strings.Builder
		for range 20_000 {
			parents.WriteString("parent " + head + "\n")
		}
		who := "Alice <alice@example.com> 99999999999999999 +9999\n"
		head = r.object("commit", []byte("tree "+r.git("rev-parse", head+"^{tree}")+"\n"+parents.String()+"author "+who+"committer "+who+"\n"+strings.Repeat("\x1b[2J Co-authored-by: x\n", 1<<19)))
		s, err := bounded(t, FetchOptions{URL: serve(t, r).url(), Base: base, Head: head})
		if err != nil {
			t.Fatal(err)
		}
		commits, err := s.Commits(t.Context())
		if err == nil && len(commits) != 2 {
			t.Errorf("%d commits", len(commits))
		}
	})
}

// TestHostileServers are servers that do not want us well.
func TestHostileServers(t *testing.T) {
	t.Parallel()
	// Whatever a server names as another address leads here.
	var asked atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	t.Cleanup(elsewhere.Close)
	t.Cleanup(func() {
		if n := asked.Load(); n > 0 {
			t.Errorf("another address was asked %d times", n)
		}
	})
	line := func(s string) string { return fmt.Sprintf("%04x%s", len(s)+4, s) }
	advert := func(w http.ResponseWriter, text string) {
		w.Header().Set("Content-Type", "application/x-git-upload-pack-advertisement")
		_, _ = io.WriteString(w, line("# service=git-upload-pack\n")+"0000"+text)
	}
	bomb := gzipBomb(t)
	noise := bytes.Repeat([]byte("0123456789abcdef"), 1<<12) // 64 KiB
	for name, c := range map[string]struct {
		get  func(w http.ResponseWriter, next http.Handler, req *http.Request) // nil: as it should be
		post func(w http.ResponseWriter, req *http.Request)
		kind Kind
	}{
		"a pack without end": {nil, func(w http.ResponseWriter, req *http.Request) {
			w.Header().Set("Content-Type", "application/x-git-upload-pack-result")
			var stored bytes.Buffer // the beginning of a huge object, not compressed
			z, err := zlib.NewWriterLevel(&stored, zlib.NoCompression)
			if err != nil {
				panic(err)
			}
			_, _ = io.WriteString(w, line("packfile\n")+line("\x01PACK\x00\x00\x00\x02\x00\xff\xff\xff")+line("\x01\xbf\xff\xff\xff\xff\x7f"))
			for req.Context().Err() == nil {
				stored.Reset()
				if _, err := z.Write(noise[:32<<10]); err != nil {
					return
				}
				if err := z.Flush(); err != nil {
					return
				}
				if _, err := io.WriteString(w, line("\x01"+stored.String())); err != nil {
					return
				}
			}
		}, Limit},
		"a list of refs without end": {func(w http.ResponseWriter, _ http.Handler, req *http.Request) {
			advert(w, line(strings.Repeat("1", 40)+" refs/heads/a\x00 multi_ack\n"))
			for i := 0; req.Context().Err() == nil; i++ {
				if _, err := io.WriteString(w, line(fmt.Sprintf("%040x refs/heads/%s%d\n", i, noise[:60_000], i))); err != nil {
					return
				}
			}
		}, nil, Limit},
		"words that would move the cursor": {func(w http.ResponseWriter, _ http.Handler, _ *http.Request) {
			advert(w, line("ERR \x1b]0;owned\x07\x1b[2J\r\nfatal: everything is fine\u202e"))
		}, nil, Network},
		"other objects than those asked for": {nil, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/x-git-upload-pack-result")
			empty := "PACK\x00\x00\x00\x02\x00\x00\x00\x00"
			sum := sha1.Sum([]byte(empty))
			_, _ = io.WriteString(w, line("packfile\n")+line("\x01"+empty+string(sum[:]))+"0000")
		}, Network},
		"a pack at another address": {nil, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/x-git-upload-pack-result")
			_, _ = io.WriteString(w, line("packfile-uris\n")+line(strings.Repeat("1", 40)+" "+elsewhere.URL+"/pack\n")+"0001"+line("packfile\n")+"0000")
		}, Network},
		"an old server with alternates": {func(w http.ResponseWriter, _ http.Handler, req *http.Request) {
			if strings.HasSuffix(req.URL.Path, "/objects/info/http-alternates") || strings.HasSuffix(req.URL.Path, "/objects/info/alternates") {
				_, _ = io.WriteString(w, elsewhere.URL+"/objects\n")
				return
			}
			if strings.HasSuffix(req.URL.Path, "/info/refs") {
				_, _ = io.WriteString(w, strings.Repeat("1", 40)+"\trefs/heads/main\n")
				return
			}
			http.NotFound(w, req)
		}, nil, Network},
		"a redirection to a file": {func(w http.ResponseWriter, _ http.Handler, _ *http.Request) {
			w.Header().Set("Location", "file:///etc/passwd")
			w.WriteHeader(http.StatusFound)
		}, nil, NotFound},
		"a redirection to another address": {func(w http.ResponseWriter, _ http.Handler, req *http.Request) {
			http.Redirect(w, req, elsewhere.URL+req.URL.RequestURI(), http.StatusTemporaryRedirect)
		}, nil, NotFound},
		"a redirection of the second request": {nil, func(w http.ResponseWriter, req *http.Request) {
			http.Redirect(w, req, elsewhere.URL+req.URL.RequestURI(), http.StatusTemporaryRedirect)
		}, NotFound},
		"a bundle at another address": {func(w http.ResponseWriter, _ http.Handler, _ *http.Request) {
			advert(w, line("version 2\n")+line("bundle-uri\n")+line("ls-refs\n")+line("fetch=shallow filter packfile-uris\n")+"0000")
		}, func(w http.ResponseWriter, req *http.Request) {
			body, _ := io.ReadAll(req.Body)
			if bytes.Contains(body, []byte("bundle-uri")) {
				asked.Add(1)
			}
			http.Error(w, "no", http.StatusInternalServerError)
		}, Network},
		"a server that unpacks into memory": {func(w http.ResponseWriter, _ http.Handler, _ *http.Request) {
			w.Header().Set("Content-Type", "application/x-git-upload-pack-advertisement")
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(bomb)
		}, nil, Limit},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _, base, head := pull(t)
			srv := serve(t, r)
			srv.wrap = func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
					switch {
					case req.Method == http.MethodGet && c.get != nil:
						c.get(w, next, req)
					case req.Method == http.MethodPost && c.post != nil && !lsRefs(req):
						c.post(w, req)
					default:
						next.ServeHTTP(w, req)
					}
				})
			}
			_, err := bounded(t, FetchOptions{URL: srv.url(), Base: base, Head: head, Token: "ghs_secret", Limits: Limits{FetchBytes: 4_000_000, GitMemory: 200_000_000}})
			wantError(t, err, c.kind)
			if err != nil && strings.ContainsAny(err.Error(), "\x1b\x07\r\n\u202e") {
				t.Errorf("%q holds what the server wanted to be printed", err.Error())
			}
			if err != nil && strings.Contains(err.Error(), "ghs_secret") {
				t.Errorf("%v holds the token", err)
			}
		})
	}
}

// lsRefs says whether a request of version 2 of the protocol only lists refs. The body can be read again.
func lsRefs(req *http.Request) bool {
	body, err := io.ReadAll(req.Body)
	req.Body = io.NopCloser(bytes.NewReader(body))
	return err == nil && bytes.Contains(body, []byte("command=ls-refs"))
}

// gzipBomb is half a megabyte that becomes half a gigabyte.
func gzipBomb(t *testing.T) []byte {
	t.Helper()
	r, err := os.Open("/dev/zero")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.Copy(z, io.LimitReader(r, 1<<29)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
