package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// HistoryOptions say which changes of a branch are wanted.
type HistoryOptions struct {
	Dir    string    // a folder of a repository, or a bare one
	Branch string    // revision; "": the default branch, of a bare repository HEAD
	Since  time.Time // what was merged earlier is left out; the zero time: nothing is
	Limit  int       // the newest so many; 0: all, up to maxHistory
}

// A History is how a branch came about, one change after the other.
type History struct {
	Name   string   // "owner/name" where the repository names its origin; else the name of the folder
	Branch string   // as it was named or found
	Head   string   // SHA
	Merged []Merged // newest first
	Newest time.Time
	// Cut says that a shallow clone ends here: there are older changes, which are not to be seen.
	Cut bool
}

// Merged is one step of a branch's first-parent history: the change that a merge, a squash or a push brought in.
type Merged struct {
	SHA    string
	Parent string    // the first; "" for a root commit
	Merge  bool      // it has more than one parent
	At     time.Time // the committer's clock
}

// maxHistory bounds the commits of a branch that are looked at.
const maxHistory = 200_000

// HistoryOf lists the changes of a branch. Only commits are read.
func HistoryOf(ctx context.Context, opt HistoryOptions) (_ *History, err error) {
	dir, err := realDir(opt.Dir)
	if err != nil {
		return nil, err
	}
	r, err := openRepository(ctx, dir)
	if err != nil {
		return nil, err
	}
	v, err := viewOf(r.git, r.common, r.gitDir, "", r.sha256, r.storageConfig())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, v.close()) }()
	h := &History{Name: r.name(), Branch: opt.Branch}
	switch {
	case h.Branch != "":
		h.Head, err = r.commit(ctx, h.Branch)
	case r.bare:
		h.Branch = "HEAD"
		h.Head, err = r.commit(ctx, h.Branch)
	case r.unborn(ctx):
		err = &Error{Kind: Usage, Op: "read the history", Where: dir, What: "the repository has no commits yet", Remedy: "name a repository with a history"}
	default:
		var head string
		if head, err = r.commit(ctx, "HEAD"); err == nil {
			if h.Head, h.Branch, err = r.defaultBase(ctx, "", head); h.Branch == "" || h.Branch == "HEAD" {
				h.Branch = cmp.Or(branchName(r.symbolic(ctx, "HEAD")), "HEAD") // no other is known: what is checked out
			}
		}
	}
	if err != nil {
		return nil, err
	}
	cut, err := v.shallow()
	if err != nil {
		return nil, err
	}
	where := short(h.Head)
	out, err := v.run(ctx, "rev-list", "--first-parent", "--parents", "--timestamp", fmt.Sprintf("--max-count=%d", maxHistory), h.Head)
	if err != nil {
		return nil, (&Snapshot{}).explain(err, "read the history", where)
	}
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		if len(f) < 2 || !isHash(f[1]) {
			return nil, fmt.Errorf("read the history of %s: git answered %q", where, clip(line, 100))
		}
		seconds, err := strconv.ParseInt(f[0], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("read the history of %s: git answered %q", where, clip(line, 100))
		}
		if cut[f[1]] {
			h.Cut = true // what it changed is not known: its parents are missing
			break
		}
		m := Merged{SHA: f[1], Merge: len(f) > 3, At: time.Unix(seconds, 0).UTC()}
		if len(f) > 2 {
			m.Parent = f[2]
		}
		if m.At.After(h.Newest) {
			h.Newest = m.At
		}
		if m.At.Before(opt.Since) {
			continue // clocks of committers differ: an older one may stand before a newer one
		}
		if h.Merged = append(h.Merged, m); opt.Limit > 0 && len(h.Merged) == opt.Limit {
			break
		}
	}
	return h, nil
}

// name is how people call the repository: by its origin, without whose server it lies on.
func (r *repository) name() string {
	origin := r.last("remote.origin.url")
	if u, err := url.Parse(origin); err == nil && u.Host != "" {
		origin = u.Path
	} else if _, path, ok := strings.Cut(origin, ":"); ok && !filepath.IsAbs(origin) { // git@example.com:acme/widgets.git
		origin = path
	}
	parts := strings.Split(strings.Trim(strings.TrimSuffix(filepath.ToSlash(origin), ".git"), "/"), "/")
	if n := len(parts); n >= 2 && !filepath.IsAbs(r.last("remote.origin.url")) {
		return parts[n-2] + "/" + parts[n-1]
	}
	dir := r.top
	if r.bare {
		dir = strings.TrimSuffix(r.gitDir, ".git")
	}
	return filepath.Base(strings.TrimSuffix(dir, string(filepath.Separator)))
}

// CommitAt reads one commit.
func (s *Snapshot) CommitAt(ctx context.Context, sha string) (c Commit, err error) {
	if s.view == nil {
		return c, &Error{Kind: Usage, Op: "read the commit", Where: sha, What: "plain folders have no history"}
	}
	infos, err := s.view.info(ctx, []string{sha})
	if err != nil {
		return c, s.explain(err, "read the commit", short(sha))
	}
	if infos[0].kind != "commit" || infos[0].size > commitBytes {
		return c, &Error{Kind: Limit, Op: "read the commit", Where: short(sha), What: "not a commit of a sensible size"}
	}
	err = s.view.read(ctx, []string{sha}, func(_ int, info objectInfo, data []byte) error {
		c, err = parseCommit(sha, info, data)
		return err
	})
	return c, s.explain(err, "read the commit", short(sha))
}
