package server

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"go.yaml.in/yaml/v3"

	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/registry"
	"github.com/reviewgate-app/reviewgate/app/sandbox"
	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
	"github.com/reviewgate-app/reviewgate/app/server/internal/trace"
)

// A Config is everything that the server has to know. LoadConfig reads the first part from a file and the environment; the second
// part is for the program that starts it.
type Config struct {
	Listen         string        // "host:port"
	Metrics        string        // "host:port" on which /metrics is answered; "": nowhere
	Traces         Traces        // where spans go
	AppID          int64         // of the GitHub App
	PrivateKey     []byte        // its key, PEM
	WebhookSecrets [][]byte      // one, or two while the secret is changed
	PublicURL      string        // where people reach the server, "https://gate.example.com"; "": not said, and nobody can sign in
	ClientID       string        // of the App, for sign-in; "": nobody can sign in
	ClientSecret   []byte        // belongs to ClientID
	Admins         []string      // logins that may see and do everything on the pages
	LoopbackPages  bool          // the pages are served without sign-in, to this machine alone; Listen must be a loopback address
	GitHubURL      string        // "https://github.com"
	APIURL         string        // "https://api.github.com"
	Database       string        // path of the SQLite file, or postgres://USER:PASSWORD@HOST:PORT/DATABASE, which several processes may share
	Role           Role          // what this process does; "": All
	CacheDir       string        // folder for fetched repositories
	Sandbox        sandbox.Mode  // how much the worker must be locked in
	Workers        int           // pull requests at a time
	Sweep          time.Duration // between two looks at the open pull requests of a repository; 0: 5 minutes; negative: never, for tests
	Keep           Keep          // how long things are kept
	FloorRequired  bool          // every organisation must have a floor; without one, nothing passes
	// Registry says where to ask for packages and advisories that a change brings. Its CacheDir, Version, Tell and Now are the server's.
	Registry registry.Config
	LogLevel zerolog.Level
	Learning
	// RecordsKey signs the records of decisions; nil: nothing is signed. RecordsOldKeys only verify. PEM; see package record.
	RecordsKey     []byte
	RecordsOldKeys [][]byte

	SecretFiles SecretFiles // where the secrets were read from, to read them again

	// Hide is told of every secret, so that it is kept out of what is written: (*Redactor).Hide. Nil: nobody is.
	Hide    func(secret []byte)
	Version string      // of the program
	Checks  scan.Lister // what looks at changes; required
	// Log gets JSON, one entry per line; the zero Logger says nothing. Write it to Redacting(os.Stderr).
	Log  zerolog.Logger
	HTTP *http.Client // nil: the standard one
	Pace *github.Pace // nil: as GitHub asks
	Now  func() time.Time
	// Confirm is the time after a push to guarded paths within which an approval has to be given again, because the reviewer may not have
	// seen the push. 0: a minute; negative: never, for stories that are told faster than people read.
	Confirm time.Duration
	// Reached is called at named points of a job, so that a test can end the process there: "scan" (before the worker runs), "decided"
	// (the decision is stored, nothing is sent), "before-send" and "accepted" (GitHub has taken a deed, and that is not written down
	// yet). Nil: nobody listens.
	Reached func(point string)
	// Exporter takes the spans in the place of what Traces says. Nil: nobody does.
	Exporter trace.Exporter
	// Settled is how long a push to a governed branch has stood before it is audited. 0: a minute; negative: at once, for stories.
	Settled time.Duration
	// Dead is the time after which a process that is gone is taken for dead, and its jobs begin again. 0: 15 s.
	Dead time.Duration
}

// A Role is what one of several processes on a PostgreSQL database does.
type Role string

// The roles. Every App needs at least one process that takes webhooks and one that takes jobs.
const (
	All    Role = "all"
	Web    Role = "web"    // takes webhooks and writes them down with their jobs
	Worker Role = "worker" // takes jobs and sweeps
)

// Traces says where the spans of OpenTelemetry go.
type Traces string

// Where spans go.
const (
	NoTraces Traces = "off"  // none are made
	OTLP     Traces = "otlp" // over HTTP to where the variables OTEL_* say
)

