package manifest

import (
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A Locked is one package as a lockfile fixes it.
type Locked struct {
	Name, Version string
	Resolved      string // the address, if the file has one
	Hash          string // the digests, as written
	Line          int
}

// Host is where the package comes from; "" if the file does not say.
func (l *Locked) Host() string {
	u, err := url.Parse(l.Resolved)
	if err != nil {
		return ""
	}
	return u.Host
}

// maxLock bounds one lockfile.
const maxLock = 32 << 20

// ReadLock reads a lockfile, told by its path. Packages come in the order of the file; a format without one reader is an error.
func ReadLock(p string, data []byte) ([]Locked, error) {
	if len(data) > maxLock {
		return nil, fmt.Errorf("read %s: it is larger than %d bytes", p, maxLock)
	}
	var out []Locked
	var err error
	switch path.Base(p) {
	case "package-lock.json", "npm-shrinkwrap.json":
		out, err = lockNPM(data)
	case "yarn.lock":
		out = lockYarn(string(data))
	case "pnpm-lock.yaml":
		out, err = lockPNPM(data)
	case "poetry.lock", "uv.lock", "pdm.lock":
		out, err = lockPython(data)
	case "Pipfile.lock":
		out, err = lockPipfile(data)
	case "go.sum":
		out = lockGo(string(data))
	default:
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", p, err)
	}
	return out, nil
}

// collect gathers entries into packages: those of neighbouring entries with the same key belong together.
type collect struct {
	out []Locked
	key string
}

func (c *collect) at(key, name string, line int) *Locked {
	if c.key != key || len(c.out) == 0 {
		c.key = key
		c.out = append(c.out, Locked{Name: name, Line: line})
	}
	return &c.out[len(c.out)-1]
}

func lockNPM(data []byte) ([]Locked, error) {
	entries, err := jsonEntries(data)
	if err != nil {
		return nil, err
	}
	var c collect
	for _, e := range entries {
		last := len(e.keys) - 1
		switch {
		case e.under("packages", "*") && last == 2 && e.keys[1] != "":
			i := strings.LastIndex(e.keys[1], "node_modules/")
			if i < 0 {
				continue // a workspace
			}
			c.at(e.keys[1], e.keys[1][i+len("node_modules/"):], e.line).set(e.keys[2], e.value)
		case e.under("dependencies") && last >= 2 && e.keys[last-2] == "dependencies": // the first version of the format
			c.at(strings.Join(e.keys[:last], "/"), e.keys[last-1], e.line).set(e.keys[last], e.value)
		}
	}
	return c.out, nil
}

func (l *Locked) set(key, value string) {
	switch key {
	case "version":
		l.Version = value
	case "resolved":
		l.Resolved = value
	case "integrity":
		l.Hash = value
	case "name": // of an alias
		l.Name = value
	}
}

var yarnField = regexp.MustCompile(`^  (version|resolved|integrity|resolution|checksum):? "?([^"]*?)"?\s*$`)

// lockYarn reads the lockfile of both kinds of yarn, which differ in a colon.
func lockYarn(text string) []Locked {
	var out []Locked
	var now *Locked
	for i, line := range lines(text) {
		switch {
		case line == "" || line[0] == '#':
		case line[0] != ' ':
			now = nil
			first, _, _ := strings.Cut(strings.Trim(strings.TrimSuffix(line, ":"), `"`), ",")
			spec := strings.Trim(strings.TrimSpace(first), `"`)
			if at := strings.Index(spec[min(1, len(spec)):], "@"); at >= 0 {
				out = append(out, Locked{Name: spec[:at+1], Line: i + 1})
				now = &out[len(out)-1]
			}
		case now != nil:
			if m := yarnField.FindStringSubmatch(line); m != nil {
				switch m[1] {
				case "version":
					now.Version = m[2]
				case "resolved":
					now.Resolved, _, _ = strings.Cut(m[2], "#")
				case "integrity", "checksum":
					now.Hash = m[2]
				case "resolution":
					if strings.Contains(m[2], "@patch:") { // stands beside the package that it patches
						now.Name += " (patched)"
					}
				}
			}
		}
	}
	return out
}

func lockPNPM(data []byte) ([]Locked, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("YAML: %w", err)
	}
	if len(doc.Content) == 0 {
		return nil, nil
	}
	var out []Locked
	pairs(get(doc.Content[0], "packages"), func(k, v *yaml.Node) {
		name, version := cutVersion(strings.TrimPrefix(strings.SplitN(k.Value, "(", 2)[0], "/"))
		l := Locked{Name: name, Version: version, Line: k.Line}
		pairs(get(v, "resolution"), func(k, v *yaml.Node) {
			switch k.Value {
			case "integrity":
				l.Hash = v.Value
			case "tarball":
				l.Resolved = v.Value
			}
		})
		out = append(out, l)
	})
	return out, nil
}

