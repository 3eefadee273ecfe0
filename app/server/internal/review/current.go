package review

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/reviewgate-app/reviewgate/app/config"
	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/report"
	"github.com/reviewgate-app/reviewgate/app/source"
)

// Current is the configuration that applies to a repository now: to every change that does not bring one of its own.
type Current struct {
	Config *config.Effective
	// Key is the key of the stored configuration for a head that brings one of its own, or "" for all others.
	Key func(head string) string

	digest   string
	loaded   map[string]bool // by key of a stored configuration: it says the same
	reviewer *Reviewer
	floor    bool // the repository is the one that holds the floor
}

// Current reads the configuration that applies to a repository at a tip of its default branch.
func (r *Reviewer) Current(ctx context.Context, ref Ref, repo github.Repository, tip string) (c *Current, err error) {
	j := r.judgeTip(ref, repo, tip)
	defer j.close(ctx)
	if err := j.readConfig(ctx); err != nil {
		return nil, err
	}
	c = &Current{Config: j.config, Key: j.configFor, loaded: map[string]bool{}, reviewer: r, floor: j.floorRepo()}
	c.digest, err = digest(j.config)
	return c, err
}

func (r *Reviewer) judgeTip(ref Ref, repo github.Repository, tip string) *judgement {
	live := &github.PullFacts{Repository: repo, DefaultSHA: tip}
	live.Facts = gate.Facts{Repo: ref.repo(), State: "open", Head: tip, BaseRef: repo.DefaultBranch, Base: tip, Default: repo.DefaultBranch}
	j := r.judge(r.opt.GitHub(ref.Installation), ref, live)
	j.git = &gitFacts{MergeBase: tip}
	return j
}

// digest is what a configuration says, apart from where it was read and from advice to its owners.
func digest(e *config.Effective) (string, error) {
	policy := *e.Policy
	policy.Sources = nil
	data, err := json.Marshal(config.Effective{Policy: &policy, Rules: e.Rules, Scan: e.Scan, Codeowners: e.Codeowners})
	if err != nil {
		return "", fmt.Errorf("comparing configurations: %w", err)
	}
	return key(string(data)), nil
}

// Same says whether a decision was made by a configuration that says the same as the current one. key is the decision's.
func (c *Current) Same(ctx context.Context, key string, f *gate.Facts) (bool, error) {
	if c.Brings(f) {
		return key == c.Key(f.Head), nil
	}
	if key == c.Key("") {
		return true, nil
	}
	if same, ok := c.loaded[key]; ok {
		return same, nil
	}
	data, err := c.reviewer.opt.Store.Config(ctx, key)
	if err != nil {
		return false, err
	}
	var was config.Effective
	same := false
	if data != nil && json.Unmarshal(data, &was) == nil && was.Policy != nil {
		before, err := digest(&was)
		if err != nil {
			return false, err
		}
		same = before == c.digest
	}
	c.loaded[key] = same
	return same, nil
}

// Brings says whether a change brings a configuration of its own.
func (c *Current) Brings(f *gate.Facts) bool {
	reads := func(path string) bool { return config.Paths(path) || c.floor && config.FloorPaths(path) }
	return slices.ContainsFunc(f.Files, func(f gate.FileChange) bool { return reads(f.Path) || reads(f.OldPath) })
}

// errRewritten says that a branch was not only added to.
var errRewritten = errors.New("the branch was rewritten")

// Pushed lists the commits that came onto a branch between two of its tips. An error that Lasting reports means that it cannot be told.
func (r *Reviewer) Pushed(ctx context.Context, ref Ref, repo github.Repository, from, to string) (out map[string]bool, err error) {
	j := r.judgeTip(ref, repo, to)
	token, err := j.gh.Token(ctx, ref.Owner, ref.Name)
	if err != nil {
		return nil, err
	}
	s, err := r.opt.Fetch(ctx, ref.RepoID, source.FetchOptions{URL: j.gh.CloneURL(ref.Owner, ref.Name), Token: token, Base: from, Head: to})
	if err != nil {
		return nil, fmt.Errorf("fetching a branch: %w", err)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if s.MergeBase != from {
		return nil, errRewritten
	}
	commits, err := s.Commits(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the commits of a branch: %w", err)
	}
	out = map[string]bool{}
	for _, c := range commits {
		out[c.SHA] = true
	}
	return out, nil
}

// Lasting says that asking again would not change an error.
func Lasting(err error) bool { return errors.Is(err, errRewritten) || final(err) || lasting(err) }

// Slot is where the check run of a head into a base is told.
func Slot(ref Ref, head, defaultBranch, baseRef string) string {
	return checkSlot(ref, head, gate.CheckName(defaultBranch, baseRef))
}

// TakeBack sets a green check to "in progress": what it rested on changed, and it is looked at again.
func (r *Reviewer) TakeBack(ctx context.Context, ref Ref, head, name, why string) (err error) {
	if ref.Seq, err = r.opt.Number(ctx); err != nil {
		return err
	}
	run := &report.CheckRun{Name: name, Status: "in_progress", Title: "Looking again", Summary: why + " The result will stand here in a moment."}
	if err := r.opt.Store.Keep(ctx, Outcome{Ref: ref, Deeds: []Deed{setCheck(ref, checkSlot(ref, head, name), head, run)}}); err != nil {
		return fmt.Errorf("taking back a green check: %w", err)
	}
	return r.opt.Outbox.Deliver(ctx, ref)
}