// The file, as it is written. Every key can be set by the environment variable named beside it, which wins.
type file struct {
	Listen  *string `yaml:"listen"`     // REVIEWGATE_LISTEN
	Metrics *string `yaml:"metrics"`    // REVIEWGATE_METRICS
	Setup   *string `yaml:"setup_dir"`  // REVIEWGATE_SETUP_DIR
	Traces  *string `yaml:"traces"`     // REVIEWGATE_TRACES
	Public  *string `yaml:"public_url"` // REVIEWGATE_PUBLIC_URL
	Admins  *string `yaml:"admins"`     // REVIEWGATE_ADMINS
	Pages   *string `yaml:"pages"`      // REVIEWGATE_PAGES
	App     fileApp `yaml:"app"`
	GitHub  fileHub `yaml:"github"`
	DB      *string `yaml:"database"`      // REVIEWGATE_DATABASE
	DBFile  *string `yaml:"database_file"` // REVIEWGATE_DATABASE_FILE: what database says, where it holds a password
	Cache   *string `yaml:"cache_dir"`     // REVIEWGATE_CACHE_DIR
	Sandbox *string `yaml:"sandbox"`       // REVIEWGATE_SANDBOX
	Workers *string `yaml:"workers"`       // REVIEWGATE_WORKERS
	Sweep   *string `yaml:"sweep"`         // REVIEWGATE_SWEEP
	Floor   *string `yaml:"floor"`         // REVIEWGATE_FLOOR
	Log     *string `yaml:"log_level"`     // REVIEWGATE_LOG_LEVEL
	Records fileRec `yaml:"records"`

	Keep fileKeep `yaml:"keep"` // REVIEWGATE_KEEP_DELIVERIES, REVIEWGATE_KEEP_SCANS, REVIEWGATE_KEEP_DECISIONS, REVIEWGATE_KEEP_DEEDS, REVIEWGATE_KEEP_AUDIT

	Registry   *string `yaml:"registry"`         // REVIEWGATE_REGISTRY
	Private    *string `yaml:"private_packages"` // REVIEWGATE_PRIVATE_PACKAGES
	Packages   *string `yaml:"known_packages"`   // REVIEWGATE_KNOWN_PACKAGES
	Advisories *string `yaml:"advisories"`       // REVIEWGATE_ADVISORIES

	Quality fileQuality `yaml:"quality"`
	Alarms  fileAlarms  `yaml:"alarms"`
}

type fileApp struct {
	ID        *string `yaml:"id"`                      // REVIEWGATE_APP_ID
	Key       *string `yaml:"private_key_file"`        // REVIEWGATE_PRIVATE_KEY_FILE, or the key itself in REVIEWGATE_PRIVATE_KEY
	Secret    *string `yaml:"webhook_secret_file"`     // REVIEWGATE_WEBHOOK_SECRET_FILE, or the secret itself in REVIEWGATE_WEBHOOK_SECRET
	OldSecret *string `yaml:"old_webhook_secret_file"` // REVIEWGATE_OLD_WEBHOOK_SECRET_FILE, or REVIEWGATE_OLD_WEBHOOK_SECRET
	Client    *string `yaml:"client_id"`               // REVIEWGATE_CLIENT_ID
	ClientKey *string `yaml:"client_secret_file"`      // REVIEWGATE_CLIENT_SECRET_FILE, or the secret itself in REVIEWGATE_CLIENT_SECRET
}

type fileHub struct {
	URL *string `yaml:"url"`     // REVIEWGATE_GITHUB_URL
	API *string `yaml:"api_url"` // REVIEWGATE_GITHUB_API_URL
}

// Bounds of the configuration.
const (
	maxConfigFile = 1 << 20
	maxSecretFile = 64 << 10
	minSecret     = 16 // bytes; a shorter one can be guessed
	maxWorkers    = 64
	minSweep      = time.Minute
	maxSweep      = 24 * time.Hour
)

// LoadConfig reads the configuration: the YAML file at path ("": none), and over it the variables of env ("NAME=value", as os.Environ
// gives them). What is wrong is told all at once, each with its key and what to do.
func LoadConfig(path string, env []string) (Config, error) {
	var f file
	if path != "" {
		if err := f.read(path); err != nil {
			return Config{}, err
		}
	}
	l := newLoader(path, env)
	c := l.load(&f)
	if len(l.problems) > 0 {
		return Config{}, fmt.Errorf("the configuration of the server is not complete:\n%w", errors.Join(l.problems...))
	}
	return c, nil
}