func pairs(n *yaml.Node, each func(k, v *yaml.Node)) {
	if n == nil || n.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		each(n.Content[i], n.Content[i+1])
	}
}

func get(n *yaml.Node, key string) (found *yaml.Node) {
	pairs(n, func(k, v *yaml.Node) {
		if k.Value == key {
			found = v
		}
	})
	return found
}

func lockPython(data []byte) ([]Locked, error) {
	entries, err := tomlEntries(data)
	if err != nil {
		return nil, err
	}
	var c collect
	for _, e := range entries {
		if !e.under("package", "*", "*") || e.keys[1][0] != '[' {
			continue
		}
		l := c.at(e.keys[1], "", e.line)
		last := e.keys[len(e.keys)-1]
		switch {
		case len(e.keys) == 3 && last == "name":
			l.Name = PyName(e.value)
		case len(e.keys) == 3 && last == "version":
			l.Version = e.value
		case e.keys[2] == "source" && (last == "url" || last == "registry" || last == "git"):
			l.Resolved = e.value
		case (e.keys[2] == "files" || e.keys[2] == "wheels" || e.keys[2] == "sdist") && last == "hash":
			l.Hash += e.value + " "
		}
	}
	return c.out, nil
}

func lockPipfile(data []byte) ([]Locked, error) {
	entries, err := jsonEntries(data)
	if err != nil {
		return nil, err
	}
	var c collect
	for _, e := range entries {
		if len(e.keys) < 3 || !e.under("default") && !e.under("develop") {
			continue
		}
		l := c.at(e.keys[0]+"/"+e.keys[1], PyName(e.keys[1]), e.line)
		switch e.keys[2] {
		case "version":
			l.Version = strings.TrimPrefix(e.value, "==")
		case "hashes":
			l.Hash += e.value + " "
		}
	}
	return c.out, nil
}

func lockGo(text string) []Locked {
	var out []Locked
	for i, line := range lines(text) {
		if f := strings.Fields(line); len(f) >= 3 {
			out = append(out, Locked{Name: f[0], Version: f[1], Hash: f[2], Line: i + 1})
		}
	}
	return out
}

// LocksOf names the lockfiles that may fix what a manifest declares, by their base name.
func LocksOf(p string) []string {
	switch path.Base(p) {
	case "package.json":
		return []string{"package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml"}
	case "pyproject.toml":
		return []string{"poetry.lock", "uv.lock", "pdm.lock"}
	case "Pipfile":
		return []string{"Pipfile.lock"}
	case "go.mod":
		return []string{"go.sum"}
	}
	return nil
}

// LocksFor gives the nearest lockfiles above a manifest: those of the first folder upwards that has one.
func (s *Set) LocksFor(manifest string) []string {
	names := LocksOf(manifest)
	for d := dir(manifest); ; d = dir(d) {
		var out []string
		for _, n := range names {
			p := path.Join(d, n)
			if _, ok := s.texts[p]; ok {
				out = append(out, p)
			}
		}
		if len(out) > 0 || d == "" {
			return out
		}
	}
}
