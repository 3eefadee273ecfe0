package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rs/zerolog"

	"github.com/reviewgate-app/reviewgate/app/config"
	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/app/source"
	"github.com/reviewgate-app/reviewgate/checks"
)

// liveLimits stands above a decision that an Action made. What it says is true of every one of them.
const liveLimits = "_Judged once, from the reviews that GitHub lists now. An Action has no memory and hears of nothing between its runs: an approval counts only for the very head " +
	"that it was given for, who pushed is not known beside who committed, no waiver or checklist counts, and the organisation's floor is not read. It advises, unless a ruleset of the organisation requires this workflow._\n\n"

// A livePull is a pull request as GitHub shows it now, and its client.
type livePull struct {
	*github.PullFacts
	client      *github.Client
	owner, repo string
}

// pull reads the pull request for --gate; nil: the flag was not given.
func (f *actionFlags) pull(ctx context.Context, env environment, event *actionEvent) (*livePull, error) {
	const grant = "give the job these permissions: contents: read, pull-requests: read"
	switch {
	case !f.gate:
		return nil, nil
	case event.number == 0:
		return nil, usage(errors.New("--gate judges the reviews of a pull request, and this event is about none"), "run it on: pull_request and pull_request_review, or leave the input 'gate' out")
	}
	p := &livePull{}
	p.owner, p.repo, _ = strings.Cut(event.repo, "/")
	var err error
	if p.client, err = github.WithToken(github.Options{APIURL: env("GITHUB_API_URL"), WebURL: env("GITHUB_SERVER_URL"), Log: zerolog.Nop()}, env("REVIEWGATE_TOKEN")); err != nil {
		return nil, usage(fmt.Errorf("--gate: %w", err), grant)
	}
	if p.PullFacts, err = p.client.Pull(ctx, p.owner, p.repo, event.number); err != nil {
		return nil, &exitError{code: exitUnsure, err: err, remedy: grant}
	}
	switch {
	case p.Facts.Head != event.head:
		return nil, unsure(fmt.Errorf("the pull request has another head by now (%.7s) than this run is for (%.7s); the run for that one judges it", p.Facts.Head, event.head))
	case p.DefaultSHA == "" || p.Facts.Base == "":
		return nil, &exitError{code: exitUnsure, err: errors.New("GitHub does not show where the branches stand"), remedy: grant}
	}
	event.base = p.Facts.Base // of now: the event may be older
	return p, nil
}

// decideLive judges the guards as the App does, with what an Action can know. The policy is that of the default branch as it is now.
func decideLive(ctx context.Context, p *livePull, snap *source.Snapshot, result *scan.Result) (*gate.Decision, error) {
	files, err := snap.FilesAt(ctx, p.DefaultSHA, config.Paths)
	if err != nil {
		return nil, sourceError(err)
	}
	in := config.Input{Repo: config.NewLayer(p.Facts.Repo, p.DefaultSHA, files), NoSink: true}
	if slices.ContainsFunc(snap.Files, func(f *checks.File) bool { return config.Paths(f.Path) || config.Paths(f.OldPath) }) {
		if files, err = snap.FilesAt(ctx, snap.Head, config.Paths); err != nil {
			return nil, sourceError(err)
		}
		in.Head = config.NewLayer(p.Facts.Repo, snap.Head, files)
	}
	eff := config.Load(in)
	f := p.Facts
	f.MergeBase, f.Files, f.Codeowners = snap.MergeBase, fileChanges(snap.Files), eff.Codeowners
	if err := readGit(ctx, &f, snap); err != nil {
		return nil, sourceError(err)
	}
	for _, r := range f.Reviews {
		if r.State == "APPROVED" && r.CommitID == f.Head {
			f.Ledger = append(f.Ledger, gate.Complete(gate.LedgerEntry{ReviewID: r.ID, Reviewer: r.Reviewer.ID, Head: f.Head, BaseRef: f.BaseRef, Base: f.Base, MergeBase: f.MergeBase}, f.Files))
		}
	}
	people, unknown, err := p.client.People(ctx, p.owner, p.repo, gate.Needs(eff.Policy, &f))
	if err != nil {
		return nil, unsure(err)
	}
	f.People, f.Unknown = people, append(f.Unknown, unknown...)
	f.Scan = gate.ScanFacts{Done: true, Failures: result.Failures(), Findings: result.Findings, Unscanned: result.Unscanned}
	for _, r := range result.Rules {
		if r.NeedsHuman {
			f.Scan.NeedsHuman = append(f.Scan.NeedsHuman, r.ID)
		}
	}
	dec := gate.Decide(eff.Policy, &f)
	for i := range dec.Reviews {
		a := &dec.Reviews[i]
		given := slices.IndexFunc(f.Reviews, func(r gate.Review) bool { return r.ID == a.ReviewID })
		if a.State == "APPROVED" && !a.Counts && given >= 0 && f.Reviews[given].CommitID != f.Head {
			a.Because = fmt.Sprintf("was given for %.7s, not for the head; approve once more", f.Reviews[given].CommitID)
		}
	}
	return dec, nil
}

// readGit adds what git knows better than GitHub's lists: which commits there are, what the links point to, which names clash.
func readGit(ctx context.Context, f *gate.Facts, snap *source.Snapshot) error {
	commits, err := snap.Commits(ctx)
	if err != nil {
		return err
	}
	accounts := map[string]gate.Commit{}
	for _, c := range f.Commits {
		accounts[c.SHA] = c
	}
	f.Commits = nil
	missing := 0
	for _, c := range commits {
		a, ok := accounts[c.SHA]
		if !ok {
			missing++
		}
		f.Commits = append(f.Commits, gate.Commit{SHA: c.SHA, Parents: c.Parents, AuthorEmail: c.AuthorEmail, CommitterEmail: c.CommitterEmail, Message: c.Message, CleanMerge: c.CleanMerge,
			Author: a.Author, Committer: a.Committer, CoAuthors: a.CoAuthors})
	}
	if missing > 0 {
		f.Unknown = append(f.Unknown, gate.Unknown{What: "the accounts behind the commits", Reason: fmt.Sprintf("GitHub did not list %d of %d", missing, len(commits))})
	}
	paths, err := snap.Paths(ctx, checks.Head)
	if err != nil {
		return err
	}
	f.Clashes = gate.Clashes(f.Files, paths)
	for _, sha := range []string{snap.MergeBase, snap.Head} {
		links, err := snap.Links(ctx, sha, gate.MaxLinks)
		if err != nil {
			return err
		}
		for _, path := range slices.Sorted(maps.Keys(links)) {
			if target, ok := gate.LinkTarget(path, string(links[path])); ok {
				f.Links = append(f.Links, gate.Link{Path: path, Target: target})
			}
		}
	}
	return nil
}

// verdict turns a decision into an exit code. A policy that does not enforce fails nothing.
func verdict(d *gate.Decision) error {
	switch {
	case d.Advisory, d.Ungoverned, d.State == gate.Pass:
		return nil
	case d.State == gate.Error:
		return &exitError{code: exitUnsure}
	}
	return &exitError{code: exitBlocked}
}