func (f *file) read(path string) error {
	data, err := readSmall(path, maxConfigFile)
	if err != nil {
		return fmt.Errorf("reading the configuration: %w", err)
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(f); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading the configuration %s: %s", path, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	return nil
}

// A loader reads one value after the other and collects what is wrong.
type loader struct {
	file     string
	env      map[string]string
	problems []error
}

func (l *loader) bad(key, variable, what, remedy string) {
	l.problems = append(l.problems, fmt.Errorf("  %s (%s): %s; %s", key, variable, what, remedy))
}

// value gives the value of a key: the environment's, the file's, or the default. from is the folder that relative paths start from.
func (l *loader) value(inFile *string, variable, def string) (value, from string) {
	if v, ok := l.env[variable]; ok && v != "" {
		return v, ""
	}
	if inFile != nil {
		return strings.TrimSpace(*inFile), filepath.Dir(l.file)
	}
	return def, ""
}

func (l *loader) path(inFile *string, variable string) string {
	v, from := l.value(inFile, variable, "")
	if v == "" || filepath.IsAbs(v) {
		return v
	}
	return filepath.Join(from, v)
}

// secret reads a secret from a variable of its own, or from the file that the configuration names.
func (l *loader) secret(key string, inFile *string, variable string) []byte {
	if v := l.env[variable]; v != "" {
		return []byte(v)
	}
	path := l.path(inFile, variable+"_FILE")
	if path == "" {
		return nil
	}
	data, err := readSmall(path, maxSecretFile)
	if errors.Is(err, fs.ErrNotExist) && variable == "REVIEWGATE_OLD_WEBHOOK_SECRET" {
		return nil // it is there while the secret is changed
	}
	if err != nil {
		l.bad(key, variable+"_FILE", err.Error(), "name a file that this process can read")
	}
	return bytes.TrimSpace(data)
}

// secretFile is where secret reads from; "": from the variable, or nowhere.
func (l *loader) secretFile(inFile *string, variable string) string {
	if l.env[variable] != "" {
		return ""
	}
	return l.path(inFile, variable+"_FILE")
}

// What is said of a value that is missing.
const (
	appPage = "it is on the App's settings page"
	noValue = "it is not set"
)

func (l *loader) appID(id string, c *Config) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || n <= 0 {
		l.bad("app.id", "REVIEWGATE_APP_ID", fmt.Sprintf("%q is not a positive number", id), appPage)
	}
	c.AppID = n
}

func (l *loader) appKey(f *file, c *Config) {
	before := len(l.problems)
	c.PrivateKey = l.secret("app.private_key_file", f.App.Key, "REVIEWGATE_PRIVATE_KEY")
	switch {
	case len(l.problems) > before:
	case len(c.PrivateKey) == 0:
		l.bad("app.private_key_file", "REVIEWGATE_PRIVATE_KEY_FILE", noValue, "generate a private key on the App's settings page and name the file")
	case !bytes.Contains(c.PrivateKey, []byte("PRIVATE KEY-----")):
		l.bad("app.private_key_file", "REVIEWGATE_PRIVATE_KEY_FILE", "it holds no key in PEM form", "name the .pem file that GitHub gave you")
	}
}

func (l *loader) hub(f *file, c *Config) {
	c.GitHubURL, _ = l.value(f.GitHub.URL, "REVIEWGATE_GITHUB_URL", "https://github.com")
	c.GitHubURL = strings.TrimRight(c.GitHubURL, "/")
	api := "https://api.github.com"
	if c.GitHubURL != "https://github.com" {
		api = c.GitHubURL + "/api/v3" // as Enterprise Servers have it
	}
	c.APIURL, _ = l.value(f.GitHub.API, "REVIEWGATE_GITHUB_API_URL", api)
	for _, u := range []struct{ key, variable, value string }{
		{"github.url", "REVIEWGATE_GITHUB_URL", c.GitHubURL}, {"github.api_url", "REVIEWGATE_GITHUB_API_URL", c.APIURL},
	} {
		if why := checkURL(u.value); why != "" {
			l.bad(u.key, u.variable, fmt.Sprintf("%q %s", withoutPassword(u.value), why), "write it as https://HOST")
		}
	}
}

