package source

import (
	"context"
	"fmt"
	"os"
	"strings"
)

// FetchTree reads the whole tree of opt.Head from a server: everything is Added, as with LocalOptions.All. opt.Base and opt.Extra are not used.
func FetchTree(ctx context.Context, opt FetchOptions) (_ *Snapshot, err error) {
	s, err := openServer(ctx, opt, []string{opt.Head})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = s.Close()
		}
	}()
	s.all = true
	if err := s.fetchCommits(ctx, opt.Head); err != nil {
		return nil, err
	}
	if err := s.fetchTrees(ctx, opt.Head); err != nil {
		return nil, err
	}
	list, err := s.view.list(ctx, opt.Head, true)
	if err != nil {
		return nil, s.explain(err, "list the files", opt.URL)
	}
	entries := make([]*entry, len(list))
	for i, t := range list {
		entries[i] = &entry{path: t.path, new: side{mode: t.mode, id: t.id, stored: true}}
	}
	return s, s.allFiles(entries)
}

// Tip asks a server for the commit that a branch is at. Nothing is fetched. Errors are those of Fetch; a branch that is not there is NotFound.
func Tip(ctx context.Context, url, token, branch string) (sha string, err error) {
	u, err := checkURL(url)
	if err != nil {
		return "", err
	}
	g, err := newGit(ctx)
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "reviewgate-*") // a folder in which git finds no repository
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	r := &remote{git: g, dir: dir, url: url, scheme: u.Scheme}
	r.authorize(token)
	c := r.command("ls-remote", "--refs", "source", "refs/heads/"+branch)
	c.env = append(c.env, "GIT_CEILING_DIRECTORIES="+dir)
	out, err := g.run(ctx, c)
	if err != nil {
		return "", r.explain(err)
	}
	for line := range strings.Lines(string(out)) { // the name is a pattern for git, and could match more
		if id, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t"); name == "refs/heads/"+branch && isHash(id) {
			return id, nil
		}
	}
	return "", &Error{Kind: NotFound, Op: "ask for a branch", Where: url, What: fmt.Sprintf("the server has no branch %q", clip(branch, 200)), Remedy: "check the name of the branch"}
}
