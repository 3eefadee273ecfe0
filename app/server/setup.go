package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"go.yaml.in/yaml/v3"

	"github.com/reviewgate-app/reviewgate/app/doctor"
	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/server/internal/setup"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
	"github.com/reviewgate-app/reviewgate/app/server/internal/webhook"
)

// A SetupConfig is what the set-up has to know: as much of the configuration as there is before there is an App. LoadSetup reads the first part.
type SetupConfig struct {
	Listen    string // "host:port"; without a setting the loopback address
	PublicURL string // "": it is asked for
	GitHubURL string
	APIURL    string
	Database  string
	Dir       string // where the files are written
	Settings  string // the name of the settings file in it
	LogLevel  zerolog.Level
	file      file   // what the settings say so far, with absolute paths
	note      string // what they lack, for whoever reads the file

	Log  zerolog.Logger // as in Config
	Hide func(secret []byte)
	HTTP *http.Client
	Pace *github.Pace
	Now  func() time.Time
}

// credentials are the variables of which not one may be set where a set-up begins.
var credentials = []string{"REVIEWGATE_APP_ID", "REVIEWGATE_PRIVATE_KEY", "REVIEWGATE_PRIVATE_KEY_FILE", "REVIEWGATE_WEBHOOK_SECRET", "REVIEWGATE_WEBHOOK_SECRET_FILE",
	"REVIEWGATE_OLD_WEBHOOK_SECRET", "REVIEWGATE_OLD_WEBHOOK_SECRET_FILE", "REVIEWGATE_CLIENT_ID", "REVIEWGATE_CLIENT_SECRET", "REVIEWGATE_CLIENT_SECRET_FILE"}

// LoadSetup reads the configuration as LoadConfig does, for a set-up; nil: there are credentials of an App, or parts of them, and LoadConfig has to judge
// them. The file at path need not be there: then it is the one that the set-up writes.
func LoadSetup(path string, env []string) (*SetupConfig, error) {
	var f file
	_, err := os.Lstat(path)
	missing := path != "" && errors.Is(err, fs.ErrNotExist)
	if path != "" && !missing {
		if err := f.read(path); err != nil {
			return nil, err
		}
	}
	l := newLoader(path, env)
	for _, name := range credentials {
		if l.env[name] != "" {
			return nil, nil //nolint:nilnil // there is nothing to set up, and nothing wrong
		}
	}
	if f.App != (fileApp{}) {
		return nil, nil //nolint:nilnil // as above
	}
	c := &SetupConfig{Settings: "reviewgate.yml"}
	if missing {
		c.Dir, c.Settings = filepath.Dir(path), filepath.Base(path)
		if _, err := os.Stat(c.Dir); err != nil {
			return nil, fmt.Errorf("the configuration %s is not there, and cannot be made: %w", path, err)
		}
	} else if c.Dir = l.path(f.Setup, "REVIEWGATE_SETUP_DIR"); c.Dir == "" && f.DBFile == nil && l.env["REVIEWGATE_DATABASE_FILE"] == "" {
		if db, _ := l.value(f.DB, "REVIEWGATE_DATABASE", ""); db != "" && !strings.Contains(db, "://") {
			c.Dir = filepath.Dir(l.path(f.DB, "REVIEWGATE_DATABASE"))
		}
	}
	if c.Dir == "" {
		return nil, errors.New("there is no App yet, and nothing says where its set-up is to be kept: name the settings file that is to be made (reviewgate serve --config FILE), or a folder in setup_dir (REVIEWGATE_SETUP_DIR). To do without the set-up, see docs/install.md")
	}
	if c.Dir, err = filepath.Abs(c.Dir); err != nil {
		return nil, err
	}
	return c, l.setup(&f, c)
}