// public reads where people reach the server, and with what they sign in.
func (l *loader) public(f *file, c *Config) {
	public, _ := l.value(f.Public, "REVIEWGATE_PUBLIC_URL", "")
	c.PublicURL = strings.TrimRight(public, "/")
	if c.PublicURL != "" {
		why := checkURL(c.PublicURL)
		if u, err := url.Parse(c.PublicURL); why == "" && err == nil && u.Path != "" {
			why = "has a path, and the pages start at the root"
		}
		if why != "" {
			l.bad("public_url", "REVIEWGATE_PUBLIC_URL", fmt.Sprintf("%q %s", withoutPassword(c.PublicURL), why), "write it as https://HOST")
		}
	}
	c.ClientID, _ = l.value(f.App.Client, "REVIEWGATE_CLIENT_ID", "")
	before := len(l.problems)
	c.ClientSecret = l.secret("app.client_secret_file", f.App.ClientKey, "REVIEWGATE_CLIENT_SECRET")
	switch {
	case len(l.problems) > before:
	case c.ClientID != "" && len(c.ClientSecret) == 0:
		l.bad("app.client_secret_file", "REVIEWGATE_CLIENT_SECRET_FILE", noValue, "generate a client secret on the App's settings page and name the file, or leave app.client_id out: then nobody can sign in")
	case c.ClientID == "" && len(c.ClientSecret) > 0:
		l.bad("app.client_id", "REVIEWGATE_CLIENT_ID", noValue, "it belongs to the client secret; "+appPage)
	case c.ClientID != "" && c.PublicURL == "":
		l.bad("public_url", "REVIEWGATE_PUBLIC_URL", noValue, "GitHub sends people back there after sign-in; write it as https://HOST")
	}
}

// pages reads who may open the pages.
func (l *loader) pages(f *file, c *Config) {
	admins, _ := l.value(f.Admins, "REVIEWGATE_ADMINS", "")
	for login := range strings.FieldsFuncSeq(admins, func(r rune) bool { return r == ',' || r == ' ' }) {
		c.Admins = append(c.Admins, strings.TrimPrefix(login, "@"))
	}
	if len(c.Admins) > 0 && c.ClientID == "" {
		l.bad("admins", "REVIEWGATE_ADMINS", "nobody can sign in", "set app.client_id and app.client_secret_file, or leave it out")
	}
	pages, _ := l.value(f.Pages, "REVIEWGATE_PAGES", "sign-in")
	c.LoopbackPages = pages == "loopback"
	switch {
	case pages != "sign-in" && pages != "loopback":
		l.bad("pages", "REVIEWGATE_PAGES", fmt.Sprintf("%q is neither", pages), "write sign-in or loopback")
	case c.LoopbackPages && c.ClientID != "":
		l.bad("pages", "REVIEWGATE_PAGES", "loopback serves the pages without sign-in, and app.client_id is set", "choose one of the two")
	case c.LoopbackPages && !loopback(c.Listen):
		l.bad("pages", "REVIEWGATE_PAGES", fmt.Sprintf("loopback serves the pages without sign-in, and %q can be reached from elsewhere", c.Listen), `set listen to "127.0.0.1:8080", or sign people in with app.client_id`)
	}
}

// lookUps reads where packages are looked up: words as the command line has them.
func (l *loader) lookUps(f *file, c *Config) {
	r := &c.Registry
	if where, _ := l.value(f.Registry, "REVIEWGATE_REGISTRY", ""); where != "" {
		machine := registry.Machine{Home: l.env["HOME"], Conf: l.env["XDG_CONFIG_HOME"]}
		if machine.Conf == "" && machine.Home != "" {
			machine.Conf = filepath.Join(machine.Home, ".config")
		}
		for name, value := range l.env {
			machine.Env = append(machine.Env, name+"="+value)
		}
		slices.Sort(machine.Env)
		if err := r.Add(where, machine); err != nil {
			l.bad("registry", "REVIEWGATE_REGISTRY", err.Error(), "write it as npm=https://HOST/ pypi=https://HOST/simple, or as machine")
		}
	}
	private, _ := l.value(f.Private, "REVIEWGATE_PRIVATE_PACKAGES", "")
	r.Hide(private)
	r.Packages, r.Advisories = l.path(f.Packages, "REVIEWGATE_KNOWN_PACKAGES"), l.path(f.Advisories, "REVIEWGATE_ADVISORIES")
	for _, file := range []struct{ key, variable, path string }{{"known_packages", "REVIEWGATE_KNOWN_PACKAGES", r.Packages}, {"advisories", "REVIEWGATE_ADVISORIES", r.Advisories}} {
		if file.path == "" {
			continue
		}
		if _, err := os.Stat(file.path); err != nil {
			l.bad(file.key, file.variable, err.Error(), "name one that this process can read")
		}
	}
}

