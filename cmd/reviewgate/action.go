package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reviewgate-app/reviewgate/app/report"
	"github.com/reviewgate-app/reviewgate/app/sandbox"
	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/app/source"
	"github.com/reviewgate-app/reviewgate/checks"
)

// actionFlags are the inputs of action.yml; a test keeps the two equal.
type actionFlags struct {
	failOn string
	pack   string
	rules  []string
	sarif  string
	json   string
}

func actionCommand() *cobra.Command {
	var f actionFlags
	cmd := &cobra.Command{
		Use:   "action",
		Short: "Run as a step of GitHub Actions (used by action.yml)",
		Long: `Run as a step of GitHub Actions. Reads the event, fetches its two commits by SHA (no checkout step is needed, and nothing of
the change is executed), scans, and writes annotations, the job summary, SARIF and JSON. The token is taken from
REVIEWGATE_TOKEN and needs no more than contents: read.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.run(cmd.Context(), environment(os.Getenv), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.failOn, "fail-on", "", "lowest severity that fails the step: critical, high, medium, low, info (`LEVEL`)")
	fl.StringVar(&f.pack, "pack", "", "set of built-in rules: recommended (`NAME`)")
	fl.StringArrayVar(&f.rules, "rules", nil, "add the rules of this file or folder of the runner (`PATH`, repeatable)")
	fl.StringVar(&f.sarif, "sarif", "", "write SARIF to `FILE` (default: in the runner's temporary folder)")
	fl.StringVar(&f.json, "json", "", "write the JSON report to `FILE` (default: in the runner's temporary folder)")
	return cmd
}

// environment reads the variables that the runner documents.
type environment func(key string) string

func (f *actionFlags) run(ctx context.Context, env environment, stdout, stderr io.Writer) error {
	event, err := readEvent(env)
	if err != nil {
		return usage(err, "run this as a step of a workflow on: pull_request, pull_request_target, merge_group or push")
	}
	temp := env("RUNNER_TEMP")
	if temp == "" {
		return usage(errors.New("RUNNER_TEMP is not set"), "run this as a step of a workflow")
	}
	cache, err := os.MkdirTemp(temp, "reviewgate-*")
	if err != nil {
		return unsure(err)
	}
	defer os.RemoveAll(cache)

	scanFlags := scanFlags{failOn: f.failOn, pack: f.pack, rules: f.rules, format: "sarif"}
	if err := scanFlags.validate(); err != nil {
		return err
	}
	snap, err := source.Fetch(ctx, source.FetchOptions{
		Dir: filepath.Join(cache, "repository"), URL: event.url, Token: env("REVIEWGATE_TOKEN"), Base: event.base, Head: event.head,
	})
	if err != nil {
		return sourceError(err)
	}
	defer snap.Close()
	in, willNeed, err := scanFlags.input(ctx, snap, stderr)
	if err != nil {
		return err
	}
	in.Text = event.text
	result, err := runScan(ctx, snap, in, scan.Options{Sandbox: sandbox.Auto}, false)
	if err != nil {
		return unsure(err)
	}
	rep := &report.Input{
		Tool: report.Tool{Name: "reviewgate", Version: toolVersion()}, Repo: event.repo, Number: event.number,
		FailOn: in.Config.FailOn, Scan: result, WillNeed: willNeed,
	}
	if err := f.publish(env, temp, rep, stdout); err != nil {
		return unsure(err)
	}
	return outcome(result)
}

// publish writes what the runner and later steps read. Every writer gets the same report.
func (f *actionFlags) publish(env environment, temp string, rep *report.Input, stdout io.Writer) error {
	sarif, jsonFile := f.sarif, f.json
	if sarif == "" {
		sarif = filepath.Join(temp, "reviewgate.sarif")
	}
	if jsonFile == "" {
		jsonFile = filepath.Join(temp, "reviewgate.json")
	}
	for name, path := range map[string]string{"sarif": sarif, "json": jsonFile} {
		var buf bytes.Buffer
		if err := report.FormatNamed(name).Write(&buf, rep, report.Options{}); err != nil {
			return err
		}
		if err := writeFile(path, buf.Bytes()); err != nil {
			return fmt.Errorf("writing the %s report: %w", name, err)
		}
	}
	if err := report.FormatNamed("github").Write(stdout, rep, report.Options{}); err != nil {
		return err
	}
	var summary bytes.Buffer
	if err := report.FormatNamed("markdown").Write(&summary, rep, report.Options{}); err != nil {
		return err
	}
	if err := appendFile(env("GITHUB_STEP_SUMMARY"), summary.Bytes()); err != nil {
		return fmt.Errorf("writing the job summary: %w", err)
	}
	result := "pass"
	switch {
	case len(rep.Scan.Failures()) > 0:
		result = "error"
	case rep.Scan.Blocking() > 0:
		result = "block"
	}
	introduced := 0
	for i := range rep.Scan.Findings {
		if rep.Scan.Findings[i].Introduced {
			introduced++
		}
	}
	outputs := fmt.Sprintf("result=%s\nfindings=%d\nblocking=%d\nsarif=%s\njson=%s\n", result, introduced, rep.Scan.Blocking(), sarif, jsonFile)
	if err := appendFile(env("GITHUB_OUTPUT"), []byte(outputs)); err != nil {
		return fmt.Errorf("writing the step's outputs: %w", err)
	}
	return nil
}

// appendFile adds to a file of the runner; without a name (run by hand) there is nothing to add to.
func appendFile(path string, data []byte) error {
	if path == "" {
		return nil
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Close())
}

// An actionEvent is what the runner's event says about the change.
type actionEvent struct {
	url, repo  string
	number     int
	base, head string
	text       checks.PRText
}

var shaPattern = regexp.MustCompile(`^[0-9a-f]{40}([0-9a-f]{24})?$`)

func readEvent(env environment) (*actionEvent, error) {
	name, path := env("GITHUB_EVENT_NAME"), env("GITHUB_EVENT_PATH")
	if path == "" {
		return nil, errors.New("GITHUB_EVENT_PATH is not set")
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the event: %w", err)
	}
	var payload struct {
		PullRequest struct {
			Number int                  `json:"number"`
			Title  string               `json:"title"`
			Body   string               `json:"body"`
			Base   struct{ SHA string } `json:"base"`
			Head   struct{ SHA string } `json:"head"`
		} `json:"pull_request"`
		MergeGroup struct {
			BaseSHA string `json:"base_sha"`
			HeadSHA string `json:"head_sha"`
		} `json:"merge_group"`
		Before string `json:"before"`
		After  string `json:"after"`
	}
	if err := json.Unmarshal(data, &payload); err != nil {
		return nil, fmt.Errorf("reading the event %s: %w", path, err)
	}
	e := &actionEvent{repo: env("GITHUB_REPOSITORY")}
	switch name {
	case "pull_request", "pull_request_target":
		pr := payload.PullRequest
		e.number, e.base, e.head = pr.Number, pr.Base.SHA, pr.Head.SHA
		e.text = checks.PRText{Title: pr.Title, Body: pr.Body}
	case "merge_group":
		e.base, e.head = payload.MergeGroup.BaseSHA, payload.MergeGroup.HeadSHA
	case "push":
		e.base, e.head = payload.Before, payload.After
	default:
		return nil, fmt.Errorf("the event %q has no change to look at", name)
	}
	if !shaPattern.MatchString(e.base) || !shaPattern.MatchString(e.head) || strings.Trim(e.base, "0") == "" || strings.Trim(e.head, "0") == "" {
		return nil, fmt.Errorf("the %s event names no two commits (base %q, head %q)", name, e.base, e.head)
	}
	server := strings.TrimSuffix(env("GITHUB_SERVER_URL"), "/")
	if server == "" || e.repo == "" {
		return nil, errors.New("GITHUB_SERVER_URL and GITHUB_REPOSITORY are not both set")
	}
	e.url = server + "/" + e.repo + ".git"
	return e, nil
}
