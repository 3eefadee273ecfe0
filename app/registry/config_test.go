package registry

import (
	"archive/zip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/reviewgate-app/reviewgate/checks"
)

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func show(c *Config) string {
	var out []string
	for _, kind := range []string{"npm", "PyPI", "Go", "Maven", osvEcosystem} {
		for _, a := range c.addresses[kind] {
			out = append(out, kind+" "+a.url.Redacted())
		}
		if why := c.unusable[kind]; why != "" {
			out = append(out, kind+" unusable")
		}
	}
	for _, p := range c.Private {
		out = append(out, "private "+p)
	}
	return strings.Join(out, "\n")
}

// TestMachine: what npm, pip and go are set to, as their own documents say where that lies and what wins.
func TestMachine(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	conf := filepath.Join(home, ".config")
	write(t, filepath.Join(home, ".npmrc"), "; ours\nregistry = \"https://npm.example.com/group/\"\n@acme:registry=https://npm.acme.example.com/\n//npm.example.com/:_authToken=${NPM_TOKEN}\nsave-exact=true\n")
	write(t, filepath.Join(conf, "pip", "pip.conf"), "[global]\ntimeout = 60\nindex-url = https://alice:secret@pip.example.com/simple\n[install]\nextra-index-url =\n    https://one.example.com/simple\n    https://two.example.com/simple/\n[search]\nindex = https://no.example.com\n")
	write(t, filepath.Join(conf, "go", "env"), "GOPROXY=https://go.example.com,direct\nGOPRIVATE=*.corp.example.com,github.com/acme\n")
	for name, c := range map[string]struct {
		m    Machine
		want string
	}{
		"files": {Machine{Home: home, Conf: conf}, `npm https://npm.example.com/group
PyPI https://alice:xxxxx@pip.example.com/simple
PyPI https://one.example.com/simple
PyPI https://two.example.com/simple
Go https://go.example.com
private Go *.corp.example.com
private Go github.com/acme
private npm @acme/*`},
		"environment": {Machine{Home: home, Conf: conf, Env: []string{"npm_config_registry=https://env.example.com", "PIP_INDEX_URL=https://env.example.com/simple", "PIP_EXTRA_INDEX_URL=https://x.example.com/simple", "GOPROXY=https://a.example.com|https://b.example.com,off", "GONOPROXY=none"}}, `npm https://env.example.com
PyPI https://env.example.com/simple
PyPI https://x.example.com/simple
Go https://a.example.com
Go https://b.example.com
private npm @acme/*`},
		"variables": {Machine{Env: []string{"NPM_CONFIG_REGISTRY=https://${HOST}/", "GOPROXY=direct"}}, "npm unusable\nGo unusable"},
		"judged":    {Machine{Home: home, Conf: conf, Not: home}, ""},
		"nothing":   {Machine{Home: filepath.Join(home, "nobody"), Conf: filepath.Join(home, "nowhere")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := Config{}
			if err := cfg.Add("machine", c.m); err != nil {
				t.Fatal(err)
			}
			if got := show(&cfg); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
	m := Machine{Not: home}
	if got := m.CacheDir(filepath.Join(home, ".cache")); got != "" {
		t.Errorf("the cache would be in the judged folder: %s", got)
	}
	if got := m.CacheDir(t.TempDir()); filepath.Base(got) != "registry" {
		t.Errorf("the cache folder is %q", got)
	}
}

func TestAdd(t *testing.T) {
	t.Parallel()
	for where, want := range map[string]string{
		"npm=https://a.example.com  osv=https://b.example.com/": "npm https://a.example.com\nOSV https://b.example.com",
		"PyPI=https://a.example.com/simple/":                    "PyPI https://a.example.com/simple",
		"maven=http://localhost:8081/repo":                      "Maven http://localhost:8081/repo",
		"npm=http://[::1]:80":                                   "npm http://[::1]:80",
		"npm=https://a.example.com npm=https://a.example.com/":  "npm https://a.example.com",
		"":                                    "it is empty",
		"npm":                                 `"npm" is neither KIND=ADDRESS`,
		"cargo=https://a.example.com":         "is neither KIND=ADDRESS",
		"npm=http://a.example.com":            "use https",
		"npm=ftp://a.example.com":             "is no https address",
		"npm=https://u:p@$HOST/":              `"https://...@$HOST/" holds a variable`,
		"npm=https://a.example.com/?x=1":      "is no address",
		"npm=/just/a/path":                    "is no address",
		"go=off":                              "names no proxy",
		"go=https://a.example.com,file:///x":  "is no address",
		"https://alice:secret@b.example.com/": "https://...@b.example.com",
	} {
		cfg := Config{}
		var got string
		if err := cfg.Add(where, Machine{}); err != nil {
			got = err.Error()
		} else {
			got = show(&cfg)
		}
		if got != want && (strings.Contains(want, " https://") || !strings.Contains(got, want)) {
			t.Errorf("%q: got %q, want %q", where, got, want)
		}
		if strings.Contains(got, "secret") || strings.Contains(got, "u:p") {
			t.Errorf("%q: the message tells a password: %q", where, got)
		}
	}
}

// TestAdvisories: a file, a folder, an archive and a folder of archives say the same; what cannot be read is never "nothing found".
func TestAdvisories(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	other := `{"id":"PYSEC-1","affected":[{"package":{"ecosystem":"PyPI","name":"Flask_X"},"versions":["1.0"]}]}`
	stream := write(t, filepath.Join(dir, "all.json"), advisory+"\n["+taken+","+other+"]")
	write(t, filepath.Join(dir, "folder", "a.json"), advisory)
	write(t, filepath.Join(dir, "folder", "sub", "b.json"), "["+taken+",null]")
	write(t, filepath.Join(dir, "folder", "README.md"), "not JSON")
	archive := filepath.Join(dir, "folder", "pypi.zip")
	pack(t, archive, map[string]string{"PYSEC-1.json": other})
	whole := filepath.Join(dir, "all.zip")
	pack(t, whole, map[string]string{"GHSA-1.json": advisory, "GHSA-2.json": taken, "PYSEC-1.json": other, "x.txt": "x"})
	asked := []checks.Package{{Ecosystem: "npm", Name: "lodash", Version: "4.17.15"}, {Ecosystem: "PyPI", Name: "flask-x", Version: "1.0"}, {Ecosystem: "PyPI", Name: "none", Version: "1.0"}}
	cache := t.TempDir()
	for _, path := range []string{stream, filepath.Join(dir, "folder"), whole, whole} {
		r := New(Config{Advisories: path, CacheDir: cache})
		if err := r.Check(t.Context()); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		facts := r.Facts(t.Context(), asked)
		got := string(facts.Advisories)
		if strings.Count(got, "\n") != 2 || !strings.Contains(got, `"id":"GHSA-1"`) || !strings.Contains(got, `"id":"PYSEC-1"`) || strings.Contains(got, `"other"`) {
			t.Errorf("%s: got %s", path, got)
		}
		for _, a := range facts.Answers {
			if a.State != checks.Exists {
				t.Errorf("%s: %+v", path, a)
			}
		}
	}
	// The archive is replaced: what was kept of the old one is not used.
	pack(t, whole, map[string]string{"x.json": strings.ReplaceAll(other, "PYSEC-1", "PYSEC-22")})
	if got := string(New(Config{Advisories: whole, CacheDir: cache}).Facts(t.Context(), asked).Advisories); !strings.Contains(got, "PYSEC-22") || strings.Contains(got, "GHSA") {
		t.Errorf("after the replacement: %s", got)
	}
	cut := filepath.Join(dir, "cut.zip")
	data, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	write(t, cut, string(data[:len(data)/2]))
	for _, path := range []string{filepath.Join(dir, "missing"), write(t, filepath.Join(dir, "bad.json"), `{"id": `), write(t, filepath.Join(dir, "number.json"), `1`), t.TempDir(), cut} {
		var told []string
		r := New(Config{Advisories: path, Tell: func(s string) { told = append(told, s) }})
		if err := r.Check(t.Context()); err == nil {
			t.Errorf("%s: no error", path)
		}
		if a := r.Facts(t.Context(), asked).Answers[0]; a.State != checks.Unknown || a.Why != osvUnusable || len(told) != 1 {
			t.Errorf("%s: %+v, told %q", path, a, told)
		}
	}
}

func pack(t *testing.T, path string, files map[string]string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	for name, text := range files {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(time.Duration(len(files)) * time.Hour)
	if err := os.Chtimes(path, later, later); err != nil {
		t.Fatal(err)
	}
}

// TestKnownPackages: of the list goes on what is asked for, and which ecosystems it speaks of.
func TestKnownPackages(t *testing.T) {
	t.Parallel()
	path := write(t, filepath.Join(t.TempDir(), "list"), "# ours\nnpm lodash\nNPM @acme/kit\npypi Zope.Interface\n\nHex phoenix\n")
	facts := New(Config{Packages: path}).Facts(t.Context(), []checks.Package{npm("lodash"), npm("made-up"), pypi("zope-interface"), golang("example.com/x")})
	if got, want := string(facts.Packages), "Hex\nPyPI\nPyPI zope-interface\nnpm\nnpm lodash\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	bad := write(t, filepath.Join(t.TempDir(), "bad"), "npm lodash\nlodash\n")
	if err := New(Config{Packages: bad}).Check(t.Context()); err == nil || !strings.Contains(err.Error(), `bad:2: "lodash" is not`) {
		t.Errorf("got %v", err)
	}
}

func FuzzAnswers(f *testing.F) {
	for _, s := range []string{lodash, requests, metadata("x", "1"), advisory, "[" + taken + "]", `<a href="x">x-1.0</a>`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if p, err := readPackument(strings.NewReader(string(data))); err == nil {
			_ = p.answer()
		}
		for _, read := range []func(*pypiPage) error{
			func(p *pypiPage) error { return p.readJSON(strings.NewReader(string(data))) },
			func(p *pypiPage) error { return p.readHTML(strings.NewReader(string(data)), "x") },
		} {
			p := &pypiPage{}
			if read(p) == nil {
				_ = p.answer()
			}
		}
		found := map[string]*record{}
		_ = records(t.Context(), strings.NewReader(string(data)), func(r *record) { found[r.ID] = r })
		_ = marshal(found, nil)
		_ = fmt.Sprint(parseAddress(string(data)))
	})
}
