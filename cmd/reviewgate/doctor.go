package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reviewgate-app/reviewgate/app/doctor"
	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/server"
)

func doctorCommand() *cobra.Command {
	var repo, format, file string
	var app int64
	var self bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Say what GitHub's settings still let through, and how to close it",
		Long: `Say what GitHub's settings still let through although the check says no: a check that nothing requires or that anybody may set, people
whom no rule binds, merges that are armed, an App that cannot see or say what it should. It changes nothing.

It reads with the credentials that it finds, and says which:

  the App's    as for ` + "`reviewgate serve`" + ` (--config, REVIEWGATE_APP_ID, REVIEWGATE_PRIVATE_KEY_FILE): the installation, its permissions and events
  a person's   GITHUB_TOKEN or GH_TOKEN, such as ` + "`GH_TOKEN=$(gh auth token)`" + `: rulesets and branch protection as that person sees them

Give both: GitHub shows who may bypass a ruleset only to those who may change it, and the installation only to the App. What could not be
read is told as such, never as fine. With a token alone, --app says which App is yours.

Without --repo it takes GITHUB_REPOSITORY; without that, every repository that the App is installed on.

Exit codes: 0 nothing is open, 1 there is a hole, 2 wrong usage, 3 no hole was found, but not everything could be checked.`,
		Example: "  reviewgate doctor --repo acme/shop\n  GH_TOKEN=$(gh auth token) reviewgate doctor --repo acme/shop --app 12345 --format json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := textOrJSON(format); err != nil {
				return err
			}
			if self {
				return selfTest(cmd, file, format)
			}
			v, err := newViews(cmd.Context(), file, app)
			if err != nil {
				return err
			}
			list, err := v.repositories(cmd.Context(), cmp.Or(repo, os.Getenv("GITHUB_REPOSITORY")))
			if err != nil {
				return err
			}
			var reports []*doctor.Report
			for _, r := range list {
				rep, err := v.examine(cmd.Context(), r[0], r[1])
				if err != nil {
					return unsure(err)
				}
				reports = append(reports, rep)
			}
			return tellDoctor(cmd, format, reports)
		},
	}
	cmd.Flags().StringVar(&repo, "repo", "", "`OWNER/NAME` of the repository")
	cmd.Flags().StringVar(&format, "format", "text", "output format: text, json")
	cmd.Flags().StringVar(&file, "config", "", "settings `FILE` of the server (YAML)")
	cmd.Flags().Int64Var(&app, "app", 0, "the App's `ID`, where its credentials are not at hand")
	cmd.Flags().BoolVar(&self, "self-test", false, "test the server's own set-up instead: credentials, clock, permissions, and whether a webhook that GitHub sends arrives")
	return cmd
}

// selfTest looks at the server's own App.
func selfTest(cmd *cobra.Command, file, format string) error {
	cfg, err := server.LoadApp(file, os.Environ())
	if err != nil {
		return usage(err, "")
	}
	if len(cfg.PrivateKey) == 0 {
		return usage(errors.New("the self-test needs the App's own credentials"), "give --config, or REVIEWGATE_APP_ID and REVIEWGATE_PRIVATE_KEY_FILE as for `reviewgate serve`")
	}
	hub, err := github.New(github.Options{AppID: cfg.AppID, PrivateKey: cfg.PrivateKey, APIURL: cfg.APIURL, WebURL: cfg.GitHubURL})
	if err != nil {
		return usage(err, "")
	}
	steps := doctor.SelfTest(cmd.Context(), hub, cfg.PublicURL)
	if format == "json" {
		enc := json.NewEncoder(cmd.OutOrStdout())
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		err = enc.Encode(struct {
			Steps []doctor.Step `json:"self_test"`
		}{steps})
	} else {
		err = doctor.WriteSteps(cmd.OutOrStdout(), steps)
	}
	if err != nil {
		return unsure(err)
	}
	code := exitPass
	for _, s := range steps {
		switch {
		case s.State == doctor.Wrong:
			code = exitBlocked
		case s.State == doctor.NotKnown && code == exitPass:
			code = exitUnsure
		}
	}
	if code != exitPass {
		return &exitError{code: code}
	}
	return nil
}

func tellDoctor(cmd *cobra.Command, format string, reports []*doctor.Report) error {
	var err error
	if format == "json" {
		enc := json.NewEncoder(cmd.OutOrStdout())
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		err = enc.Encode(struct {
			Repositories []*doctor.Report `json:"repositories"`
		}{reports})
	} else {
		err = doctor.Write(cmd.OutOrStdout(), reports...)
	}
	if err != nil {
		return unsure(err)
	}
	holes, unknown := 0, 0
	for _, r := range reports {
		holes += r.Counts.Holes
		unknown += r.Counts.Unknown
	}
	switch {
	case holes > 0:
		return &exitError{code: exitBlocked}
	case unknown > 0:
		return &exitError{code: exitUnsure}
	}
	return nil
}

