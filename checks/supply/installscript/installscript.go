package installscript

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/internal/regexp"
	"github.com/reviewgate-app/reviewgate/checks/supply/internal/manifest"
)

//go:embed doc.go
var doc string

//go:embed examples.txtar
var examples string

const added = "install-script-added"

// Check is the check.
var Check = &checks.Check{
	Name:  "supply/install-script",
	Doc:   doc,
	Scope: checks.Difference,
	Rules: []checks.RuleInfo{{
		ID:         added,
		Title:      "A command runs whenever somebody installs the project",
		Why:        "It runs on every developer's machine and every runner before anybody has read it, with the rights of whoever installs.",
		Remedy:     "Let it be called by hand or by a step of the build. If it is needed to install, keep it to what the repository holds.",
		Severity:   checks.Medium,
		Confidence: checks.Likely,
		CWE:        []string{"CWE-829"},
		References: []string{"https://docs.npmjs.com/cli/v10/using-npm/scripts", "https://cwe.mitre.org/data/definitions/829.html"},
		Tags:       []string{"security", "supply-chain"},
		Rollout:    checks.RolloutBlock,
		Origin:     "builtin",
	}},
	Examples: examples,
	Run:      run,
}

var (
	// harmless commands set up the repository, or build what it holds.
	harmless = regexp.MustCompile(`^(?:npx (?:--no-install |--yes |-y )?)?(?:is-ci|husky|patch-package|lefthook|simple-git-hooks|node-gyp(?:-build)?|prebuild-install|prisma generate|nuxt(?:i)? prepare|nuxi prepare|svelte-kit sync|electron-builder install-app-deps|ngcc|opencollective|lerna bootstrap|only-allow|npx only-allow|allow-scripts|playwright install|tsc|tsup|rimraf|turbo|nx|pinst|preconstruct|yarn-deduplicate|manypkg|wxt prepare|fumadocs-mdx|panda codegen|shx|echo|exit|true|cd|cross-env|run-s|npm-run-all|(?:npm|pnpm|yarn|bun)(?: run)? (?:install|i|ci|build|compile|prepare|generate|bootstrap|link|rebuild|[\w-]+:[\w:-]+))\b`)
	joints   = regexp.MustCompile(`\s*(?:&&|\|\||;)\s*`)
	fetches  = regexp.MustCompile(`(?i)\b(?:curl|wget|iwr|irm|Invoke-WebRequest)\b|https?://|\bbase64\b|\bnode\s+(?:-e|--eval)\b|\bpython[23]?\s+-c\b|\beval\b|\bpowershell\b`)
	runs     = regexp.MustCompile(`\|\s*(?:sudo\s+)?(?:ba|z|da)?sh\b|\$\(|\bnode\s+(?:-e|--eval)\b|\bpython[23]?\s+-c\b|\beval\b|\bpowershell\b|&&\s*(?:ba|z)?sh\b|\|\s*node\b|chmod\s+\+x`)
	plugins  = []string{"org.codehaus.mojo:exec-maven-plugin", "org.apache.maven.plugins:maven-antrun-plugin", "org.codehaus.gmavenplus:gmavenplus-plugin", "org.codehaus.gmaven:groovy-maven-plugin"}
)

func run(ctx context.Context, pass *checks.Pass) error {
	steps, err := manifest.Steps(ctx, pass)
	if err != nil {
		return err
	}
	for _, s := range steps {
		if s.File.Class != checks.ClassProduct {
			continue
		}
		for _, now := range s.Head.Scripts {
			if slices.ContainsFunc(s.Base.Scripts, func(was manifest.Script) bool { return was.Name == now.Name && was.Command == now.Command }) {
				continue
			}
			if f, ok := judge(&now); ok {
				f.RuleID, f.Location, f.Key = added, s.Head.At(checks.Head, now.Line), now.Name+" "+now.Command
				pass.Report(f)
			}
		}
		s.Changed(func(was *manifest.Dependency, d manifest.Dependency) {
			if was == nil && d.Group == "plugin" && slices.Contains(plugins, d.Name) {
				pass.Report(checks.Finding{
					RuleID: added, Location: s.Head.At(checks.Head, d.Line), Key: d.Name,
					Message: fmt.Sprintf("`%s` runs programs or scripts whenever the project is built. Read what it runs, and say in the pull request what it is for", d.Name),
				})
			}
		})
	}
	return nil
}

func judge(s *manifest.Script) (f checks.Finding, ok bool) {
	switch {
	case s.Name == "cmdclass":
		f.Message = "commands of `setup.py` are replaced: their code runs on every machine that installs the package. Read it, and say in the pull request what it is for"
	case fetches.MatchString(s.Command) && runs.MatchString(s.Command):
		f.Severity, f.Confidence = checks.High, checks.Certain
		f.Message = fmt.Sprintf("`%s` fetches or makes code and runs it on every machine that installs the project: `%s`. Take it out; what has to be installed belongs into the manifest", s.Name, checks.Shorten(s.Command, 80))
	case s.Name != "preinstall" && s.Name != "install" && s.Name != "postinstall":
		return f, false
	case quiet(s.Command):
		return f, false
	default:
		f.Message = fmt.Sprintf("`%s` runs on every machine that installs the project: `%s`. Let it be called by hand or by a step of the build, if it is not needed to install", s.Name, checks.Shorten(s.Command, 80))
	}
	return f, true
}

// quiet tells a command of which every part is harmless.
func quiet(command string) bool {
	for _, part := range joints.Split(strings.TrimSpace(command), -1) {
		if part != "" && !harmless.MatchString(part) {
			return false
		}
	}
	return true
}