func (l *loader) database(f *file, c *Config) {
	before := len(l.problems)
	c.Database, _ = l.value(f.DB, "REVIEWGATE_DATABASE", "")
	if c.Database == "" {
		c.Database = string(l.secret("database_file", f.DBFile, "REVIEWGATE_DATABASE"))
	}
	if len(l.problems) > before {
		return
	}
	shared := store.IsPostgres(c.Database)
	switch {
	case c.Database == "":
		l.bad("database", "REVIEWGATE_DATABASE", noValue, "name a file on a local disk, such as /var/lib/reviewgate/reviewgate.db, which is made if it is not there, or the address of a PostgreSQL server: postgres://USER:PASSWORD@HOST/DATABASE")
	case !shared && strings.Contains(c.Database, "://"):
		l.bad("database", "REVIEWGATE_DATABASE", "it is neither a file nor the address of a PostgreSQL server", "write a path, or postgres://USER:PASSWORD@HOST/DATABASE")
	case !shared && f.DB != nil && l.env["REVIEWGATE_DATABASE"] == "":
		c.Database = l.path(f.DB, "REVIEWGATE_DATABASE")
	}
	c.CacheDir = l.path(f.Cache, "REVIEWGATE_CACHE_DIR")
	switch {
	case c.CacheDir != "" || c.Database == "":
	case shared:
		l.bad("cache_dir", "REVIEWGATE_CACHE_DIR", noValue, "name a folder on a local disk for fetched repositories; every process has one of its own")
	default:
		c.CacheDir = filepath.Join(filepath.Dir(c.Database), "cache")
	}
}

