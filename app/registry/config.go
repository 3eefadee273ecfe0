package registry

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A Config says where to ask, and what not to. The zero value asks nobody.
type Config struct {
	Private    []string // names that are not sent: whole ones, or their beginning and "*"; with the ecosystem before it, "npm @acme/*"
	Packages   string   // file: the packages that exist, a line for each
	Advisories string   // file, folder or zip archive of advisories in OSV's form
	CacheDir   string   // for answers; "": they are kept in memory
	Version    string   // of the program, for the registries' logs

	Tell      func(string)      // is told what the operator should know of a failure; it may name hosts. Nil: nobody
	Now       func() time.Time  // nil: time.Now
	Transport http.RoundTripper // nil: the standard one, with the bounds of this package

	addresses map[string][]address // by ecosystem, and of advisories by "OSV"
	unusable  map[string]string    // by ecosystem: why nobody can be asked though something is configured
}

// Given tells whether anybody or anything can be asked.
func (c *Config) Given() bool {
	return len(c.addresses) > 0 || len(c.unusable) > 0 || c.Packages != "" || c.Advisories != ""
}

// kinds are the words before an address.
var kinds = map[string]string{"npm": "npm", "pypi": "PyPI", "go": "Go", "maven": "Maven", "osv": osvEcosystem}

// machine is the word for what the machine's own npm, pip and go are set to.
const machine = "machine"

// Add reads where to ask: "npm=https://...", "pypi=...", "go=..." (a GOPROXY list), "maven=...", "osv=..." or "machine", several with white space between
// them. Of several addresses of one kind all are asked. Nothing in them is expanded.
func (c *Config) Add(where string, from Machine) error {
	words := strings.Fields(where)
	if len(words) == 0 {
		return errors.New("it is empty")
	}
	for _, word := range words {
		if word == machine {
			from.into(c)
			continue
		}
		kind, value, ok := strings.Cut(word, "=")
		name := kinds[strings.ToLower(kind)]
		if !ok || name == "" {
			return fmt.Errorf("%q is neither KIND=ADDRESS (npm, pypi, go, maven, osv) nor %q", redact(word), machine)
		}
		if err := c.add(name, value); err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
	}
	return nil
}

// Hide adds patterns of names that are not to be sent, with commas between them.
func (c *Config) Hide(patterns string) {
	for pattern := range strings.SplitSeq(patterns, ",") {
		if pattern = strings.TrimSpace(pattern); pattern != "" {
			c.Private = append(c.Private, pattern)
		}
	}
}

func (c *Config) add(kind, value string) error {
	if kind == "Go" {
		return c.addProxies(value)
	}
	at, err := parseAddress(value)
	if err != nil {
		return err
	}
	c.put(kind, at)
	return nil
}

func (c *Config) put(kind string, at address) {
	if c.addresses == nil {
		c.addresses = map[string][]address{}
	}
	if !slices.ContainsFunc(c.addresses[kind], func(b address) bool { return b.String() == at.String() }) {
		c.addresses[kind] = append(c.addresses[kind], at)
	}
}

// addProxies reads a list as GOPROXY has it. "direct" and "off" are nobody to ask, and end it.
func (c *Config) addProxies(value string) error {
	some := false
	for rest := value; rest != ""; {
		i := strings.IndexAny(rest, ",|")
		word, more := rest, byte(0)
		if i >= 0 {
			word, more = rest[:i], rest[i]
			rest = rest[i+1:]
		} else {
			rest = ""
		}
		if word = strings.TrimSpace(word); word == "direct" || word == "off" {
			break
		}
		at, err := parseAddress(word)
		if err != nil {
			return err
		}
		at.more = more
		c.put("Go", at)
		some = true
	}
	if !some {
		return errors.New("it names no proxy that could be asked")
	}
	return nil
}

// parseAddress reads an address: https, or http to this machine.
func parseAddress(s string) (address, error) {
	u, err := url.Parse(s)
	switch {
	case strings.Contains(s, "$"):
		return address{}, fmt.Errorf("%q holds a variable, and nothing is expanded here", redact(s))
	case err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "":
		return address{}, fmt.Errorf("%q is no address", redact(s))
	case u.Scheme == "http" && u.Hostname() != "localhost" && !net.ParseIP(u.Hostname()).IsLoopback():
		return address{}, fmt.Errorf("%q: who is on the way could answer instead; use https", redact(s))
	case u.Scheme != "https" && u.Scheme != "http":
		return address{}, fmt.Errorf("%q is no https address", redact(s))
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), strings.TrimRight(u.RawPath, "/")
	return address{url: u}, nil
}

// redact takes the password out of an address for messages.
func redact(s string) string { return credentials.ReplaceAllString(s, "//...@") }

var credentials = regexp.MustCompile(`//[^/@]*@`)

// A Machine is where the settings of the machine's own tools are found. Files below Not are left out: they belong to the judged tree.
type Machine struct {
	Env  []string // "NAME=value", as os.Environ gives it
	Home string   // the user's folder; "": none
	Conf string   // the user's folder of settings (os.UserConfigDir); "": none
	Not  string   // the judged folder; "": none
}

