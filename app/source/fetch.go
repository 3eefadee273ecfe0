package source

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// FetchOptions say what to fetch.
type FetchOptions struct {
	Dir    string   // cache folder of this one repository; made if it is not there, guarded by locks, may be deleted at any time
	URL    string   // https, or http to this machine (loopback); no user, password, query
	Token  string   // installation or workflow token, sent as "x-access-token"; "" for a public repository. Never stored, never an argument
	Base   string   // SHA of the base branch
	Head   string   // SHA of the head
	Extra  []string // further SHAs whose trees are wanted (the default branch: FilesAt)
	Limits Limits
}

// How often and after which pauses a fetch is tried again when the network fails.
var retryAfter = [...]time.Duration{250 * time.Millisecond, time.Second}

const (
	// A cache folder with more packs than this is emptied: each fetch adds one to three, and many make every look-up slow.
	maxPacks = 200
	// A server that sends less than lowSpeedBytes a second for lowSpeedTime seconds is given up.
	lowSpeedBytes, lowSpeedTime = "1000", "20"
)

// Fetch reads a pull request from a server by SHA. It fetches the commit history without trees and files (--filter=tree:0), then the
// trees of merge base, head and Extra, then the changed blobs, each in one request and only what the cache folder lacks. The history is
// whole, never shallow, so that merge base and commits are computed here. The caller closes the snapshot.
//
// Errors: kind NotFound if the server does not show the repository or a commit with this token, Network (Retryable) if it cannot be
// reached or breaks off, Limit if a download is over Limits.FetchBytes.
func Fetch(ctx context.Context, opt FetchOptions) (_ *Snapshot, err error) {
	shas := append([]string{opt.Base, opt.Head}, opt.Extra...)
	s, err := openServer(ctx, opt, shas)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = s.Close()
		}
	}()
	s.Base, s.Against = opt.Base, short(opt.Base)
	if err := s.fetchCommits(ctx, shas...); err != nil {
		return nil, err
	}
	if s.MergeBase, err = s.MergeBaseOf(ctx, opt.Base, opt.Head); err != nil {
		return nil, err
	}
	if err := s.fetchTrees(ctx, append([]string{s.MergeBase, opt.Head}, opt.Extra...)...); err != nil {
		return nil, err
	}
	entries, err := s.treeEntries(ctx, s.MergeBase, opt.Head)
	if err != nil {
		return nil, s.explain(err, "compare the commits", opt.URL)
	}
	dirs, err := s.baseDirs(ctx, s.MergeBase, entries)
	if err != nil {
		return nil, s.explain(err, "compare the commits", opt.URL)
	}
	s.finish(entries, dirs)
	return s, nil
}

// openServer opens the cache folder of a server's repository, in which nothing need be yet.
func openServer(ctx context.Context, opt FetchOptions, shas []string) (_ *Snapshot, err error) {
	u, err := checkURL(opt.URL)
	if err != nil {
		return nil, err
	}
	for _, sha := range shas {
		if !isHash(sha) || len(sha) != len(opt.Head) {
			return nil, &Error{Kind: Usage, Op: "fetch", Where: opt.URL, What: fmt.Sprintf("%q is not a commit id in full", clip(sha, 100))}
		}
	}
	g, err := newGit(ctx)
	if err != nil {
		return nil, err
	}
	s := &Snapshot{limits: opt.Limits.withDefaults(), Head: opt.Head, headRev: opt.Head}
	g.maxMemory = s.limits.GitMemory
	defer func() {
		if err != nil {
			_ = s.Close()
		}
	}()
	dir, err := filepath.Abs(opt.Dir)
	if err != nil {
		return nil, err
	}
	s.cache, err = openCache(ctx, dir, s.limits.CacheBytes)
	if err != nil {
		return nil, cacheError(ctx, dir, err)
	}
	s.remote = &remote{git: g, dir: filepath.Join(dir, "git"), lock: filepath.Join(dir, "fetch.lock"), url: opt.URL, scheme: u.Scheme, limit: s.limits.FetchBytes, sha256: len(opt.Head) == 64}
	s.remote.authorize(opt.Token)
	if err := s.remote.init(ctx); err != nil {
		return nil, cacheError(ctx, dir, err)
	}
	s.view, err = viewOf(g, s.remote.dir, s.remote.dir, "", s.remote.sha256, nil)
	return s, err
}

func (r *remote) authorize(token string) {
	if token == "" {
		return
	}
	auth := base64.StdEncoding.EncodeToString([]byte("x-access-token:" + token))
	r.headers = []string{"Authorization: Basic " + auth}
	r.secrets = []string{token, auth}
}

