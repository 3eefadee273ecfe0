package review

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/github"
)

// A Head is one that a pull request had, as far as we saw.
type Head struct {
	SHA    string
	Was    string      // the head before; "": none, or not known
	Opened bool        // the pull request was opened with it
	By     gate.Person // who pushed it or opened with it; nobody: a job found it
}

// witnessed says whether we know who pushed each of the heads that led to this one, from the first on. Then nothing in it is of anybody else.
func witnessed(heads []Head, head string) bool {
	known := map[string]bool{}
	for _, h := range heads {
		if h.By.ID != 0 {
			known[h.SHA] = true
		}
	}
	for _, h := range heads {
		if !h.Opened && h.By.ID != 0 && !known[h.Was] || !known[h.SHA] {
			return false
		}
	}
	return known[head] && slices.ContainsFunc(heads, func(h Head) bool { return h.Opened })
}

// maxSteps bounds the commits of which the paths are found out, because each takes git some milliseconds.
const maxSteps = 100

// who adds what the policy asks about those behind the change. What cannot be found out stays open: it is then held against whoever it is about.
func (j *judgement) who(ctx context.Context, f *gate.Facts) error {
	p := j.config.Policy
	if p.FirstTime() {
		if err := j.firstTime(ctx, f.Author, &f.FirstTime); err != nil {
			return err
		}
		for i := range f.Siblings {
			if err := j.firstTime(ctx, f.Siblings[i].Author, &f.Siblings[i].FirstTime); err != nil {
				return err
			}
		}
	}
	if !p.ByApp() && !p.ByPath() {
		for i := range f.Commits {
			f.Commits[i].VerifiedApp = ""
		}
		return nil
	}
	heads, err := j.opt.Store.Heads(ctx, j.ref)
	if err != nil {
		return err
	}
	sure := witnessed(heads, f.Head)
	for i := range f.Commits {
		if !sure || !p.ByApp() {
			f.Commits[i].VerifiedApp = "" // GitHub signs what people merge with its buttons in the name of whoever opened the pull request
		}
	}
	if !p.ByPath() {
		return nil
	}
	if sure {
		if err := j.pushed(ctx, f, heads); err != nil {
			return err
		}
	}
	if len(f.Commits) > maxSteps {
		return nil
	}
	for i := range f.Commits {
		if err := j.touched(ctx, &f.Commits[i]); err != nil {
			return err
		}
	}
	return nil
}

// firstTime fills in the fact where GitHub's mark of the author leaves it open.
func (j *judgement) firstTime(ctx context.Context, author gate.Person, fact **bool) error {
	if *fact != nil || author.ID == 0 {
		return nil
	}
	did, err := j.gh.Contributed(ctx, j.ref.Owner, j.ref.Name, author)
	var soon *github.Temporary
	switch {
	case err == nil:
		*fact = new(!did)
	case errors.As(err, &soon):
		j.again = err
	case !final(err):
		return err
	}
	return nil
}

// pushed finds out which paths the pushes of each pusher moved.
func (j *judgement) pushed(ctx context.Context, f *gate.Facts, heads []Head) error {
	open := map[int64]bool{}
	paths := map[int64][]string{}
	for _, h := range heads[:min(len(heads), maxSteps)] {
		if h.By.ID == 0 || h.Opened {
			continue
		}
		moved, known, err := j.stepPaths(ctx, h.Was, h.SHA)
		if err != nil {
			return err
		}
		paths[h.By.ID] = append(paths[h.By.ID], moved...)
		open[h.By.ID] = open[h.By.ID] || !known
	}
	for id, list := range paths { // in any order: each is an entry of its own
		if open[id] || len(heads) > maxSteps {
			continue
		}
		if f.Pushed == nil {
			f.Pushed = map[int64][]string{}
		}
		slices.Sort(list)
		f.Pushed[id] = slices.Compact(list)
	}
	return nil
}

// touched finds out which paths a commit changes against each of its parents.
func (j *judgement) touched(ctx context.Context, c *gate.Commit) error {
	var paths []string
	for _, parent := range c.Parents {
		changed, known, err := j.stepPaths(ctx, parent, c.SHA)
		if err != nil {
			return err
		}
		if !known {
			return nil
		}
		paths = append(paths, changed...)
	}
	slices.Sort(paths)
	c.Paths = slices.Compact(paths)
	return nil
}

// stepPaths lists the paths that differ between two commits, both names of a rename; known is false if they cannot be read any more.
func (j *judgement) stepPaths(ctx context.Context, from, to string) (paths []string, known bool, err error) {
	if from == "" {
		return nil, false, nil
	}
	if paths, known, err = j.opt.Store.Step(ctx, j.ref.RepoID, from, to); err != nil || known {
		return paths, known, err
	}
	s, err := j.fetch(ctx)
	if err != nil {
		return nil, false, err
	}
	changed, err := s.ChangedPaths(ctx, from, to)
	if err != nil && lasting(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	for _, f := range changed {
		for _, path := range []string{f.Path, f.OldPath} {
			if path != "" {
				paths = append(paths, path)
			}
		}
	}
	slices.Sort(paths)
	paths = slices.Compact(paths)
	return paths, true, j.opt.Store.SaveStep(ctx, j.ref.RepoID, from, to, paths)
}

// readLinks reads the symbolic links of both trees: who changes the file that one points to changes what lies in its place.
func (g *gitFacts) readLinks(ctx context.Context, s *Fetched, head string) error {
	seen := map[gate.Link]bool{}
	for _, sha := range []string{s.MergeBase, head} {
		list, err := s.Links(ctx, sha, gate.MaxLinks)
		if err != nil && lasting(err) {
			g.NoLinks = err.Error()
			continue
		}
		if err != nil {
			return fmt.Errorf("reading the symbolic links: %w", err)
		}
		for _, path := range slices.Sorted(maps.Keys(list)) {
			target, ok := gate.LinkTarget(path, string(list[path]))
			if l := (gate.Link{Path: path, Target: target}); ok && !seen[l] {
				seen[l] = true
				g.Links = append(g.Links, linkRow{[]byte(path), []byte(target)})
			}
		}
	}
	if len(g.Links) > gate.MaxLinks {
		g.Links, g.NoLinks = nil, fmt.Sprintf("there are more than %d", gate.MaxLinks)
	}
	return nil
}

func (g *gitFacts) links() []gate.Link {
	var out []gate.Link
	for _, l := range g.Links {
		out = append(out, gate.Link{Path: string(l.Path), Target: string(l.Target)})
	}
	return out
}
