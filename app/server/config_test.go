package server_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rs/zerolog"

	"github.com/reviewgate-app/reviewgate/app/registry"
	"github.com/reviewgate-app/reviewgate/app/sandbox"
	"github.com/reviewgate-app/reviewgate/app/server"
)

const (
	pem    = "-----BEGIN RSA PRIVATE KEY-----\nnot a real one\n-----END RSA PRIVATE KEY-----"
	secret = "0123456789abcdef0123456789abcdef"
)

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoadConfig(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "key.pem", pem+"\n")
	write(t, dir, "secret", secret+"\n")
	write(t, dir, "client", "abc\n")
	path := write(t, dir, "server.yml", `
listen: 127.0.0.1:9000
app:
  id: 12
  private_key_file: key.pem
  webhook_secret_file: secret
  client_id: Iv1.0123
  client_secret_file: client
public_url: https://gate.example.com/
admins: "@alice, bob"
github:
  url: https://github.example.com/
database: data/gate.db
sandbox: auto
workers: 2
keep: {deliveries: 7d, audit: 3650d}
floor: required
log_level: debug
registry: npm=https://npm.example.com/ osv=https://osv.example.com
private_packages: "@acme/*, com.acme"
known_packages: known.txt
advisories: osv.zip
`)
	write(t, dir, "known.txt", "npm lodash\n")
	write(t, dir, "osv.zip", "")
	got, err := server.LoadConfig(path, []string{"REVIEWGATE_WORKERS=8", "REVIEWGATE_OLD_WEBHOOK_SECRET=" + secret + "old", "HOME=/x", "REVIEWGATE_KEEP_DEEDS=forever"})
	if err != nil {
		t.Fatal(err)
	}
	want := server.Config{
		Listen: "127.0.0.1:9000", Traces: server.NoTraces, AppID: 12, PrivateKey: []byte(pem), WebhookSecrets: [][]byte{[]byte(secret), []byte(secret + "old")},
		SecretFiles: server.SecretFiles{PrivateKey: filepath.Join(dir, "key.pem"), WebhookSecret: filepath.Join(dir, "secret"), ClientSecret: filepath.Join(dir, "client")},
		PublicURL:   "https://gate.example.com", ClientID: "Iv1.0123", ClientSecret: []byte("abc"), Admins: []string{"alice", "bob"},
		GitHubURL: "https://github.example.com", APIURL: "https://github.example.com/api/v3", Database: filepath.Join(dir, "data/gate.db"), CacheDir: filepath.Join(dir, "data/cache"),
		Keep:    server.Keep{Deliveries: 7 * 24 * time.Hour, Scans: 30 * 24 * time.Hour, Decisions: 90 * 24 * time.Hour, Deeds: -1, Audit: 3650 * 24 * time.Hour},
		Sandbox: sandbox.Auto, Workers: 8, Sweep: 5 * time.Minute, FloorRequired: true, LogLevel: zerolog.DebugLevel,
		Registry: registry.Config{Private: []string{"@acme/*", "com.acme"}, Packages: filepath.Join(dir, "known.txt"), Advisories: filepath.Join(dir, "osv.zip")},
	}
	if !got.Registry.Given() {
		t.Error("no registry is given")
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(server.Config{}, "Log", "Checks", "Now", "Reached"), cmpopts.IgnoreFields(registry.Config{}, "Now", "Tell"), cmpopts.IgnoreUnexported(registry.Config{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	env := []string{"REVIEWGATE_APP_ID=7", "REVIEWGATE_PRIVATE_KEY=" + pem, "REVIEWGATE_WEBHOOK_SECRET=" + secret, "REVIEWGATE_DATABASE=/var/lib/reviewgate/gate.db"}
	got, err = server.LoadConfig("", env)
	if err != nil {
		t.Fatal(err)
	}
	shared := append(env[:3:3], "REVIEWGATE_DATABASE_FILE="+write(t, dir, "database", "postgres://gate:hunter2@db.example.com/gate\n"), "REVIEWGATE_CACHE_DIR=/var/cache/reviewgate")
	if pg, err := server.LoadConfig("", shared); err != nil || pg.Database != "postgres://gate:hunter2@db.example.com/gate" || pg.CacheDir != "/var/cache/reviewgate" {
		t.Errorf("on PostgreSQL: %+v, %v", pg, err)
	}
	if got.APIURL != "https://api.github.com" || got.GitHubURL != "https://github.com" || got.Listen != ":8080" || got.Workers != 4 || got.Registry.Given() || got.CacheDir != "/var/lib/reviewgate/cache" {
		t.Errorf("defaults: %+v", got)
	}
}

func TestLoadConfigErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good := []string{"REVIEWGATE_APP_ID=7", "REVIEWGATE_PRIVATE_KEY=" + pem, "REVIEWGATE_WEBHOOK_SECRET=" + secret, "REVIEWGATE_DATABASE=/x/gate.db"}
	for name, c := range map[string]struct {
		file string
		env  []string // over good; nil: no good either
		want []string
	}{
		"nothing": {"", nil, []string{
			"app.id (REVIEWGATE_APP_ID): it is not set; it is on the App's settings page",
			"app.private_key_file (REVIEWGATE_PRIVATE_KEY_FILE): it is not set; generate",
			"app.webhook_secret_file (REVIEWGATE_WEBHOOK_SECRET): it is not set; choose",
			"database (REVIEWGATE_DATABASE): it is not set; name a file",
		}},
		"no folder for a cache":               {"", []string{"REVIEWGATE_DATABASE=postgres://gate:hunter2@db.example.com/gate"}, []string{"cache_dir (REVIEWGATE_CACHE_DIR): it is not set; name a folder on a local disk"}},
		"another database":                    {"", []string{"REVIEWGATE_DATABASE=mysql://gate:hunter2@db.example.com/gate"}, []string{"database (REVIEWGATE_DATABASE): it is neither a file nor the address of a PostgreSQL server"}},
		"an unknown key":                      {"listne: x\n", []string{}, []string{"server.yml", "line 1", "listne"}},
		"a wrong type":                        {"listen: [1]\n", []string{}, []string{"server.yml", "line 1"}},
		"a key twice":                         {"listen: a:1\nlisten: b:2\n", []string{}, []string{"line 2", "already"}},
		"no address":                          {"", []string{"REVIEWGATE_LISTEN=8080"}, []string{`listen (REVIEWGATE_LISTEN): "8080" is not an address; write host:port`}},
		"a name for an id":                    {"", []string{"REVIEWGATE_APP_ID=my-app"}, []string{`app.id (REVIEWGATE_APP_ID): "my-app" is not a positive number`}},
		"no PEM":                              {"", []string{"REVIEWGATE_PRIVATE_KEY=abc"}, []string{"it holds no key in PEM form"}},
		"a key that is missing":               {"", []string{"REVIEWGATE_PRIVATE_KEY=", "REVIEWGATE_PRIVATE_KEY_FILE=/does/not/exist"}, []string{"app.private_key_file", "/does/not/exist", "name a file"}},
		"a short secret":                      {"", []string{"REVIEWGATE_WEBHOOK_SECRET=password"}, []string{"it has 8 bytes and could be guessed"}},
		"tokens in the clear":                 {"", []string{"REVIEWGATE_GITHUB_API_URL=http://github.example.com/api"}, []string{"github.api_url (REVIEWGATE_GITHUB_API_URL)", "in the clear"}},
		"a password in the URL":               {"", []string{"REVIEWGATE_GITHUB_URL=https://a:hunter2@github.example.com"}, []string{"github.url", "is not an address"}},
		"a page under a path":                 {"", []string{"REVIEWGATE_PUBLIC_URL=https://example.com/gate"}, []string{`public_url (REVIEWGATE_PUBLIC_URL): "https://example.com/gate" has a path`}},
		"a page in the clear":                 {"", []string{"REVIEWGATE_PUBLIC_URL=http://gate.example.com"}, []string{"public_url", "in the clear"}},
		"no client secret":                    {"", []string{"REVIEWGATE_CLIENT_ID=Iv1.1", "REVIEWGATE_PUBLIC_URL=https://gate.example.com"}, []string{"app.client_secret_file (REVIEWGATE_CLIENT_SECRET_FILE): it is not set; generate"}},
		"a secret of nobody":                  {"", []string{"REVIEWGATE_CLIENT_SECRET=hunter2"}, []string{"app.client_id (REVIEWGATE_CLIENT_ID): it is not set; it belongs to"}},
		"nowhere to come back":                {"", []string{"REVIEWGATE_CLIENT_ID=Iv1.1", "REVIEWGATE_CLIENT_SECRET=hunter2"}, []string{"public_url (REVIEWGATE_PUBLIC_URL): it is not set; GitHub sends people back"}},
		"an administrator who cannot sign in": {"", []string{"REVIEWGATE_ADMINS=alice"}, []string{"admins (REVIEWGATE_ADMINS): nobody can sign in"}},
		"pages for whom":                      {"", []string{"REVIEWGATE_PAGES=all"}, []string{`pages (REVIEWGATE_PAGES): "all" is neither`}},
		"pages for everybody":                 {"", []string{"REVIEWGATE_PAGES=loopback"}, []string{`":8080" can be reached from elsewhere`}},
		"pages for two kinds of people": {"", []string{"REVIEWGATE_PAGES=loopback", "REVIEWGATE_LISTEN=127.0.0.1:80", "REVIEWGATE_CLIENT_ID=Iv1.1", "REVIEWGATE_CLIENT_SECRET=hunter2", "REVIEWGATE_PUBLIC_URL=https://gate.example.com"},
			[]string{"app.client_id is set; choose one of the two"}},
		"keeping nothing":        {"", []string{"REVIEWGATE_KEEP_SCANS=0d"}, []string{`keep.scans (REVIEWGATE_KEEP_SCANS): "0d" is not a time from 1d to 36500d; 30d is a good start`}},
		"keeping in hours":       {"keep: {audit: 24h}\n", []string{}, []string{`keep.audit (REVIEWGATE_KEEP_AUDIT): "24h" is not a time`}},
		"an unknown mode":        {"", []string{"REVIEWGATE_SANDBOX=strong"}, []string{`"strong" is no mode; write require, auto or off`}},
		"no workers":             {"", []string{"REVIEWGATE_WORKERS=0"}, []string{"is not a number from 1 to 64"}},
		"a floor of clay":        {"", []string{"REVIEWGATE_FLOOR=maybe"}, []string{"write required or optional"}},
		"a registry over http":   {"", []string{"REVIEWGATE_REGISTRY=npm=http://a:hunter2@npm.example.com"}, []string{"registry (REVIEWGATE_REGISTRY)", "use https"}},
		"a list that is missing": {"", []string{"REVIEWGATE_KNOWN_PACKAGES=/does/not/exist"}, []string{"known_packages (REVIEWGATE_KNOWN_PACKAGES)", "/does/not/exist"}},
		"a level":                {"", []string{"REVIEWGATE_LOG_LEVEL=loud"}, []string{"log_level", "write debug, info"}},
		"traces":                 {"", []string{"REVIEWGATE_TRACES=jaeger"}, []string{"traces", "write off, or otlp"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, env := "", c.env
			if c.file != "" {
				path = write(t, t.TempDir(), "server.yml", c.file)
			}
			if env != nil {
				env = append(append([]string{}, good...), env...)
			}
			_, err := server.LoadConfig(path, env)
			if err == nil {
				t.Fatal("no error")
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("the error lacks %q:\n%v", w, err)
				}
			}
			for _, s := range []string{secret, "not a real one", "hunter2"} {
				if strings.Contains(err.Error(), s) {
					t.Errorf("the error shows a secret:\n%v", err)
				}
			}
		})
	}
	if _, err := server.LoadConfig(filepath.Join(dir, "none.yml"), good); err == nil || !strings.Contains(err.Error(), "none.yml") {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestRedacting(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := server.Redacting(&out)
	text := `{"a":"ghs_` + strings.Repeat("x", 300) + `.y-z","b":"github_pat_1_a","c":"eyJhbGciOi.eyJpc3Mi.sig-_","d":"-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----","e":"kept"}`
	if n, err := w.Write([]byte(text)); n != len(text) || err != nil {
		t.Fatal(n, err)
	}
	if got, want := out.String(), `{"a":"[redacted]","b":"[redacted]","c":"[redacted]","d":"[redacted]","e":"kept"}`; got != want {
		t.Errorf("%s", got)
	}
	out.Reset()
	w.Hide([]byte("hunter2hunter2"))
	w.Hide([]byte("quo\"ted\nsecret"))
	w.Hide([]byte("a")) // stands in many words
	if _, err := w.Write([]byte(`{"a":"x hunter2hunter2 y","b":"quo\"ted\nsecret"}`)); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), `{"a":"x [redacted] y","b":"[redacted]"}`; got != want {
		t.Errorf("%s", got)
	}
}
