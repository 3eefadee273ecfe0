package unknownpackage

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/supply/internal/known"
	"github.com/reviewgate-app/reviewgate/checks/supply/internal/manifest"
)

//go:embed doc.go
var doc string

//go:embed examples.txtar
var examples string

const (
	unknown = "unknown-package"
	young   = "young-package"
)

// Check is the check.
var Check = &checks.Check{
	Name:  "supply/unknown-package",
	Doc:   doc,
	Scope: checks.Difference,
	Rules: []checks.RuleInfo{
		{
			ID:         unknown,
			Title:      "A new dependency that no registry has, or that is not on the list of known packages",
			Why:        "A name that does not exist breaks the build; whoever registers it later runs code here.",
			Remedy:     "Look the package up. If it is one of your own, name it in `checks.private_packages` or put it on the list of known packages.",
			Severity:   checks.Medium,
			Confidence: checks.Likely,
			CWE:        []string{"CWE-1357"},
			References: []string{"https://arxiv.org/abs/2406.10279"},
			Tags:       []string{"security", "supply-chain"},
			Rollout:    checks.RolloutBlock,
			Origin:     "builtin",
		},
		{
			ID:         young,
			Title:      "A new dependency that was first released only lately",
			Why:        "Names that language models make up are registered by others soon after, and malicious packages are mostly found within weeks.",
			Remedy:     "Look at its source and its owner, or take what the project has. In a month this says no more.",
			Severity:   checks.Medium,
			Confidence: checks.Likely,
			CWE:        []string{"CWE-1357"},
			References: []string{"https://arxiv.org/abs/2005.09535", "https://arxiv.org/abs/2406.10279"},
			Tags:       []string{"security", "supply-chain"},
			Rollout:    checks.RolloutBlock,
			Origin:     "builtin",
		},
	},
	Reads:    manifest.Reads,
	Asks:     asks,
	Examples: examples,
	Run:      run,
}

// added lists the new names that a list or a registry could know.
func added(ctx context.Context, pass *checks.Pass) ([]manifest.New, error) {
	list, err := manifest.Added(ctx, pass)
	return slices.DeleteFunc(list, func(n manifest.New) bool {
		return strings.Contains(n.Constraint, ":") || strings.Contains(n.Name, "$") || n.Group == "replace" || n.Group == "parent" || n.Group == "conda"
	}), err
}

// asks leaves out what needs no answer: widely used packages, which exist, and the project's own.
func asks(ctx context.Context, pass *checks.Pass) ([]checks.Package, error) {
	list, err := added(ctx, pass)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	ours, err := manifest.Ours(pass.Change)
	if err != nil {
		return nil, err
	}
	var out []checks.Package
	for _, n := range list {
		if !known.Popular(n.Ecosystem(), n.Name) && !ours(n.Ecosystem(), n.Name) {
			out = append(out, n.Package())
		}
	}
	return out, nil
}

func run(ctx context.Context, pass *checks.Pass) error {
	list, err := added(ctx, pass)
	if err != nil || len(list) == 0 {
		return err
	}
	base, err := manifest.Load(pass.Change, checks.Base)
	if err != nil {
		return err
	}
	index := read(pass.Change.Facts.Packages)
	online := pass.Change.Facts.Answers != nil
	asked, err := asks(ctx, pass)
	if err != nil {
		return err
	}
	unasked := manifest.Unasked{}
	for _, n := range list {
		e := n.Ecosystem()
		listed := index[e][n.Name]
		answer, answered := pass.Change.Facts.Answer(n.Package())
		f := checks.Finding{RuleID: unknown, Location: n.At(), Key: n.Name}
		switch {
		case listed, answer.State == checks.Private:
			continue
		case answer.State == checks.Absent:
			f.Message = fmt.Sprintf("There is no package `%s` in the registry of %s. ", n.Name, e)
			like, how := known.Like(e, n.Name)
			why := elsewhere(base, pass.Change.Base.Paths(), e, n.Name)
			switch {
			case how >= known.Separator:
				f.Message += fmt.Sprintf("Was `%s` meant?", like)
			case why != "":
				f.Message += "Look the name up, unless it comes from elsewhere (" + why + "): then name it in checks.private_packages"
			default:
				f.Message += "The name may be made up, and whoever registers it runs code here: look up what was meant, or use what the project has"
			}
			if why == "" {
				f.Severity, f.Confidence = checks.High, checks.Certain
			}
		case answer.State == checks.Removed:
			f.Message = fmt.Sprintf("`%s` was taken down by the registry of %s (%s). Use what the project has, or another package", n.Name, e, answer.Why)
			f.Severity, f.Confidence = checks.High, checks.Certain
		case len(index[e]) > 0:
			f.Message = fmt.Sprintf("`%s` is not among the known packages of %s. Look it up: put it on the list if it exists and is wanted, or use what the project has", n.Name, e)
		case answer.State == checks.Exists && answer.Young:
			if _, how := known.Like(e, n.Name); how != known.NoLikeness || known.Trap(e, n.Name) {
				continue // lookalike-dependency tells it, with its age
			}
			f.RuleID = young
			f.Message = fmt.Sprintf("`%s` was first released on %s%s. Look at its source and its owner before it runs here, or take what the project has", n.Name, answer.First, releases(answer.Releases))
		case answer.State == checks.Unknown:
			unasked[answer.Why] = append(unasked[answer.Why], n.Name)
			continue
		case !online && len(index) == 0:
			unasked[nobody] = append(unasked[nobody], n.Name)
			continue
		case online && !answered && slices.Contains(asked, n.Package()):
			unasked[manifest.TooMany] = append(unasked[manifest.TooMany], n.Name)
			continue
		default:
			continue
		}
		pass.Report(f)
	}
	return unasked.Skipped()
}

const nobody = "no registry (--registry) and no list of known packages (--known-packages) is given"

func releases(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return " and has one release"
	}
	return fmt.Sprintf(" and has %d releases", n)
}

// elsewhere says why a package that the registry does not have may come from another one, as far as base tells: the change cannot make an
// excuse of its own. "" if nothing says so.
func elsewhere(base *manifest.Set, paths []string, e manifest.Ecosystem, name string) string {
	switch e {
	case manifest.Go:
		return "a proxy does not see private repositories"
	case manifest.Maven:
		return "builds of Maven and Gradle name repositories of their own"
	case manifest.NPM:
		if scope, _, scoped := strings.Cut(name, "/"); scoped && !known.Scope(scope) {
			for _, p := range paths {
				if b := path.Base(p); b == ".npmrc" || b == ".yarnrc" || b == ".yarnrc.yml" {
					return "the repository has " + p
				}
			}
		}
	case manifest.PyPI:
		for _, f := range base.Of(e) {
			for _, s := range f.Settings {
				if strings.Contains(s.Name, "index") || s.Name == "--find-links" || s.Name == "-f" || s.Name == "-i" {
					return f.Path + " names an index of its own"
				}
			}
		}
	}
	return ""
}

// read sorts the lines "npm lodash" by ecosystem.
func read(list []byte) map[manifest.Ecosystem]map[string]bool {
	out := map[manifest.Ecosystem]map[string]bool{}
	for line := range bytes.Lines(list) {
		ecosystem, name, _ := strings.Cut(strings.TrimSpace(string(line)), " ")
		if ecosystem == "" || ecosystem[0] == '#' {
			continue
		}
		e := manifest.Ecosystem(ecosystem)
		if e == manifest.PyPI {
			name = manifest.PyName(name)
		}
		if out[e] == nil {
			out[e] = map[string]bool{}
		}
		out[e][strings.TrimSpace(name)] = true
	}
	return out
}