func (l *loader) load(f *file) (c Config) {
	c.Listen, _ = l.value(f.Listen, "REVIEWGATE_LISTEN", ":8080")
	if _, port, err := net.SplitHostPort(c.Listen); err != nil || port == "" {
		l.bad("listen", "REVIEWGATE_LISTEN", fmt.Sprintf("%q is not an address", c.Listen), `write host:port, such as ":8080"`)
	}
	c.Metrics, _ = l.value(f.Metrics, "REVIEWGATE_METRICS", "")
	if _, port, err := net.SplitHostPort(c.Metrics); c.Metrics != "" && (err != nil || port == "") {
		l.bad("metrics", "REVIEWGATE_METRICS", fmt.Sprintf("%q is not an address", c.Metrics), `write host:port, such as "127.0.0.1:9090"; who can reach it can read it`)
	}
	if id, _ := l.value(f.App.ID, "REVIEWGATE_APP_ID", ""); id == "" {
		l.bad("app.id", "REVIEWGATE_APP_ID", noValue, appPage)
	} else {
		l.appID(id, &c)
	}
	l.appKey(f, &c)
	for i, s := range []struct {
		key, variable string
		file          *string
	}{
		{"app.webhook_secret_file", "REVIEWGATE_WEBHOOK_SECRET", f.App.Secret},
		{"app.old_webhook_secret_file", "REVIEWGATE_OLD_WEBHOOK_SECRET", f.App.OldSecret},
	} {
		before := len(l.problems)
		secret := l.secret(s.key, s.file, s.variable)
		switch {
		case len(l.problems) > before:
		case len(secret) == 0 && i == 0:
			l.bad(s.key, s.variable, noValue, "choose a secret of at least 32 random characters, and write the same into the App's settings")
		case len(secret) == 0:
		case len(secret) < minSecret:
			l.bad(s.key, s.variable, fmt.Sprintf("it has %d bytes and could be guessed", len(secret)), "use at least 32 random characters")
		default:
			c.WebhookSecrets = append(c.WebhookSecrets, secret)
		}
	}
	l.public(f, &c)
	l.pages(f, &c)
	c.SecretFiles = SecretFiles{
		PrivateKey: l.secretFile(f.App.Key, "REVIEWGATE_PRIVATE_KEY"), WebhookSecret: l.secretFile(f.App.Secret, "REVIEWGATE_WEBHOOK_SECRET"),
		OldWebhookSecret: l.secretFile(f.App.OldSecret, "REVIEWGATE_OLD_WEBHOOK_SECRET"), ClientSecret: l.secretFile(f.App.ClientKey, "REVIEWGATE_CLIENT_SECRET"),
	}
	l.hub(f, &c)
	l.database(f, &c)
	mode, _ := l.value(f.Sandbox, "REVIEWGATE_SANDBOX", defaultSandbox)
	switch mode {
	case "require":
		c.Sandbox = sandbox.Require
	case "auto":
		c.Sandbox = sandbox.Auto
	case "off":
		c.Sandbox = sandbox.Off
	default:
		l.bad("sandbox", "REVIEWGATE_SANDBOX", fmt.Sprintf("%q is no mode", mode), "write require, auto or off")
	}
	workers, _ := l.value(f.Workers, "REVIEWGATE_WORKERS", "4")
	n, err := strconv.Atoi(workers)
	if err != nil || n < 1 || n > maxWorkers {
		l.bad("workers", "REVIEWGATE_WORKERS", fmt.Sprintf("%q is not a number from 1 to %d", workers, maxWorkers), "4 is a good start")
	}
	c.Workers = n
	sweep, _ := l.value(f.Sweep, "REVIEWGATE_SWEEP", "5m")
	if c.Sweep, err = time.ParseDuration(sweep); err != nil || c.Sweep < minSweep || c.Sweep > maxSweep {
		l.bad("sweep", "REVIEWGATE_SWEEP", fmt.Sprintf("%q is not a time from 1m to 24h", sweep), "5m is a good start")
	}
	floor, _ := l.value(f.Floor, "REVIEWGATE_FLOOR", "optional")
	c.FloorRequired = floor == "required"
	if floor != "required" && floor != "optional" {
		l.bad("floor", "REVIEWGATE_FLOOR", fmt.Sprintf("%q is neither", floor), "write required or optional")
	}
	l.keep(f, &c)
	traces, _ := l.value(f.Traces, "REVIEWGATE_TRACES", string(NoTraces))
	if c.Traces = Traces(traces); c.Traces != NoTraces && c.Traces != OTLP {
		l.bad("traces", "REVIEWGATE_TRACES", fmt.Sprintf("%q is neither", traces), "write off, or otlp and the variables OTEL_*, which say where to")
	}
	l.lookUps(f, &c)
	l.learning(f, &c)
	l.records(f, &c)
	level, _ := l.value(f.Log, "REVIEWGATE_LOG_LEVEL", "info")
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, level) {
		l.bad("log_level", "REVIEWGATE_LOG_LEVEL", fmt.Sprintf("%q is no level", level), "write debug, info, warn or error")
	} else if c.LogLevel, err = zerolog.ParseLevel(level); err != nil {
		l.bad("log_level", "REVIEWGATE_LOG_LEVEL", err.Error(), "write debug, info, warn or error")
	}
	return c
}

// checkURL says what is wrong with an address. Plain http is for a GitHub on this machine only: tokens go over it.
func checkURL(s string) string {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "is not an address"
	case u.Scheme == "https":
		return ""
	case u.Scheme == "http" && (u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback()):
		return ""
	case u.Scheme == "http":
		return "would send tokens in the clear"
	}
	return "is not an address"
}

func withoutPassword(s string) string {
	if u, err := url.Parse(s); err == nil {
		return u.Redacted()
	}
	return "(unreadable)"
}

// readSmall reads a file that must not be larger than limit.
func readSmall(path string, limit int64) (data []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if data, err = io.ReadAll(io.LimitReader(f, limit+1)); err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, limit)
	}
	return data, nil
}