// checkURL accepts https anywhere and http on this machine.
func checkURL(raw string) (*url.URL, error) {
	bad := func(what string) (*url.URL, error) {
		return nil, &Error{Kind: Usage, Op: "fetch", What: what, Remedy: "give an address like https://github.example.com/owner/name.git"}
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || strings.ContainsAny(raw, "\n\r\x00"):
		return bad("the repository's address cannot be read")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return bad("the repository's address must not hold a user, password, query or fragment") // not printed: it may be a secret
	case u.Scheme == "https":
		return u, nil
	case u.Scheme == "http" && isLoopback(u.Hostname()):
		return u, nil
	}
	return bad(fmt.Sprintf("%s is neither https nor http on this machine", printable(clip(raw, 200))))
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// openCache takes a share in the cache folder, which keeps others from emptying it, and empties it first if it has grown too large and
// nobody else reads it.
func openCache(ctx context.Context, dir string, limit int64) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	use := filepath.Join(dir, "use.lock")
	if packs, size := packSize(filepath.Join(dir, "git", "objects", "pack")); packs > maxPacks || size > limit {
		alone, err := lockFile(ctx, use, true, false)
		if err == nil {
			err = os.RemoveAll(filepath.Join(dir, "git"))
			_ = alone.Close()
		}
		if err != nil && !errors.Is(err, errLocked) {
			return nil, err
		}
	}
	return lockFile(ctx, use, false, true)
}

var errLocked = errors.New("the file is locked")

func cacheError(ctx context.Context, dir string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &Error{Op: "open the cache folder", Where: dir, What: reason(err), Remedy: "check that it can be written", Err: err}
}

// packSize counts packs and adds up the sizes of all files of a pack folder.
func packSize(dir string) (packs int, size int64) {
	list, err := os.ReadDir(dir)
	if err != nil {
		return 0, 0
	}
	for _, e := range list {
		if info, err := e.Info(); err == nil {
			size += info.Size()
		}
		if strings.HasSuffix(e.Name(), ".pack") {
			packs++
		}
	}
	return packs, size
}

// A remote is where missing objects come from, and the git folder that they go to.
type remote struct {
	git     *git
	dir     string // a bare git folder of our own: the cache's, or a view
	lock    string // "" for a view, which nobody else knows
	url     string
	scheme  string
	headers []string
	secrets []string // never in a message
	limit   int64
	sha256  bool
}

// init makes the bare git folder. HEAD comes last: it marks a folder that is complete.
func (r *remote) init(ctx context.Context) error {
	unlock, err := r.take(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := os.Stat(filepath.Join(r.dir, "HEAD")); err == nil {
		return nil
	}
	for _, sub := range []string{"objects/info", "objects/pack", "refs/seen"} {
		if err := os.MkdirAll(filepath.Join(r.dir, sub), 0o700); err != nil {
			return err
		}
	}
	config := "[core]\n\trepositoryformatversion = 1\n\tbare = true\n"
	if r.sha256 {
		config += "[extensions]\n\tobjectformat = sha256\n"
	}
	if err := os.WriteFile(filepath.Join(r.dir, "config"), []byte(config), 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.dir, "HEAD"), []byte("ref: refs/heads/none\n"), 0o600)
}

// take locks the folder for writing and clears away what a killed or broken fetch left behind: while the lock is held, nobody else's
// temporary files can be there.
func (r *remote) take(ctx context.Context) (unlock func(), err error) {
	if r.lock == "" {
		return func() {}, nil
	}
	f, err := lockFile(ctx, r.lock, true, true)
	if err != nil {
		return nil, err
	}
	for _, pattern := range []string{"objects/pack/tmp_*", "objects/pack/.tmp-*", "objects/tmp_*", "refs/seen/*.lock", "*.lock"} {
		left, _ := filepath.Glob(globQuote(r.dir) + "/" + pattern)
		for _, p := range left {
			_ = os.RemoveAll(p)
		}
	}
	r.dropLoose()
	return func() { _ = f.Close() }, nil
}

// fetchCommits makes sure that commits and their whole history are here. Only Fetch has a history to fetch.
func (s *Snapshot) fetchCommits(ctx context.Context, shas ...string) error {
	if s.remote == nil || s.cache == nil {
		return nil
	}
	return s.remote.commits(ctx, shas)
}

// commits fetches history without trees and blobs. A ref is kept for each commit that was asked for, so that the next fetch says what is
// here already; it also is the mark that all its history arrived.
func (r *remote) commits(ctx context.Context, shas []string) error {
	missing := func() (specs []string) {
		for _, sha := range slices.Compact(slices.Sorted(slices.Values(shas))) {
			if _, err := os.Stat(filepath.Join(r.dir, "refs", "seen", sha)); err != nil {
				specs = append(specs, sha+":refs/seen/"+sha)
			}
		}
		return specs
	}
	if len(missing()) == 0 {
		return nil
	}
	return r.fetch(ctx, "tree:0", "default", missing)
}