// setup reads what the set-up and the settings that it writes have in common.
func (l *loader) setup(f *file, c *SetupConfig) error {
	from := filepath.Dir(l.file)
	absolute := func(p **string, from string) {
		if *p != nil && !filepath.IsAbs(**p) {
			abs, err := filepath.Abs(filepath.Join(from, strings.TrimSpace(**p)))
			if err == nil {
				*p = &abs
			}
		}
	}
	text := func(s string) *string { return &s }
	switch env := l.env["REVIEWGATE_DATABASE"]; {
	case env != "" && store.IsPostgres(env):
		f.DB, f.DBFile = nil, nil
		c.note = "# REVIEWGATE_DATABASE was set in the environment, and has to be there again: it may hold a password.\n"
	case env != "":
		f.DB, f.DBFile = text(env), nil
		absolute(&f.DB, "")
	case l.env["REVIEWGATE_DATABASE_FILE"] != "":
		f.DB, f.DBFile = nil, text(l.env["REVIEWGATE_DATABASE_FILE"])
		absolute(&f.DBFile, "")
	case f.DB != nil && !strings.Contains(*f.DB, "://"):
		absolute(&f.DB, from)
	case f.DBFile != nil:
		absolute(&f.DBFile, from)
	case f.DB == nil:
		f.DB = text(filepath.Join(c.Dir, "reviewgate.db"))
	}
	for _, p := range []**string{&f.Cache, &f.Packages, &f.Advisories} {
		absolute(p, from)
	}
	var all Config
	delete(l.env, "REVIEWGATE_CACHE_DIR") // it is not needed yet
	cache := f.Cache
	if f.Cache == nil {
		f.Cache = &c.Dir
	}
	l.database(f, &all)
	f.Cache = cache
	if env := l.env["REVIEWGATE_DATABASE"]; env != "" {
		all.Database = env
	}
	l.public(f, &all)
	l.hub(f, &all)
	c.Listen, _ = l.value(f.Listen, "REVIEWGATE_LISTEN", "127.0.0.1:8080")
	if _, port, err := net.SplitHostPort(c.Listen); err != nil || port == "" {
		l.bad("listen", "REVIEWGATE_LISTEN", fmt.Sprintf("%q is not an address", c.Listen), `write host:port, such as ":8080"`)
	}
	level, _ := l.value(f.Log, "REVIEWGATE_LOG_LEVEL", "info")
	if v, err := zerolog.ParseLevel(level); err == nil {
		c.LogLevel = v
	}
	if len(l.problems) > 0 {
		return fmt.Errorf("the configuration of the set-up is not complete:\n%w", errors.Join(l.problems...))
	}
	c.PublicURL, c.GitHubURL, c.APIURL, c.Database = all.PublicURL, all.GitHubURL, all.APIURL, all.Database
	if c.GitHubURL != "https://github.com" {
		f.GitHub = fileHub{URL: &c.GitHubURL, API: &c.APIURL}
	}
	f.Setup = nil
	c.file = *f
	return nil
}

// render writes the settings file of a new App.
func (c *SetupConfig) render(m setup.Made) ([]byte, error) {
	text := func(s string) *string { return &s }
	f := c.file
	f.Public = &m.PublicURL
	f.App = fileApp{ID: text(strconv.FormatInt(m.ID, 10)), Client: &m.ClientID, Key: text(setup.KeyFile), Secret: text(setup.WebhookSecretFile), ClientKey: text(setup.ClientSecretFile)}
	data, err := yaml.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("writing the settings: %w", err)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("writing the settings: %w", err)
	}
	said(doc.Content[0])
	if data, err = yaml.Marshal(doc.Content[0]); err != nil {
		return nil, fmt.Errorf("writing the settings: %w", err)
	}
	head := fmt.Sprintf("# The App %s of %s, made by the set-up of reviewgate. docs/operator.md lists every setting.\n", m.Slug, m.Owner)
	return append([]byte(head+c.note), data...), nil
}

// said leaves out what is not set.
func said(n *yaml.Node) {
	var kept []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if value.Kind == yaml.MappingNode {
			said(value)
		}
		if value.Tag != "!!null" && (value.Kind != yaml.MappingNode || len(value.Content) > 0) {
			kept = append(kept, key, value)
		}
	}
	n.Content = kept
}

// A Setup is a set-up that is under way.
type Setup struct {
	pages *setup.Setup
	store *store.Store
	http  *http.Server
	addr  string
	ended chan error
}

