package known

import (
	"strings"

	"github.com/reviewgate-app/reviewgate/checks/supply/internal/manifest"
)

// Like finds the widely used package that a name is most like, and how; NoLikeness for a name that is itself widely used.
func Like(e manifest.Ecosystem, name string) (popular string, how Likeness) {
	if Popular(e, name) {
		return "", NoLikeness
	}
	for _, p := range List(e) {
		if h := compare(e, name, p); h > how {
			popular, how = p, h
		}
	}
	return popular, how
}

// Likeness is a way in which a name is like another one, the weakest first.
type Likeness uint8

// The likenesses. From Separator on it is hardly by chance.
const (
	NoLikeness Likeness = iota
	Affix               // python-x, x-js
	Near                // x2, xs; a letter of a short name, or the first one: such neighbours have grown by chance
	Separator           // x-y, xy
	Letter              // one typed differently
)

const shortest = 5 // names below that have neighbours by chance

func compare(e manifest.Ecosystem, name, popular string) Likeness {
	switch e {
	case manifest.Go:
		return compareParts(unversioned(name), unversioned(popular), "/")
	case manifest.Maven:
		group, artifact, _ := strings.Cut(name, ":")
		popularGroup, popularArtifact, _ := strings.Cut(popular, ":")
		if artifact == popularArtifact && len(popularGroup) >= shortest && oneEdit(group, popularGroup) {
			return Letter // within a group nobody else can publish
		}
		return NoLikeness
	case manifest.PyPI, manifest.NPM:
	}
	scope, rest, scoped := strings.Cut(name, "/")
	popularScope, popularRest, popularScoped := strings.Cut(popular, "/")
	switch {
	case scoped != popularScoped:
		return NoLikeness
	case scoped:
		if rest == popularRest && len(popularScope) > shortest && oneEdit(scope, popularScope) {
			return Letter // within a scope nobody else can publish
		}
		return NoLikeness
	case len(popular) < shortest:
		return NoLikeness
	case strip(name) == strip(popular):
		if e == manifest.NPM {
			return Near // its registry takes no new name that only dashes part from another one
		}
		return Separator
	case oneEdit(name, popular):
		if ending(name, popular) && single(name) != single(popular) {
			return Near
		}
		return slip(name, popular)
	}
	for _, a := range affixes[e] {
		if name == a+popular || name == popular+a {
			return Affix
		}
	}
	return NoLikeness
}

var affixes = map[manifest.Ecosystem][]string{
	manifest.PyPI: {"python-", "-python", "py-", "-py", "python3-"},
	manifest.NPM:  {"-js", ".js", "-node", "node-", "js-", "-npm"},
}

// compareParts compares paths of which the first part is a host: owner or repository may differ in one letter.
func compareParts(a, b, sep string) Likeness {
	x, y := strings.Split(a, sep), strings.Split(b, sep)
	if len(x) != len(y) || len(x) < 3 || x[0] != y[0] {
		return NoLikeness
	}
	differ := -1
	for i := range x {
		if x[i] != y[i] {
			if differ >= 0 {
				return NoLikeness
			}
			differ = i
		}
	}
	// Other repositories of the same owner are no trap: only he can make them.
	if differ == 1 && len(y[1]) >= shortest && oneEdit(x[1], y[1]) {
		return Letter
	}
	return NoLikeness
}

// unversioned takes the major version off the path of a module.
func unversioned(p string) string {
	i := strings.LastIndexByte(p, '/')
	if i > 0 && strings.HasPrefix(p[i+1:], "v") && strings.Trim(p[i+2:], "0123456789") == "" {
		return p[:i]
	}
	return p
}

var dashes = strings.NewReplacer("-", "", "_", "", ".", "")

func strip(s string) string { return dashes.Replace(s) }

// ending tells names that only digits or a last s part: successors and siblings are called so.
func ending(a, b string) bool {
	cut := func(s string) string { return strings.TrimRight(digits.Replace(s), "s") }
	return cut(a) == cut(b)
}

var digits = strings.NewReplacer("0", "", "1", "", "2", "", "3", "", "4", "", "5", "", "6", "", "7", "", "8", "", "9", "")

// slip tells how sure it is that one edit was no intention: two neighbours that changed places, or a letter twice or once, are slips of any
// name; another letter is one in a long name, behind its first.
func slip(a, b string) Likeness {
	if len(a) == len(b) {
		i := 0
		for a[i] == b[i] {
			i++
		}
		if i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] {
			return Letter
		}
	}
	if single(a) == single(b) || len(b) >= 8 && a[0] == b[0] {
		return Letter
	}
	return Near
}

// single writes letters that stand twice once.
func single(s string) string {
	var out strings.Builder
	for i := range len(s) {
		if i == 0 || s[i] != s[i-1] {
			out.WriteByte(s[i])
		}
	}
	return out.String()
}

// oneEdit tells whether one letter more, less or other, or two neighbours that changed places, make a into b.
func oneEdit(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 || a == b {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return a[i:] == b[i+1:]
	}
	if a[i+1:] == b[i+1:] {
		return true
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}
