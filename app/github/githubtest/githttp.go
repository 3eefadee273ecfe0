package githubtest

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/cgi"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// maxPush bounds the body of a git request.
const maxPush = 256 << 20

// serveGit serves a repository over git's smart HTTP protocol, with the token as the password of Basic authentication.
func (g *GitHub) serveGit(w http.ResponseWriter, r *http.Request) {
	name, rest, _ := strings.Cut(strings.Trim(r.URL.Path, "/"), ".git/")
	g.mu.Lock()
	fault := g.fault(r.Method, r.URL.Path)
	g.mu.Unlock()
	if fault != nil && g.before(w, r, fault) {
		return
	}
	push := rest == "git-receive-pack" || r.URL.Query().Get("service") == "git-receive-pack"
	g.mu.Lock()
	repo, by, status, message := g.gitAccess(r, name, push)
	g.mu.Unlock()
	if status != 0 {
		if status == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", `Basic realm="GitHub"`)
		}
		http.Error(w, message, status)
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxPush+1))
	if err != nil || len(body) > maxPush {
		http.Error(w, "the request is too large or was cut", http.StatusBadRequest)
		return
	}
	handler, err := gitHandler(repo, by, rest)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	r.TransferEncoding = nil // the whole body is known now, which CGI needs
	if rest != "git-receive-pack" {
		g.serveCGI(w, r, handler, fault)
		return
	}
	// A push moves branches: GitHub looks at them afterwards. One push at a time.
	g.mu.Lock()
	defer g.mu.Unlock()
	if refused := repo.refusedPush(by, body, r.Header.Get("Content-Encoding")); refused != "" {
		http.Error(w, refused, http.StatusForbidden)
		return
	}
	before, err := repo.git.refs("refs/heads/")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	handler.ServeHTTP(w, r)
	err = repo.git.reload()
	after, refsErr := repo.git.refs("refs/heads/")
	err = errors.Join(err, refsErr)
	if err != nil {
		g.violations = append(g.violations, Violation{Method: r.Method, Path: r.URL.Path, Where: "answer", Message: err.Error()})
		return
	}
	all := map[string]bool{}
	for ref := range before {
		all[ref] = true
	}
	for ref := range after {
		all[ref] = true
	}
	for _, ref := range sortedKeys(all) {
		old, now := before[ref], after[ref]
		if old == now {
			continue
		}
		forced := old != "" && now != "" && !repo.git.isAncestor(old, now)
		if err := repo.moved(by, strings.TrimPrefix(ref, "refs/heads/"), old, now, forced); err != nil {
			g.violations = append(g.violations, Violation{Method: r.Method, Path: r.URL.Path, Where: "answer", Message: err.Error()})
		}
	}
}

// gitAccess finds the repository and checks the token. A status of 0 is a yes.
func (g *GitHub) gitAccess(r *http.Request, name string, push bool) (repo *Repo, by *User, status int, message string) {
	a, e := g.actorOf(r)
	if e != nil {
		return nil, nil, http.StatusUnauthorized, "Invalid username or token."
	}
	repo = g.repos[lower(name)]
	const unknown = "Repository not found."
	if a.token == nil {
		if repo == nil || repo.private || push {
			return nil, nil, http.StatusUnauthorized, "Authentication required."
		}
		return repo, nil, 0, ""
	}
	by = a.user()
	if repo == nil {
		return nil, nil, http.StatusNotFound, unknown
	}
	need := "contents:read"
	role := "read"
	if push {
		need, role = "contents:write", "write"
	}
	denied := "Permission to " + repo.FullName() + ".git denied to " + by.Login + "."
	if t := a.token; t.inst != nil {
		switch {
		case !t.sees(repo) && repo.private:
			return nil, nil, http.StatusNotFound, unknown
		case !t.sees(repo) && push, t.sees(repo) && !t.may(need):
			return nil, nil, http.StatusForbidden, denied
		}
		return repo, by, 0, ""
	}
	switch {
	case !repo.can(by, "read"):
		return nil, nil, http.StatusNotFound, unknown
	case !repo.can(by, role):
		return nil, nil, http.StatusForbidden, denied
	}
	return repo, by, 0, ""
}

// refusedPush reads the commands of a push (pkt-lines "old new ref") and says why one of them is refused.
func (r *Repo) refusedPush(by *User, body []byte, encoding string) string {
	if encoding == "gzip" {
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return "the body is not gzip"
		}
		if body, err = io.ReadAll(io.LimitReader(z, 1<<20)); err != nil {
			return "the body is not gzip"
		}
	}
	for len(body) >= 4 {
		size := 0
		for _, c := range string(body[:4]) {
			d := strings.IndexRune("0123456789abcdef", c)
			if d < 0 {
				return ""
			}
			size = size*16 + d
		}
		if size < 5 || size > len(body) {
			return ""
		}
		line, _, _ := strings.Cut(string(body[4:size]), "\x00")
		body = body[size:]
		f := strings.Fields(line)
		if len(f) < 3 {
			continue
		}
		branch, isBranch := strings.CutPrefix(f[2], "refs/heads/")
		if !isBranch && !strings.HasPrefix(f[2], "refs/tags/") {
			return "deny updating a hidden ref " + f[2]
		}
		if p := r.protection(branch); p != nil && isBranch {
			if err := r.mayPush(by, p); err != nil {
				return err.Error()
			}
		}
	}
	return ""
}

// gitHandler runs git's own server for one request.
func gitHandler(repo *Repo, by *User, rest string) (*cgi.Handler, error) {
	exe, err := exec.LookPath("git")
	if err != nil {
		return nil, err
	}
	env := gitEnv("GIT_PROJECT_ROOT="+filepath.Dir(repo.git.dir), "GIT_HTTP_EXPORT_ALL=1", "PATH_INFO=/"+filepath.Base(repo.git.dir)+"/"+rest)
	if by != nil {
		env = append(env, "REMOTE_USER="+by.Login)
	}
	return &cgi.Handler{Path: exe, Args: []string{"http-backend"}, Dir: repo.git.dir, Env: env, Stderr: io.Discard, InheritEnv: []string{"PATH"}, Logger: log.New(io.Discard, "", 0)}, nil
}

// serveCGI runs the handler, with the fault that comes after.
func (g *GitHub) serveCGI(w http.ResponseWriter, r *http.Request, handler *cgi.Handler, fault *Fault) {
	// HTTP_GIT_PROTOCOL is set by cgi from the header; git reads GIT_PROTOCOL.
	if p := r.Header.Get("Git-Protocol"); p != "" {
		handler.Env = append(handler.Env, "GIT_PROTOCOL="+p)
	}
	if fault == nil || !slices.Contains([]FaultKind{Cut, AnswerLost, HoldAfter, Shape, Drip, Stale}, fault.Kind) {
		handler.ServeHTTP(w, r)
		return
	}
	kept := &recorder{header: http.Header{}, status: http.StatusOK}
	handler.ServeHTTP(kept, r)
	a := &answer{status: kept.status, raw: kept.body.Bytes(), header: kept.header}
	if !g.after(w, r, fault, a) {
		g.write(w, a)
	}
}

// A recorder keeps an answer.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (k *recorder) Header() http.Header         { return k.header }
func (k *recorder) WriteHeader(status int)      { k.status = status }
func (k *recorder) Write(b []byte) (int, error) { return k.body.Write(b) }