// StartSetup listens, and says in the log where to go on and with which code. It refuses where the database belongs to an App, or an earlier set-up left
// files. Wait ends it.
func StartSetup(ctx context.Context, c *SetupConfig) (_ *Setup, err error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Hide == nil {
		c.Hide = func([]byte) {}
	}
	c.Log = c.Log.Level(max(c.LogLevel, c.Log.GetLevel()))
	s := &Setup{ended: make(chan error, 1)}
	if s.store, err = store.Open(ctx, c.Database); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.store.Close())
		}
	}()
	hub := github.Options{APIURL: c.APIURL, WebURL: c.GitHubURL, HTTP: c.HTTP, Pace: c.Pace, Now: c.Now, Log: c.Log}
	s.pages, err = setup.New(ctx, setup.Options{
		Loopback: loopback(c.Listen), PublicURL: c.PublicURL, GitHub: hub, Dir: c.Dir, Settings: c.Settings, Log: c.Log, Hide: c.Hide, Now: c.Now,
		Known: s.known, Render: c.render,
		Webhook: func(m setup.Made) (http.Handler, error) {
			return webhook.New([][]byte{[]byte(m.WebhookSecret)}, m.ID, pings{}, c.Log, c.Now)
		},
		Test: func(ctx context.Context, m setup.Made) []setup.Step {
			o := hub
			o.AppID, o.PrivateKey = m.ID, m.PrivateKey
			app, err := github.New(o)
			if err != nil {
				return []setup.Step{{Name: "credentials", State: doctor.Wrong, Says: err.Error()}}
			}
			var out []setup.Step
			for _, step := range doctor.SelfTest(ctx, app, m.PublicURL) {
				out = append(out, setup.Step{Name: step.Name, State: step.State, Says: step.Says, Remedy: step.Remedy})
			}
			return out
		},
	})
	if err != nil {
		return nil, fmt.Errorf("beginning the set-up: %w", err)
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("listening on %s (REVIEWGATE_LISTEN): %w", c.Listen, err)
	}
	s.addr = l.Addr().String()
	s.http = &http.Server{Handler: s.pages, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
		ErrorLog: slog.NewLogLogger(zerolog.NewSlogHandler(c.Log), slog.LevelWarn)}
	go func(h *http.Server) {
		err := h.Serve(l)
		if errors.Is(err, http.ErrServerClosed) {
			err = nil
		}
		s.ended <- err
	}(s.http)
	c.Log.WithLevel(zerolog.WarnLevel).Str("open", "http://"+s.addr+"/setup").Str("code", s.pages.Code()).Str("files", c.Dir).
		Msg("there is no App yet: open this address in a browser, and enter this code; it counts once")
	return s, nil
}

// known says whether the database belongs to an App.
func (s *Setup) known(ctx context.Context) error {
	list, err := s.store.Installations(ctx)
	if err != nil {
		return err
	}
	if len(list) > 0 {
		return errors.New("the database knows an installation: it belongs to an App, whose credentials are missing. Give them (app.id, app.private_key_file, app.webhook_secret_file), or name another database for another App")
	}
	return nil
}

// loopback says whether only this machine reaches an address to listen on.
func loopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// pings is an inbox before there is a queue: what a webhook says cannot be kept. GitHub writes that down, and it is made up for at the start.
type pings struct{}

func (pings) Receive(_ context.Context, d webhook.Delivery) (bool, error) {
	if d.Event == "ping" {
		return true, nil
	}
	return false, errors.New("the set-up is not over yet")
}

// Addr is the address that the set-up listens on, "host:port".
func (s *Setup) Addr() string { return s.addr }

// Wait waits until the App's files are written and the server is to start with them, and gives the settings file. "": ctx ended before. Nothing listens
// then any more.
func (s *Setup) Wait(ctx context.Context) (settings string, err error) {
	select {
	case <-s.pages.Done():
		settings = s.pages.Path()
	case <-ctx.Done():
	case err = <-s.ended:
		return "", errors.Join(fmt.Errorf("the set-up's listener ended: %w", err), s.store.Close())
	}
	shut, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTime)
	defer cancel()
	err = s.http.Shutdown(shut)
	if err != nil {
		err = fmt.Errorf("closing the listener: %w", errors.Join(err, s.http.Close()))
	}
	return settings, errors.Join(err, <-s.ended, s.store.Close())
}
