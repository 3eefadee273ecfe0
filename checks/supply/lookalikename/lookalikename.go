package lookalikename

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/supply/internal/known"
	"github.com/reviewgate-app/reviewgate/checks/supply/internal/manifest"
)

//go:embed doc.go
var doc string

//go:embed examples.txtar
var examples string

const lookalike = "lookalike-dependency"

// Check is the check.
var Check = &checks.Check{
	Name:  "supply/lookalike-name",
	Doc:   doc,
	Scope: checks.Difference,
	Rules: []checks.RuleInfo{{
		ID:         lookalike,
		Title:      "A new dependency whose name is almost that of a well-known one",
		Why:        "Whoever owns the other name runs code wherever the project is installed. Such names are registered for that.",
		Remedy:     "Write the name of the package that was meant. If the other one is meant, say so in the pull request.",
		Severity:   checks.High,
		Confidence: checks.Certain,
		CWE:        []string{"CWE-1357", "CWE-506"},
		References: []string{"https://arxiv.org/abs/2005.09535", "https://arxiv.org/abs/2406.10279"},
		Tags:       []string{"security", "supply-chain"},
		Rollout:    checks.RolloutBlock,
		Origin:     "builtin",
	}},
	Examples: examples,
	Reads:    manifest.Reads,
	Run:      run,
}

func run(ctx context.Context, pass *checks.Pass) error {
	steps, err := manifest.Steps(ctx, pass)
	if err != nil || len(steps) == 0 {
		return err
	}
	base, err := manifest.Load(pass.Change, checks.Base)
	if err != nil {
		return err
	}
	told := map[string]bool{}
	for _, s := range steps {
		s.Changed(func(was *manifest.Dependency, d manifest.Dependency) {
			e := s.Head.Ecosystem
			if was != nil || d.Name == "" || d.Source != "" || d.Group == "imports" || told[d.Name] || base.Has(e, d.Name) || base.Locked(e, d.Name) != "" {
				return
			}
			message, sure := judge(e, d.Name)
			if message == "" {
				return
			}
			told[d.Name] = true
			f := checks.Finding{RuleID: lookalike, Message: message, Location: s.Head.At(checks.Head, d.Line), Key: d.Name}
			if !sure {
				f.Severity, f.Confidence = checks.Medium, checks.Likely
			}
			pass.Report(f)
		})
	}
	return nil
}

// judge says what is wrong with a name; "" for nothing.
func judge(e manifest.Ecosystem, name string) (message string, sure bool) {
	if known.Popular(e, name) {
		return "", false
	}
	if known.Trap(e, name) {
		return fmt.Sprintf("`%s` is known as a trap: its name was made up or registered to be taken for another package. Find out which one was meant", name), true
	}
	var like string
	how := none
	for _, p := range known.List(e) {
		if h := compare(e, name, p); h > how {
			like, how = p, h
		}
	}
	switch how {
	case letter, separator:
		return fmt.Sprintf("`%s` is one step from `%s`, which is widely used. Write that name if it was meant; if not, say in the pull request why it is this one", name, like), true
	case near, affix:
		return fmt.Sprintf("`%s` is another package than `%s`, which is widely used. Look which one was meant", name, like), false
	case none:
	}
	return "", false
}

// The ways in which a name is like another one, the weakest first.
type likeness uint8

const (
	none      likeness = iota
	affix              // python-x, x-js
	near               // x2, xs; a letter of a short name, or the first one: such neighbours have grown by chance
	separator          // x-y, xy
	letter             // one typed differently
)

const shortest = 5 // names below that have neighbours by chance

func compare(e manifest.Ecosystem, name, popular string) likeness {
	switch e {
	case manifest.Go:
		return compareParts(unversioned(name), unversioned(popular), "/")
	case manifest.Maven:
		group, artifact, _ := strings.Cut(name, ":")
		popularGroup, popularArtifact, _ := strings.Cut(popular, ":")
		if artifact == popularArtifact && len(popularGroup) >= shortest && oneEdit(group, popularGroup) {
			return letter // within a group nobody else can publish
		}
		return none
	case manifest.PyPI, manifest.NPM:
	}
	scope, rest, scoped := strings.Cut(name, "/")
	popularScope, popularRest, popularScoped := strings.Cut(popular, "/")
	switch {
	case scoped != popularScoped:
		return none
	case scoped:
		if rest == popularRest && len(popularScope) > shortest && oneEdit(scope, popularScope) {
			return letter // within a scope nobody else can publish
		}
		return none
	case len(popular) < shortest:
		return none
	case strip(name) == strip(popular):
		if e == manifest.NPM {
			return near // its registry takes no new name that only dashes part from another one
		}
		return separator
	case oneEdit(name, popular):
		if ending(name, popular) && single(name) != single(popular) {
			return near
		}
		return slip(name, popular)
	}
	for _, a := range affixes[e] {
		if name == a+popular || name == popular+a {
			return affix
		}
	}
	return none
}

var affixes = map[manifest.Ecosystem][]string{
	manifest.PyPI: {"python-", "-python", "py-", "-py", "python3-"},
	manifest.NPM:  {"-js", ".js", "-node", "node-", "js-", "-npm"},
}

// compareParts compares paths of which the first part is a host: owner or repository may differ in one letter.
func compareParts(a, b, sep string) likeness {
	x, y := strings.Split(a, sep), strings.Split(b, sep)
	if len(x) != len(y) || len(x) < 3 || x[0] != y[0] {
		return none
	}
	differ := -1
	for i := range x {
		if x[i] != y[i] {
			if differ >= 0 {
				return none
			}
			differ = i
		}
	}
	// Other repositories of the same owner are no trap: only he can make them.
	if differ == 1 && len(y[1]) >= shortest && oneEdit(x[1], y[1]) {
		return letter
	}
	return none
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
func slip(a, b string) likeness {
	if len(a) == len(b) {
		i := 0
		for a[i] == b[i] {
			i++
		}
		if i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] {
			return letter
		}
	}
	if single(a) == single(b) || len(b) >= 8 && a[0] == b[0] {
		return letter
	}
	return near
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
