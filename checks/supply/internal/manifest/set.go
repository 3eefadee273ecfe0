package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
)

// maxFiles bounds how many files of a repository are read; those nearest to the root come first.
const maxFiles = 600

// Reads names the manifests, lockfiles and build configuration among the paths of a tree: what a check's Reads answers.
func Reads(paths []string) []string {
	var out []string
	for _, p := range paths {
		if KindOf(p) != None {
			out = append(out, p)
		}
	}
	slices.SortStableFunc(out, func(a, b string) int { return strings.Count(a, "/") - strings.Count(b, "/") })
	return out[:min(len(out), maxFiles)]
}

// A Set is what one side of a change declares.
type Set struct {
	Files  []*File           // the manifests that could be read, in the order of their paths
	Unread map[string]string // manifests and lockfiles that could not be read: path -> why
	texts  map[string][]byte // lockfiles and build configuration
	paths  []string          // of texts, sorted
}

type setKey struct{ side checks.Side }

// Load reads the manifests of one side, once for all checks.
func Load(c *checks.Change, side checks.Side) (*Set, error) {
	type result struct {
		set *Set
		err error
	}
	r := c.Memo(setKey{side}, func() any {
		set, err := load(c, side)
		return result{set, err}
	}).(result)
	return r.set, r.err
}

func load(c *checks.Change, side checks.Side) (*Set, error) {
	s := &Set{Unread: map[string]string{}, texts: map[string][]byte{}}
	paths := c.Tree(side).Paths()
	reads := Reads(paths)
	slices.Sort(reads)
	for _, p := range reads {
		data, err := c.Tree(side).Open(p)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case errors.Is(err, checks.ErrNotFetched):
			s.Unread[p] = "it was not read: too large, or no text"
			continue
		case err != nil:
			return nil, fmt.Errorf("reading %s: %w", p, err)
		}
		if KindOf(p) != Declares {
			s.texts[p] = data
			s.paths = append(s.paths, p)
			continue
		}
		f, err := Read(p, data)
		if err != nil {
			s.Unread[p] = err.Error()
			continue
		}
		s.Files = append(s.Files, f)
	}
	if n := len(reads); n == maxFiles {
		for _, p := range paths {
			if KindOf(p) != None && !slices.Contains(reads, p) {
				s.Unread[p] = fmt.Sprintf("more than %d manifests", maxFiles)
				break
			}
		}
	}
	return s, nil
}

// Of gives the manifests of an ecosystem.
func (s *Set) Of(e Ecosystem) []*File {
	return slices.DeleteFunc(slices.Clone(s.Files), func(f *File) bool { return f.Ecosystem != e })
}

// Above gives the manifests that a file obeys: those of its folder and of the folders above it, the nearest first. Files of requirements
// also count from a folder "requirements" beside those, catalogues from a folder "gradle".
func (s *Set) Above(e Ecosystem, file string) []*File {
	var out []*File
	for d := dir(file); ; d = dir(d) {
		for _, f := range s.Files {
			at := f.Dir()
			if e == Maven && path.Base(at) == "gradle" {
				at = dir(at) // gradle/libs.versions.toml
			}
			if e == PyPI && at != "" && (path.Base(at) == "requirements" || path.Base(at) == "requires") {
				at = dir(at)
			}
			if f.Ecosystem == e && at == d {
				out = append(out, f)
			}
		}
		if d == "" {
			return out
		}
	}
}

// Complete tells whether all that these manifests say was read, and the lockfiles of their ecosystem; if not, why.
func (s *Set) Complete(e Ecosystem, above []*File) (why string) {
	for _, p := range slices.Sorted(maps.Keys(s.Unread)) {
		if EcosystemOf(p) == e {
			return p + ": " + s.Unread[p]
		}
	}
	for _, f := range above {
		if f.Partial != "" {
			return f.Path + ": " + f.Partial
		}
	}
	return ""
}

// Locked tells whether a lockfile of the ecosystem, or build configuration, names a package. It looks for the name as text, with what stands
// around names in such files: enough to know that a package is there, in a file of any format.
func (s *Set) Locked(e Ecosystem, name string) (where string) {
	for _, p := range s.paths {
		if KindOf(p) == Locks && EcosystemOf(p) == e && Names(s.texts[p], name) {
			return p
		}
	}
	return ""
}

// HasLock tells whether there is a lockfile of the ecosystem that could be read.
func (s *Set) HasLock(e Ecosystem) bool {
	return slices.ContainsFunc(s.paths, func(p string) bool { return KindOf(p) == Locks && EcosystemOf(p) == e })
}

// Steered tells whether build configuration names a word.
func (s *Set) Steered(word string) (where string) {
	for _, p := range s.paths {
		if KindOf(p) == Steers && Names(s.texts[p], word) {
			return p
		}
	}
	return ""
}

// Text gives a lockfile or a file of build configuration.
func (s *Set) Text(p string) ([]byte, bool) {
	data, ok := s.texts[p]
	return data, ok
}

// Texts lists the lockfiles and build configuration, sorted.
func (s *Set) Texts() []string { return s.paths }

// Names tells whether a text has a name as a word of its own: "foo" is in `"node_modules/foo"`, `foo@1.0:` and `name = "foo"`, not in foo-bar.
func Names(text []byte, name string) bool {
	if name == "" {
		return false
	}
	for rest := text; ; {
		i := bytes.Index(rest, []byte(name))
		if i < 0 {
			return false
		}
		before, after := byte('\n'), byte('\n')
		if i > 0 {
			before = rest[i-1]
		} else if len(rest) < len(text) {
			before = text[len(text)-len(rest)-1]
		}
		if end := i + len(name); end < len(rest) {
			after = rest[end]
		}
		// A dash, a dot or a scope's slash would make it part of another name; node_modules/ does not.
		slash := before == '/' && !bytes.HasSuffix(rest[:i], []byte("node_modules/")) && name[0] != '@' && inScope(rest[:i])
		if !nameByte(before) && !nameByte(after) && !slash {
			return true
		}
		rest = rest[i+1:]
	}
}

// inScope tells whether what ends here is "@scope/".
func inScope(s []byte) bool {
	s = s[max(0, len(s)-80):]
	i := bytes.LastIndexAny(s[:len(s)-1], "@/\"' \n")
	return i >= 0 && s[i] == '@'
}

func nameByte(b byte) bool {
	return b == '-' || b == '_' || b == '.' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9'
}
