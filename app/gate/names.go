package gate

import (
	"sort"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/reviewgate-app/reviewgate/checks"
)

// fold maps names that land on one file on macOS or Windows onto one text: NFC, then case folding. Folding may only add matches.
func fold(s string) string {
	upper := false
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return norm.NFC.String(cases.Fold().String(norm.NFC.String(s)))
		}
		upper = upper || s[i] >= 'A' && s[i] <= 'Z'
	}
	if !upper {
		return s
	}
	return strings.ToLower(s)
}

// A Clash is two paths of the head tree that are one file on macOS and Windows.
type Clash struct {
	Path  string `json:"path"`  // changed by the pull request
	Other string `json:"other"` // changed too, or already there
}

// Clashes finds the changed files of the head tree whose path, folded, equals another one of the head tree. headPaths may be nil:
// then only changed files are compared with each other. The answer is sorted.
func Clashes(files []FileChange, headPaths []string) []Clash {
	return clashes(files, looks(files), headPaths)
}

func clashes(files []FileChange, seen []look, headPaths []string) []Clash {
	// Of two names that fold to one, at least one is not its own folding. Those are few, and only they are kept.
	unfolded := map[string][]string{}
	for i := range files {
		if path := files[i].Path; files[i].Mode != 0 {
			if key := seen[i].folded; key != path {
				unfolded[key] = append(unfolded[key], path)
			}
		}
	}
	var out []Clash
	clash := func(path string, folded string) {
		for _, other := range unfolded[folded] {
			if other != path {
				out = append(out, Clash{path, other})
			}
		}
	}
	if len(unfolded) > 0 {
		for i := range files {
			if files[i].Mode != 0 {
				clash(files[i].Path, seen[i].folded)
			}
		}
	}
	if len(headPaths) > 0 {
		changed := make(map[string][]string, len(files))
		for i := range files {
			if files[i].Mode != 0 {
				key := seen[i].folded
				changed[key] = append(changed[key], files[i].Path)
			}
		}
		for _, path := range headPaths {
			for _, other := range changed[fold(path)] {
				if other != path {
					out = append(out, Clash{other, path})
				}
			}
		}
	}
	for i, c := range out {
		if c.Other < c.Path {
			out[i] = Clash{c.Other, c.Path}
		}
	}
	sort.Slice(out, func(i, j int) bool {
		return out[i].Path < out[j].Path || out[i].Path == out[j].Path && out[i].Other < out[j].Other
	})
	uniq := out[:0]
	for i := range out {
		if i == 0 || out[i] != out[i-1] {
			uniq = append(uniq, out[i])
		}
	}
	return uniq
}

// oddName says what is wrong with a path that can mislead a reader, a shell or another file system; empty if nothing is.
func oddName(path string) string {
	if !utf8.ValidString(path) {
		return "is not valid UTF-8"
	}
	for _, r := range path {
		switch {
		case r == '\\':
			return "contains a backslash"
		case unicode.IsControl(r):
			return "contains a control character"
		case unicode.Is(unicode.Cf, r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r), unicode.Is(unicode.Co, r):
			return "contains an invisible or bidirectional character"
		}
	}
	for seg := range strings.SplitSeq(path, "/") {
		switch {
		case seg == "" || seg == "." || seg == "..":
			return "contains an empty or relative part"
		case strings.HasSuffix(seg, ".") || strings.HasSuffix(seg, " "):
			return "has a part that ends in a dot or a space"
		case gitLike(seg):
			return "has a part that some file systems read as .git"
		}
	}
	return ""
}

// What lookAt asks of a byte.
const (
	upperByte  = 1 << iota // folding changes it
	beyondByte             // not ASCII
	oddByte                // never in a plain name
	endByte                // odd at the end of a part
	slashByte              // ends a part
	dotByte                // odd at the beginning of a part, as in .git
)

var byteClass = func() (class [256]uint8) {
	for c := range class {
		switch {
		case c >= utf8.RuneSelf:
			class[c] = beyondByte | oddByte
		case c < ' ' || c == 0x7f || c == '\\' || c == '~' || c == ':':
			class[c] = oddByte
		case c == '.':
			class[c] = endByte | dotByte
		case c == '/': // also at the end of an empty part
			class[c] = endByte | slashByte
		case c == ' ':
			class[c] = endByte
		case c >= 'A' && c <= 'Z':
			class[c] = upperByte
		}
	}
	return class
}()

// A look is what one pass over a path tells: thousands of paths are asked the same questions.
type look struct {
	folded string
	ascii  bool
	plain  bool // true: oddName has nothing to say. false: it may
}

func lookAt(path string) look {
	seen, pairs, before := uint8(0), uint8(0), byteClass['/']
	for i := range len(path) {
		class := byteClass[path[i]]
		seen |= class
		pairs |= before << 1 & class // an end before a slash, a slash before a dot
		before = class
	}
	l := look{folded: path, ascii: seen&beyondByte == 0, plain: path != "" && pairs&(slashByte|dotByte) == 0 && seen&oddByte == 0 && before&endByte == 0}
	if seen&(upperByte|beyondByte) != 0 {
		l.folded = fold(path)
	}
	return l
}

// looks are those of the files' paths, in their order.
func looks(files []FileChange) []look {
	out := make([]look, len(files))
	for i := range files {
		out[i] = lookAt(files[i].Path)
	}
	return out
}

// gitLike covers what Windows and macOS resolve to .git: case, trailing dots and spaces, NTFS streams, 8.3 names.
func gitLike(seg string) bool {
	s, _, _ := strings.Cut(fold(seg), ":")
	s = strings.TrimRight(s, ". ")
	return s == ".git" || s == "git~1"
}

// show writes a path so that it cannot do harm in a line of text: quoted if it is odd, and cut if it is long.
func show(path string) string {
	if oddName(path) != "" {
		path = strconv.QuoteToASCII(path)
	}
	if utf8.RuneCountInString(path) > 120 {
		runes := []rune(path)
		path = "..." + string(runes[len(runes)-117:])
	}
	return path
}

// isLink says whether the mode is of a symbolic link or a submodule: their content lies elsewhere.
func isLink(mode uint32) bool {
	return mode == checks.ModeSymlink || mode == checks.ModeSubmodule
}