// trees fetches whole trees without blobs. Nothing is said of what is here: the server would take commits for trees, too.
func (r *remote) trees(ctx context.Context, ids []string) error {
	return r.fetch(ctx, "blob:none", "noop", func() []string { return ids })
}

// objects fetches blobs. If they are over the limit together, halves are tried, so that one huge file does not take the others with it;
// what alone is over the limit stays missing.
func (r *remote) objects(ctx context.Context, ids []string) error {
	for part := range slices.Chunk(ids, 20_000) {
		err := r.trees(ctx, part) // blobs named one by one pass the filter
		if err != nil && kindOf(err) == Limit {
			if len(part) == 1 {
				continue
			}
			half := len(part) / 2
			err = errors.Join(r.objects(ctx, part[:half]), r.objects(ctx, part[half:]))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// fetch runs git fetch, again after network trouble. specs is asked under the lock: somebody else may have fetched the same meanwhile.
func (r *remote) fetch(ctx context.Context, filter, negotiation string, specs func() []string) error {
	unlock, err := r.take(ctx)
	if err != nil {
		return cacheError(ctx, r.dir, err)
	}
	defer func() { unlock() }()
	for try := 0; ; try++ {
		want := specs()
		if len(want) == 0 {
			return nil
		}
		err := r.fetchOnce(ctx, filter, negotiation, want)
		if r.dropLoose() && err == nil {
			err = &Error{Kind: Network, Op: "fetch", Where: r.url, What: "the server does not speak git's protocol", Remedy: "try again; if it stays, check the address and what stands in front of the server"}
		}
		if err == nil || kindOf(err) != Network || try == len(retryAfter) {
			return err
		}
		unlock() // others may try meanwhile; taking the lock anew clears what the broken fetch left
		unlock = func() {}
		wait := time.NewTimer(retryAfter[try])
		select {
		case <-ctx.Done():
			wait.Stop()
			return ctx.Err()
		case <-wait.C:
		}
		if unlock, err = r.take(ctx); err != nil {
			unlock = func() {}
			return cacheError(ctx, r.dir, err)
		}
	}
}

// dropLoose removes single objects and says whether there were any. What is fetched comes in packs, whole. To a server that answers as if it were a plain
// folder of files git falls back to asking for one object after the other; if that breaks off, a tree is here without those below it, which would be
// taken for a whole one.
func (r *remote) dropLoose() (found bool) {
	if r.lock == "" {
		return false // a view of somebody's repository, which is gone after use
	}
	loose, _ := filepath.Glob(globQuote(r.dir) + "/objects/[0-9a-f][0-9a-f]")
	for _, dir := range loose {
		found = true
		_ = os.RemoveAll(dir)
	}
	return found
}

func (r *remote) fetchOnce(ctx context.Context, filter, negotiation string, specs []string) error {
	c := r.command("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--recurse-submodules=no", "--no-show-forced-updates",
		"--filter="+filter, "--stdin", "source")
	c.stdin = strings.NewReader(strings.Join(specs, "\n") + "\n")
	c.env = append(c.env, "GIT_DIR="+r.dir)
	c.config = append(c.config, [][2]string{
		{"remote.source.promisor", "true"},
		{"remote.source.partialCloneFilter", filter},
		{"fetch.negotiationAlgorithm", negotiation},
		{"fetch.writeCommitGraph", "false"},
	}...)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var group errgroup.Group
	done := make(chan struct{})
	pack := filepath.Join(r.dir, "objects", "pack")
	_, before := packSize(pack)
	group.Go(func() error {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return nil
			case <-tick.C:
				if _, now := packSize(pack); now-before > r.limit {
					stop(errOverLimit)
					return nil
				}
			}
		}
	})
	_, err := r.git.run(ctx, c)
	close(done)
	_ = group.Wait()
	if err != nil && errors.Is(context.Cause(ctx), errOverLimit) {
		return &Error{Kind: Limit, Op: "fetch", Where: r.url, What: "the download is over the limit of " + megabytes(r.limit), Remedy: "raise the limit if this is wanted", Err: errOverLimit}
	}
	if err != nil {
		return r.explain(err)
	}
	return nil
}

// command is a git command that speaks with the server, which is called "source", and with nobody else.
func (r *remote) command(args ...string) command {
	c := command{
		dir: r.dir, args: args,
		env: []string{
			"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull,
			"GIT_ALLOW_PROTOCOL=" + r.scheme,
			"HOME=" + filepath.Join(r.dir, "nobody"), "XDG_CONFIG_HOME=" + filepath.Join(r.dir, "nobody"), // no .netrc
		},
		config: [][2]string{
			{"remote.source.url", r.url},
			{"protocol.version", "2"},
			{"http.followRedirects", "false"}, // a redirection could carry the token elsewhere
			{"http.lowSpeedLimit", lowSpeedBytes},
			{"http.lowSpeedTime", lowSpeedTime},
			{"http.emptyAuth", "false"},
		},
	}
	for _, h := range r.headers {
		c.config = append(c.config, [2]string{"http.extraHeader", h})
	}
	for _, name := range []string{"https_proxy", "HTTPS_PROXY", "http_proxy", "no_proxy", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"} {
		if v, ok := os.LookupEnv(name); ok && v != "" {
			c.env = append(c.env, name+"="+v)
			if name == "SSL_CERT_FILE" {
				c.config = append(c.config, [2]string{"http.sslCAInfo", v})
			}
		}
	}
	return c
}

var errOverLimit = errors.New("download over the limit")

// explain tells what git's message means.
func (r *remote) explain(err error) error {
	var re *runError
	if !errors.As(err, &re) {
		return err // cancelled
	}
	text := re.stderr
	for _, secret := range r.secrets {
		text = strings.ReplaceAll(text, secret, "***")
	}
	re.stderr = text
	e := &Error{Kind: Network, Op: "fetch", Where: r.url, What: lastLine(text), Err: re}
	if e.What == "" {
		e.What = re.err.Error()
	}
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
	}
	switch {
	case has("not our ref", "unadvertised object", "couldn't find remote ref"):
		e.Kind, e.What = NotFound, "the server does not have a commit or object that was asked for: "+e.What
		e.Remedy = "check the SHA; it may have been force-pushed away and deleted"
	case has("error: 401", "error: 403", "error: 404", "Authentication failed", "could not read Username", "could not read Password", "not found", "Permission"):
		e.Kind, e.What = NotFound, "the server does not show this repository with this token: "+e.What
		e.Remedy = "check the address, and that the token may read contents"
	case has("error: 301", "error: 302", "error: 307", "error: 308", "redirect"):
		e.Kind, e.What = NotFound, "the repository has moved: "+e.What
		e.Remedy = "use its new address"
	case has("No space left", "Permission denied", "Read-only file system", "unable to create", "unable to write"):
		e.Kind, e.Remedy = Failed, "check the space and the rights of "+printable(r.dir)
	default:
		e.Remedy = "try again; if it stays, check the network and the server"
	}
	return e
}

