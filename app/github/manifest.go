package github

import (
	"encoding/json"
	"fmt"
	"net/url"
	"sort"
)

// Permissions is the one list of what the App may do, for its manifest and for doctor. Contents are never written; an App with these
// permissions can neither push nor merge.
func Permissions(o ManifestOptions) map[string]string {
	p := map[string]string{
		"metadata":      "read",
		"contents":      "read",  // git: trees, policy, rules
		"checks":        "write", // the gate itself
		"pull_requests": "write", // review comments, answers to commands
		"issues":        "read",  // assignments, comments with commands
		"members":       "read",  // who is in a team
		"merge_queues":  "read",  // merge_group events
	}
	if o.Issues {
		p["issues"] = "write"
	}
	if o.Audit {
		p["administration"] = "read" // rulesets and their bypass actors
	}
	if o.Statuses {
		p["statuses"] = "write"
	}
	return p
}

// Events is the one list of webhooks that the App subscribes to, sorted. Those about installations come without being asked for.
func Events(o ManifestOptions) []string {
	e := []string{
		"check_run", "check_suite", "issue_comment", "member", "membership", "merge_group", "organization", "pull_request", "pull_request_review",
		"pull_request_review_comment", "pull_request_review_thread", "push", "repository", "team",
	}
	if o.Audit {
		e = append(e, "branch_protection_rule", "repository_ruleset")
	}
	if o.Statuses {
		e = append(e, "status")
	}
	sort.Strings(e)
	return e
}

// ManifestOptions describe the App that is to be made.
type ManifestOptions struct {
	Name      string // as shown on GitHub; at most 34 characters
	URL       string // home page
	Webhook   string // where deliveries go
	Redirect  string // where GitHub sends the browser once the App is made
	Callback  string // where GitHub sends people back who sign in; "": nobody does
	Installed string // where GitHub sends a browser once the App is installed; "": nowhere
	Issues    bool   // open issues, where a policy has audit.bypass_alert: issue
	Audit     bool   // read rulesets and branch protection, for doctor
	Statuses  bool   // a ruleset asks for it before it takes the App as the source of a check
	PublicApp bool   // installable by other accounts
}

// Manifest is the App manifest that GitHub's set-up page takes, as JSON.
func Manifest(o ManifestOptions) ([]byte, error) {
	if n := len([]rune(o.Name)); n == 0 || n > 34 {
		return nil, fmt.Errorf("the App's name %q: GitHub takes 1 to 34 characters", clip(o.Name, 100))
	}
	for _, a := range [][2]string{{"home page", o.URL}, {"webhook", o.Webhook}, {"redirect", o.Redirect}} {
		if u, err := url.Parse(a[1]); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return nil, fmt.Errorf("the App's %s address %q: it must be an absolute http or https URL", a[0], clip(a[1], 200))
		}
	}
	for _, a := range [][2]string{{"sign-in", o.Callback}, {"page after the installation's", o.Installed}} {
		if u, err := url.Parse(a[1]); a[1] != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
			return nil, fmt.Errorf("the App's %s address %q: it must be an absolute http or https URL", a[0], clip(a[1], 200))
		}
	}
	var callbacks []string
	if o.Callback != "" {
		callbacks = []string{o.Callback}
	}
	type hook struct {
		URL    string `json:"url"`
		Active bool   `json:"active"`
	}
	out, err := json.MarshalIndent(struct {
		Name        string            `json:"name"`
		URL         string            `json:"url"`
		Hook        hook              `json:"hook_attributes"`
		Redirect    string            `json:"redirect_url"`
		Callbacks   []string          `json:"callback_urls,omitempty"`
		Installed   string            `json:"setup_url,omitempty"`
		Public      bool              `json:"public"`
		Permissions map[string]string `json:"default_permissions"`
		Events      []string          `json:"default_events"`
	}{o.Name, o.URL, hook{o.Webhook, true}, o.Redirect, callbacks, o.Installed, o.PublicApp, Permissions(o), Events(o)}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the App's manifest: %w", err)
	}
	return append(out, '\n'), nil
}