// into reads what npm, pip and go are set to. What cannot be used is kept as a reason, for whoever asks.
func (m Machine) into(c *Config) {
	env := map[string]string{}
	for _, pair := range m.Env {
		name, value, _ := strings.Cut(pair, "=")
		env[strings.ToLower(name)] = value // npm's are written in both cases
	}
	set := func(kind, value, where string) {
		if value == "" {
			return
		}
		if err := c.add(kind, value); err != nil {
			if c.unusable == nil {
				c.unusable = map[string]string{}
			}
			public := "the machine's own setting of its address cannot be used"
			c.unusable[kind] = public
			if c.Tell != nil {
				c.Tell(fmt.Sprintf("%s of %s: %v", where, kind, err))
			}
		}
	}
	m.npm(c, env, set)
	m.pip(env, set)
	m.golang(c, env, set)
	slices.Sort(c.Private)
	c.Private = slices.Compact(c.Private)
}

func (m Machine) npm(c *Config, env map[string]string, set func(kind, value, where string)) {
	files := []string{"/etc/npmrc", "/usr/etc/npmrc", "/usr/local/etc/npmrc", env["npm_config_globalconfig"], filepath.Join(m.Home, ".npmrc"), env["npm_config_userconfig"]}
	if m.Home == "" {
		files[4] = ""
	}
	found, where := "", ""
	for _, f := range files {
		for key, value := range m.settings(f, "") {
			switch {
			case key == "registry":
				found, where = value, f
			case strings.HasSuffix(key, ":registry") && strings.HasPrefix(key, "@"):
				c.Private = append(c.Private, "npm "+strings.TrimSuffix(key, ":registry")+"/*") // a registry of its own
			}
		}
	}
	if v := env["npm_config_registry"]; v != "" {
		found, where = v, "npm_config_registry"
	}
	set("npm", found, where)
}

func (m Machine) pip(env map[string]string, set func(kind, value, where string)) {
	files := []string{"/etc/pip.conf", "/etc/xdg/pip/pip.conf"}
	if m.Home != "" {
		files = append(files, filepath.Join(m.Home, ".pip", "pip.conf"))
	}
	if m.Conf != "" {
		files = append(files, filepath.Join(m.Conf, "pip", "pip.conf"), filepath.Join(m.Conf, "pip", "pip.ini"))
	}
	files = append(files, env["pip_config_file"])
	index, extra, where := "", "", ""
	for _, f := range files {
		for _, section := range []string{"global", "install"} {
			s := m.settings(f, section)
			index, extra = cmp.Or(s["index-url"], index), cmp.Or(s["extra-index-url"], extra)
			if s["index-url"] != "" {
				where = f
			}
		}
	}
	if v := env["pip_index_url"]; v != "" {
		index, where = v, "PIP_INDEX_URL"
	}
	set("PyPI", index, where)
	for _, one := range strings.Fields(cmp.Or(env["pip_extra_index_url"], extra)) {
		set("PyPI", one, "extra-index-url")
	}
}

func (m Machine) golang(c *Config, env map[string]string, set func(kind, value, where string)) {
	file := env["goenv"]
	if file == "" && m.Conf != "" {
		file = filepath.Join(m.Conf, "go", "env")
	}
	s := m.settings(file, "")
	private := cmp.Or(env["gonoproxy"], env["goprivate"], s["GONOPROXY"], s["GOPRIVATE"])
	for _, p := range strings.Split(private, ",") {
		if p = strings.TrimSpace(p); p != "" && p != "none" {
			c.Private = append(c.Private, "Go "+p)
		}
	}
	if v := env["goproxy"]; v != "" {
		set("Go", v, "GOPROXY")
	} else {
		set("Go", s["GOPROXY"], file)
	}
}

const maxSettings = 1 << 20

// settings reads lines "key = value" of one section; what is not there has none. Files below the judged folder are not read.
func (m Machine) settings(path, section string) map[string]string {
	out := map[string]string{}
	if path == "" || m.judged(path) {
		return out
	}
	f, err := os.Open(path)
	if err != nil {
		return out
	}
	defer f.Close()
	in, at, last := bufio.NewScanner(io.LimitReader(f, maxSettings)), "", ""
	for in.Scan() {
		line := in.Text()
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "" || trimmed[0] == '#' || trimmed[0] == ';':
		case trimmed[0] == '[' && strings.HasSuffix(trimmed, "]"):
			at, last = strings.Trim(trimmed, "[] "), ""
		case at != section:
		case line[0] == ' ' || line[0] == '\t':
			if last != "" { // another line of the value
				out[last] += " " + trimmed
			}
		default:
			key, value, _ := strings.Cut(trimmed, "=")
			last = strings.TrimSpace(key)
			out[last] = strings.Trim(strings.TrimSpace(value), `"'`)
		}
	}
	return out
}

func (m Machine) judged(path string) bool {
	if m.Not == "" {
		return false
	}
	resolve := func(p string) string {
		if abs, err := filepath.Abs(p); err == nil {
			p = abs
		}
		if real, err := filepath.EvalSymlinks(p); err == nil {
			p = real
		}
		return p
	}
	rel, err := filepath.Rel(resolve(m.Not), resolve(path))
	return err != nil || rel == "." || !strings.HasPrefix(rel, "..")
}

// CacheDir is where answers are kept for the user: below dir, unless that is in the judged folder.
func (m Machine) CacheDir(dir string) string {
	if dir = filepath.Join(dir, "reviewgate", "registry"); m.judged(dir) {
		return ""
	}
	return dir
}
