package server_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/rs/zerolog"

	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/server"
)

var codeInLog = regexp.MustCompile(`"code":"([A-Z0-9-]+)"`)

// TestSetupInBrowser makes an App in a real browser, tests it, and goes on as it: from nothing to a judged pull request.
func TestSetupInBrowser(t *testing.T) {
	t.Parallel()
	browser, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("no chromium on the PATH: .ci/run installs it")
	}
	w := newEmptyWorld(t) // its own App is not used
	w.org.AddMember(w.alice, "admin")
	w.hub.SignInAs(w.alice)
	dir := t.TempDir()
	settings := filepath.Join(dir, "reviewgate.yml")
	cfg, err := server.LoadSetup(settings, []string{"REVIEWGATE_LISTEN=127.0.0.1:0", "REVIEWGATE_GITHUB_URL=" + w.hub.URL(), "REVIEWGATE_GITHUB_API_URL=" + w.hub.APIURL()})
	must(t, err)
	log := server.Redacting(w.log)
	cfg.Log, cfg.Hide, cfg.Pace = zerolog.New(log), log.Hide, &github.Pace{}
	set, err := server.StartSetup(t.Context(), cfg)
	must(t, err)
	public := "http://" + set.Addr()
	code := codeInLog.FindStringSubmatch(w.log.String())[1]

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	allocator, stop := chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(browser), chromedp.NoSandbox, chromedp.Flag("disable-background-networking", true))...)
	defer stop()
	tab, closeTab := chromedp.NewContext(allocator)
	defer closeTab()
	shot := func(name string) chromedp.Action {
		return chromedp.ActionFunc(func(ctx context.Context) error { return fits(ctx, t, name) })
	}
	var text, final string
	must(t, chromedp.Run(tab,
		chromedp.Navigate(public+"/"), chromedp.WaitVisible("#code"), shot("code"),
		chromedp.SendKeys("#code", code), chromedp.Submit("#code"),
		chromedp.WaitVisible("#org"), shot("form"),
		chromedp.SendKeys("#org", "acme"), chromedp.SendKeys("#public", public), chromedp.SetValue("#name", "reviewgate of acme"), chromedp.Submit("#org"),
		chromedp.WaitVisible("#go"), shot("send"), chromedp.Click("#go"),
		chromedp.WaitVisible("#create"), chromedp.Click("#create"),
		chromedp.WaitVisible("#start"), shot("done"), chromedp.Click("#test"),
		chromedp.WaitVisible("h2"), shot("tested"), chromedp.Text("main", &text),
		chromedp.Click("#start"), chromedp.WaitNotPresent("#start"), chromedp.WaitVisible("main"), chromedp.Text("main", &final),
	))
	for _, want := range []string{"a ping that GitHub sent just now arrived, and its signature is right", "GitHub knows the App reviewgate-of-acme", "clock is within 30 seconds", "asks for what it needs",
		"the App is not installed anywhere", "webhooks go to " + public + "/webhook as JSON"} {
		if !strings.Contains(text, want) {
			t.Errorf("the self-test does not say %q:\n%s", want, text)
		}
	}
	if !strings.Contains(final, "reviewgate serve --config "+settings) {
		t.Errorf("at the end: %s", final)
	}
	path, err := set.Wait(ctx)
	if err != nil || path != settings {
		t.Fatalf("%q, %v", path, err)
	}

	app, err := server.LoadConfig(path, []string{"REVIEWGATE_LISTEN=" + strings.TrimPrefix(public, "http://")})
	must(t, err)
	w.app = w.hub.AppOf("reviewgate-of-acme")
	if app.PublicURL != public || app.AppID != w.app.ID || app.Database != filepath.Join(dir, "reviewgate.db") || app.ClientID == "" || len(app.ClientSecret) == 0 || app.GitHubURL != w.hub.URL() {
		t.Errorf("the settings: %+v", app)
	}
	app.Sandbox, app.Checks, app.Log, app.Hide, app.Pace, app.Confirm, app.Version = w.cfg.Sandbox, w.cfg.Checks, cfg.Log, log.Hide, w.cfg.Pace, -1, "test"
	w.cfg = app
	w.protect()
	w.start()
	w.inst = w.app.Install(w.org, w.alice)
	w.expect(w.open("topic", map[string]string{"README.md": "better\n"}), "success")
	if page := w.get(public + "/setup/installed?installation_id=1%3Cscript%3E"); !strings.Contains(page, "reviewgate is installed") || strings.Contains(page, "script") {
		t.Errorf("after the installation: %s", page)
	}
	client, err := os.ReadFile(filepath.Join(dir, "client-secret"))
	must(t, err)
	for _, secret := range []string{strings.TrimSpace(string(client)), w.app.WebhookSecret()} {
		if strings.Contains(w.log.String(), secret) {
			t.Error("the log holds a secret")
		}
	}
	for _, v := range w.hub.Violations() {
		t.Error(v)
	}
	// Set up once more, where there is an App: the settings are there, and so is what the database knows.
	if _, err := server.LoadSetup(settings, nil); err != nil {
		t.Error(err)
	}
	w.idle()
	w.stop()
	w.srv = nil
	again, err := server.LoadSetup(filepath.Join(t.TempDir(), "other.yml"), []string{"REVIEWGATE_DATABASE=" + app.Database, "REVIEWGATE_LISTEN=127.0.0.1:0"})
	must(t, err)
	if _, err := server.StartSetup(t.Context(), again); err == nil || !strings.Contains(err.Error(), "the database knows an installation") {
		t.Errorf("on the database of an App: %v", err)
	}
}