// partial says whether objects of the repository may be missing on purpose.
func (r *repository) partial() bool { return r.promisorURL() != "" }

// promisorURL finds the address that a partial clone fetches from.
func (r *repository) promisorURL() string {
	var names []string
	for key, v := range r.config {
		name, ok := strings.CutPrefix(key, "remote.")
		if !ok {
			continue
		}
		if n, ok := strings.CutSuffix(name, ".promisor"); ok && v[len(v)-1] == "true" {
			names = append(names, n)
		} else if n, ok := strings.CutSuffix(name, ".partialclonefilter"); ok {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	for _, n := range names {
		if u := r.last("remote." + n + ".url"); u != "" {
			return u
		}
	}
	return ""
}

// promisor lets a local partial clone fetch missing objects into the view, over https only and without any program of the user's or the
// repository's (no credential helper, no ssh). Only the address and the headers that actions/checkout leaves are taken over.
// It is nil if that is not possible; what is missing then is an Error that says how to fetch it.
func (r *repository) promisor(v *view) *remote {
	address := r.promisorURL()
	u, err := checkURL(address)
	if address == "" || err != nil {
		return nil
	}
	out := &remote{git: r.git, dir: v.dir, url: address, scheme: u.Scheme, limit: 1_000_000_000, sha256: r.sha256}
	site := strings.ToLower(u.Scheme + "://" + u.Host + "/")
	for key, values := range r.config {
		if where, ok := strings.CutPrefix(key, "http."); ok && strings.HasSuffix(where, ".extraheader") {
			if strings.EqualFold(strings.TrimSuffix(strings.TrimSuffix(where, ".extraheader"), "/")+"/", site) {
				out.headers = append(out.headers, values...)
			}
		}
	}
	out.headers = slices.DeleteFunc(out.headers, func(h string) bool { return h == "" || strings.ContainsAny(h, "\r\n") })
	slices.Sort(out.headers)
	out.secrets = out.headers
	return out
}
