package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/reviewgate-app/reviewgate/app/source"
	"github.com/reviewgate-app/reviewgate/checks"
)

// An actionEvent is what the runner's event says about the change.
type actionEvent struct {
	url, repo  string
	number     int
	base, head string
	text       checks.PRText
	whole      bool   // the tree of head is looked at, not a change
	branch     string // for a push that names no base, or one that is gone: the default branch, whose tip is compared with; "": base is all there is
	nothing    string // why there is no change; "" where there is one
}

// open reads what the event is about. Nothing of it is checked out.
func (e *actionEvent) open(ctx context.Context, at source.FetchOptions) (*source.Snapshot, error) {
	if e.whole {
		return source.FetchTree(ctx, at)
	}
	if at.Base = e.base; at.Base != "" {
		snap, err := source.Fetch(ctx, at)
		var gone *source.Error
		if err == nil || e.branch == "" || !errors.As(err, &gone) || gone.Kind != source.NotFound {
			return snap, err
		}
	}
	// A new branch, or one whose old tip was forced away.
	tip, err := source.Tip(ctx, at.URL, at.Token, e.branch)
	if err != nil {
		return nil, err
	}
	at.Base = tip
	return source.Fetch(ctx, at)
}

var shaPattern = regexp.MustCompile(`^[0-9a-f]{40}([0-9a-f]{24})?$`)

// maxEvent is above what GitHub sends (25 MB).
const maxEvent = 32 << 20

// readEvent errors are about how the step is run: exit code 2.
func readEvent(env environment) (*actionEvent, error) {
	const remedy = "run this as a step of a workflow on: pull_request, pull_request_target, pull_request_review, merge_group, push, schedule or workflow_dispatch"
	name, path := env("GITHUB_EVENT_NAME"), env("GITHUB_EVENT_PATH")
	if path == "" {
		return nil, usage(errors.New("GITHUB_EVENT_PATH is not set: there is no event to read"), remedy)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, usage(fmt.Errorf("reading the event: %w", err), remedy)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxEvent))
	if err != nil {
		return nil, usage(fmt.Errorf("reading the event: %w", err), remedy)
	}
	var payload struct {
		PullRequest struct {
			Number int    `json:"number"`
			Title  string `json:"title"`
			Body   string `json:"body"`
			Base   commit `json:"base"`
			Head   commit `json:"head"`
		} `json:"pull_request"`
		MergeGroup struct {
			BaseSHA string `json:"base_sha"`
			HeadSHA string `json:"head_sha"`
		} `json:"merge_group"`
		Ref        string `json:"ref"`
		Repository struct {
			Default string `json:"default_branch"`
		} `json:"repository"`
		Before     string `json:"before"`
		After      string `json:"after"`
		HeadCommit struct {
			ID string `json:"id"`
		} `json:"head_commit"`
	}
	if err := json.Unmarshal(data, &payload); err != nil {
		return nil, usage(fmt.Errorf("reading the event %s: %w", path, err), remedy)
	}
	e := &actionEvent{repo: env("GITHUB_REPOSITORY")}
	switch name {
	case "pull_request", "pull_request_target", "pull_request_review":
		pr := payload.PullRequest
		e.number, e.base, e.head = pr.Number, pr.Base.SHA, pr.Head.SHA
		e.text = checks.PRText{Title: pr.Title, Body: pr.Body}
	case "merge_group":
		e.base, e.head = payload.MergeGroup.BaseSHA, payload.MergeGroup.HeadSHA
	case "push":
		e.base, e.head = payload.Before, payload.After
		if id := payload.HeadCommit.ID; id != "" {
			e.head = id // of an annotated tag, "after" is the tag and not its commit
		}
		switch {
		case isZeros(payload.After):
			e.nothing = "The branch or tag was deleted"
			return e, nil
		case payload.Ref == "refs/heads/"+payload.Repository.Default:
			e.whole = isZeros(e.base) // the first push of all
		default:
			e.branch = payload.Repository.Default
		}
		if isZeros(e.base) {
			e.base = ""
		}
	case "schedule", "workflow_dispatch":
		// The event names no commit; the runner says what it runs for.
		e.head = env("GITHUB_SHA")
		if ref := env("GITHUB_REF"); name == "workflow_dispatch" && payload.Repository.Default != "" && ref != "refs/heads/"+payload.Repository.Default {
			e.branch = payload.Repository.Default
		} else {
			e.whole = true
		}
	default:
		return nil, usage(fmt.Errorf("the event %q has no change to look at", name), remedy)
	}
	commit := func(sha string) bool { return shaPattern.MatchString(sha) && !isZeros(sha) }
	if !commit(e.head) || !commit(e.base) && !e.whole && (e.base != "" || e.branch == "") {
		return nil, usage(fmt.Errorf("the %s event names no two commits (base %.70q, head %.70q)", name, e.base, e.head), remedy)
	}
	server := strings.TrimSuffix(env("GITHUB_SERVER_URL"), "/")
	if server == "" || e.repo == "" {
		return nil, usage(errors.New("GITHUB_SERVER_URL and GITHUB_REPOSITORY are not both set"), remedy)
	}
	e.url = server + "/" + e.repo + ".git"
	return e, nil
}

// A commit is one end of a pull request.
type commit struct {
	SHA string `json:"sha"`
}

// isZeros tells the id that stands for "no commit".
func isZeros(sha string) bool { return sha != "" && strings.Trim(sha, "0") == "" }