// fits looks at the page as a laptop and a phone show it, by day and by night: nothing sticks out. With -pictures it keeps what it saw.
func fits(ctx context.Context, t *testing.T, name string) error {
	for _, scheme := range []string{"light", "dark"} {
		for width, size := range map[int64]string{1280: "wide", 390: "narrow"} {
			var over int
			var picture []byte
			if err := chromedp.Run(ctx, chromedp.EmulateViewport(width, 800, chromedp.EmulateScale(1)),
				emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
				chromedp.Evaluate(`document.documentElement.scrollWidth - window.innerWidth`, &over)); err != nil {
				return err
			}
			if over > 0 {
				t.Errorf("%s, %s: the page is %d too wide", name, size, over)
			}
			if *pictures == "" {
				continue
			}
			if err := chromedp.FullScreenshot(&picture, 100).Do(ctx); err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(*pictures, name+"-"+size+"-"+scheme+".png"), picture, 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}

func TestLoadSetup(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	missing := filepath.Join(dir, "gate.yml")
	some := write(t, dir, "some.yml", "database: data/gate.db\nlisten: 0.0.0.0:80\npublic_url: https://gate.example.com\nsetup_dir: etc\nworkers: 2\n")
	for name, c := range map[string]struct {
		path    string
		env     []string
		want    *server.SetupConfig // nil: none, and no error
		problem string
	}{
		"nothing":             {"", nil, nil, "nothing says where its set-up is to be kept"},
		"a file to be made":   {missing, nil, &server.SetupConfig{Listen: "127.0.0.1:8080", Database: filepath.Join(dir, "reviewgate.db"), Dir: dir, Settings: "gate.yml"}, ""},
		"in no folder":        {filepath.Join(dir, "nowhere", "gate.yml"), nil, nil, "is not there, and cannot be made"},
		"beside the database": {"", []string{"REVIEWGATE_DATABASE=/var/lib/reviewgate/gate.db"}, &server.SetupConfig{Listen: "127.0.0.1:8080", Database: "/var/lib/reviewgate/gate.db", Dir: "/var/lib/reviewgate", Settings: "reviewgate.yml"}, ""},
		"some settings": {some, []string{"REVIEWGATE_GITHUB_URL=https://github.example.com"}, &server.SetupConfig{Listen: "0.0.0.0:80", PublicURL: "https://gate.example.com", Database: filepath.Join(dir, "data", "gate.db"),
			Dir: filepath.Join(dir, "etc"), Settings: "reviewgate.yml", GitHubURL: "https://github.example.com", APIURL: "https://github.example.com/api/v3"}, ""},
		"PostgreSQL": {"", []string{"REVIEWGATE_DATABASE=postgres://gate:hunter2@db.example.com/gate", "REVIEWGATE_SETUP_DIR=/etc/reviewgate"},
			&server.SetupConfig{Listen: "127.0.0.1:8080", Database: "postgres://gate:hunter2@db.example.com/gate", Dir: "/etc/reviewgate", Settings: "reviewgate.yml"}, ""},
		"PostgreSQL, but where": {"", []string{"REVIEWGATE_DATABASE=postgres://gate:hunter2@db.example.com/gate"}, nil, "nothing says where"},
		"an App's number":       {missing, []string{"REVIEWGATE_APP_ID=7"}, nil, ""},
		"an App's key":          {missing, []string{"REVIEWGATE_PRIVATE_KEY_FILE=/x"}, nil, ""},
		"a part of an App":      {write(t, dir, "part.yml", "app: {webhook_secret_file: x}\n"), nil, nil, ""},
		"no address":            {missing, []string{"REVIEWGATE_LISTEN=8080", "REVIEWGATE_PUBLIC_URL=http://gate.example.com"}, nil, "listen (REVIEWGATE_LISTEN)"},
		"no YAML":               {write(t, dir, "bad.yml", "x: [\n"), nil, nil, "bad.yml"},
	} {
		got, err := server.LoadSetup(c.path, c.env)
		if c.problem != "" {
			if err == nil || !strings.Contains(err.Error(), c.problem) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || (got == nil) != (c.want == nil) {
			t.Errorf("%s: %+v, %v", name, got, err)
			continue
		}
		if got == nil {
			continue
		}
		if c.want.GitHubURL == "" {
			c.want.GitHubURL, c.want.APIURL = "https://github.com", "https://api.github.com"
		}
		for _, f := range [][3]string{{"listen", got.Listen, c.want.Listen}, {"public", got.PublicURL, c.want.PublicURL}, {"database", got.Database, c.want.Database}, {"dir", got.Dir, c.want.Dir},
			{"settings", got.Settings, c.want.Settings}, {"github", got.GitHubURL, c.want.GitHubURL}, {"api", got.APIURL, c.want.APIURL}} {
			if f[1] != f[2] {
				t.Errorf("%s: %s is %q, want %q", name, f[0], f[1], f[2])
			}
		}
	}
}

// What was set before the set-up is in the settings that it writes, and they are settings that a server starts with.
func TestSetupKeepsSettings(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	some := write(t, dir, "some.yml", "database: gate.db\nworkers: 2\ngithub: {url: https://github.example.com}\nadvisories: osv.zip\nsetup_dir: etc\n")
	write(t, dir, "osv.zip", "")
	cfg, err := server.LoadSetup(some, nil)
	must(t, err)
	text, err := cfg.Rendered(github.Registered{ID: 12, Slug: "gate", Owner: "acme", ClientID: "Iv1.2"}, "https://gate.example.com")
	must(t, err)
	must(t, os.Mkdir(filepath.Join(dir, "etc"), 0o700))
	path := write(t, filepath.Join(dir, "etc"), "reviewgate.yml", text)
	write(t, filepath.Join(dir, "etc"), "app.pem", pem)
	write(t, filepath.Join(dir, "etc"), "webhook-secret", secret)
	write(t, filepath.Join(dir, "etc"), "client-secret", secret)
	got, err := server.LoadConfig(path, nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if got.AppID != 12 || got.Workers != 2 || got.Database != filepath.Join(dir, "gate.db") || got.APIURL != "https://github.example.com/api/v3" || got.Registry.Advisories != filepath.Join(dir, "osv.zip") || got.PublicURL != "https://gate.example.com" {
		t.Errorf("%+v\n%s", got, text)
	}
	if strings.Contains(text, "null") || strings.Contains(text, "setup_dir") {
		t.Errorf("%s", text)
	}
	pg, err := server.LoadSetup("", []string{"REVIEWGATE_DATABASE=postgres://gate:hunter2@db.example.com/gate", "REVIEWGATE_SETUP_DIR=" + dir})
	must(t, err)
	if text, err = pg.Rendered(github.Registered{ID: 12}, "https://gate.example.com"); err != nil || strings.Contains(text, "hunter2") || !strings.Contains(text, "# REVIEWGATE_DATABASE was set") {
		t.Errorf("%v\n%s", err, text)
	}
}