// views are the eyes that doctor has.
type views struct {
	app    *github.App    // nil: no credentials of the App
	person *github.Client // nil: no token
	login  string
	id     int64 // of the App; 0: not known
	floor  string
}

func newViews(ctx context.Context, file string, app int64) (*views, error) {
	cfg, err := server.LoadApp(file, os.Environ())
	if err != nil {
		return nil, usage(err, "")
	}
	v := &views{id: cmp.Or(app, cfg.AppID), floor: cfg.Floor}
	o := github.Options{AppID: v.id, PrivateKey: cfg.PrivateKey, APIURL: cfg.APIURL, WebURL: cfg.GitHubURL}
	if len(cfg.PrivateKey) > 0 {
		if app != 0 && app != cfg.AppID {
			return nil, usage(fmt.Errorf("--app %d is not the App %d whose credentials were given", app, cfg.AppID), "leave --app out")
		}
		if v.app, err = github.New(o); err != nil {
			return nil, usage(err, "")
		}
	}
	if token := cmp.Or(os.Getenv("GITHUB_TOKEN"), os.Getenv("GH_TOKEN")); token != "" {
		if v.person, err = github.WithToken(o, token); err != nil {
			return nil, usage(err, "set GITHUB_TOKEN to a token of a person who administers the repository")
		}
		switch v.login, err = v.person.Viewer(ctx); {
		case errors.Is(err, github.ErrForbidden) && strings.Contains(err.Error(), " 403 "):
			v.login = "" // a workflow's token has no person behind it
		case err != nil:
			return nil, unsure(err)
		}
	}
	if v.app == nil && v.person == nil {
		return nil, usage(errors.New("there are no credentials to read GitHub's settings with"),
			"set GITHUB_TOKEN (an administrator's), or REVIEWGATE_APP_ID and REVIEWGATE_PRIVATE_KEY_FILE as for `reviewgate serve`")
	}
	return v, nil
}

// repositories lists what to look at: the named repository, or all that the App is installed on.
func (v *views) repositories(ctx context.Context, name string) ([][2]string, error) {
	if name != "" {
		owner, repo, ok := strings.Cut(name, "/")
		if !ok || owner == "" || repo == "" || strings.Contains(repo, "/") {
			return nil, usage(fmt.Errorf("%q is not a repository", name), "write --repo OWNER/NAME")
		}
		return [][2]string{{owner, repo}}, nil
	}
	if v.app == nil {
		return nil, usage(errors.New("which repository?"), "name it with --repo OWNER/NAME")
	}
	var out [][2]string
	installations, err := v.app.Installations(ctx)
	if err != nil {
		return nil, unsure(err)
	}
	for _, in := range installations {
		if in.Suspended {
			continue // its repositories cannot be listed; named by --repo, it is told
		}
		repos, err := v.app.Installation(in.ID).Repositories(ctx)
		if err != nil {
			return nil, unsure(err)
		}
		for _, r := range repos {
			if !r.Archived {
				out = append(out, [2]string{r.Owner, r.Name})
			}
		}
	}
	if len(out) == 0 {
		return nil, usage(errors.New("the App is not installed on any repository"), "install it, or name a repository with --repo")
	}
	return out, nil
}

// examine looks at one repository with the eyes that see most of it.
func (v *views) examine(ctx context.Context, owner, repo string) (*doctor.Report, error) {
	q := doctor.Request{Owner: owner, Repo: repo, App: github.AppState{ID: v.id}, FloorSetting: v.floor, Files: server.PolicyFiles()}
	var seen []string
	eyes := v.person
	if v.app == nil {
		q.AppUnread = "the App's own credentials were not given"
	} else {
		var err error
		if q.App, err = v.app.On(ctx, owner, repo); err != nil {
			return nil, err
		}
		view := "the App " + q.App.Slug
		if q.App.Installed {
			view += fmt.Sprintf(" (installation %d)", q.App.Installation)
		}
		seen = append(seen, view)
		switch {
		case eyes != nil:
		case !q.App.Installed || q.App.Suspended:
			// There is no token to read anything else with.
			s := &doctor.Settings{}
			s.Repo, s.App = owner+"/"+repo, q.App
			s.Unread = []github.Unread{{Part: github.PartAll, Reason: "the App has no access, and there is no other token"}}
			r := doctor.Examine(s)
			r.Views = seen
			return r, nil
		default:
			eyes = v.app.Reader(q.App)
		}
	}
	if v.person != nil {
		seen = append(seen, cmp.Or(strings.TrimSuffix("@"+v.login, "@"), "a token without a person"))
	}
	s, err := doctor.Read(ctx, eyes, q)
	if err != nil {
		return nil, err
	}
	r := doctor.Examine(s)
	r.Views = seen
	return r, nil
}
