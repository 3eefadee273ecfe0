package lookalikename

import (
	"context"
	_ "embed"
	"fmt"

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
	added, err := manifest.Added(ctx, pass)
	if err != nil || len(added) == 0 {
		return err
	}
	base, err := manifest.Load(pass.Change, checks.Base)
	if err != nil {
		return err
	}
	for _, n := range added {
		if base.Locked(n.Ecosystem(), n.Name) != "" {
			continue
		}
		answer, _ := pass.Change.Facts.Answer(n.Package())
		message, how := judge(n.Ecosystem(), n.Name, answer)
		if message == "" {
			continue
		}
		f := checks.Finding{RuleID: lookalike, Message: message, Location: n.At(), Key: n.Name}
		switch how {
		case perhaps:
			f.Severity, f.Confidence = checks.Medium, checks.Likely
		case hardly:
			f.Severity, f.Confidence = checks.Low, checks.Likely
		case sure:
		}
		pass.Report(f)
	}
	return nil
}

// A doubt says how sure it is that another package was meant.
type doubt uint8

const (
	sure doubt = iota
	perhaps
	hardly // such neighbours have grown by chance
)

// judge says what is wrong with a name, as far as names and the registry tell; "" for nothing.
func judge(e manifest.Ecosystem, name string, a checks.Answer) (message string, d doubt) {
	if a.State == checks.Absent || a.State == checks.Removed {
		return "", sure // unknown-package tells
	}
	if known.Trap(e, name) {
		return fmt.Sprintf("`%s` is known as a trap: its name was made up or registered to be taken for another package. Find out which one was meant", name), sure
	}
	like, how := known.Like(e, name)
	if how == known.NoLikeness {
		return "", sure
	}
	switch {
	case how >= known.Separator, a.Young && a.Releases <= fewReleases:
		d = sure
	case how == known.Near && !a.Young:
		d = hardly
	default:
		d = perhaps
	}
	fresh, settled := "", a.First != "" && !a.Young && a.Releases >= manyReleases
	if a.Young {
		fresh = ", and was first released on " + a.First
	}
	switch {
	case how >= known.Separator && settled:
		return fmt.Sprintf("`%s` is one step from `%s`, which is widely used; it has been there since %s. Look which one was meant", name, like, a.First), perhaps
	case how >= known.Separator:
		return fmt.Sprintf("`%s` is one step from `%s`, which is widely used%s. Write that name if it was meant; if not, say in the pull request why it is this one", name, like, fresh), sure
	case settled:
		return "", d
	}
	return fmt.Sprintf("`%s` is another package than `%s`, which is widely used%s. Look which one was meant", name, like, fresh), d
}

// A name that somebody lies in wait behind has few releases; a package with many has a life of its own.
const (
	fewReleases  = 5
	manyReleases = 10
)
