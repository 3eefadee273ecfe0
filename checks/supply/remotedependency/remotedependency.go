package remotedependency

import (
	"context"
	_ "embed"
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/supply/internal/manifest"
)

//go:embed doc.go
var doc string

//go:embed examples.txtar
var examples string

// The rules of this check.
const (
	unpinned = "unpinned-dependency"
	index    = "package-index-added"
	piped    = "piped-installer"
)

// Check is the check.
var Check = &checks.Check{
	Name:  "supply/remote-dependency",
	Doc:   doc,
	Scope: checks.Difference,
	Rules: []checks.RuleInfo{
		rule(unpinned, "A new dependency that can change without a change", "CWE-1357",
			"What is installed is decided where nobody of the project looks, and is another thing tomorrow.",
			"Take a published version, or name a whole commit."),
		rule(index, "Packages come from another place as well", "CWE-427",
			"Who registers the name of a private package at one of the places decides what is installed.",
			"Use one index that passes on what it does not have, over https."),
		rule(piped, "A script from the network is run unseen", "CWE-494",
			"Whoever controls the address, or the way to it, runs commands here.",
			"Fetch a version by name, compare its hash, and run it then; or install it from a package manager that verifies signatures."),
	},
	Examples: examples,
	Run:      run,
}

func rule(id, title, cwe, why, remedy string) checks.RuleInfo {
	return checks.RuleInfo{
		ID: id, Title: title, Severity: checks.Medium, Confidence: checks.Likely, CWE: []string{cwe}, Why: why, Remedy: remedy,
		References: []string{"https://slsa.dev/spec/v1.0/threats", "https://cwe.mitre.org/data/definitions/" + strings.TrimPrefix(cwe, "CWE-") + ".html"},
		Tags:       []string{"security", "supply-chain"},
		Rollout:    checks.RolloutBlock,
		Origin:     "builtin",
	}
}

func run(ctx context.Context, pass *checks.Pass) error {
	steps, err := manifest.Steps(ctx, pass)
	if err != nil {
		return err
	}
	for _, s := range steps {
		if s.File.Class != checks.ClassProduct {
			continue
		}
		dependencies(pass, &s)
		settings(pass, &s)
	}
	return pipes(ctx, pass)
}

var (
	commit   = regexp.MustCompile(`\b[0-9a-f]{40}\b|[-.][0-9a-f]{12}$|sha(256|512)[=:-]`)
	anyRange = regexp.MustCompile(`^(latest|next|canary|\*|x|X|>=? ?0(\.0)*)$`)
)

func dependencies(pass *checks.Pass, s *manifest.Step) {
	var first *checks.Finding // one for a file
	more := 0
	s.Changed(func(was *manifest.Dependency, d manifest.Dependency) {
		message := ""
		switch {
		case d.Group == "replace":
			if host, _, _ := strings.Cut(d.Source, "/"); d.Constraint != "" && strings.Contains(host, ".") && d.Source != d.Name && host != "." && host != ".." && (was == nil || was.Source != d.Source) {
				message = fmt.Sprintf("`%s` is replaced by `%s`: somebody else's copy of it. Say in the pull request why, and when it goes away again", d.Name, d.Source)
			}
		case d.Group == "imports" || d.Group == "peerDependencies" || d.Group == "conda":
		case remote(d.Source):
			if !commit.MatchString(d.Source) && (was == nil || repository(was.Source) != repository(d.Source) || commit.MatchString(was.Source)) {
				message = fmt.Sprintf("`%s` comes from %s and can change there at any time. Take a published version, or name a whole commit", nameOf(&d), address(d.Source))
			}
		case s.Head.Ecosystem == manifest.NPM && anyRange.MatchString(d.Constraint), s.Head.Ecosystem == manifest.PyPI && d.Constraint == "*",
			s.Head.Ecosystem == manifest.Maven && (d.Constraint == "LATEST" || d.Constraint == "RELEASE" || d.Constraint == "latest.release" || d.Constraint == "+"):
			message = fmt.Sprintf("`%s` takes any version (`%s`). Name one, or a range with an end", d.Name, d.Constraint)
		}
		switch {
		case message == "":
		case first == nil:
			first = &checks.Finding{RuleID: unpinned, Message: message, Location: s.Head.At(checks.Head, d.Line), Key: d.Name}
		default:
			more++
			first.Related = append(first.Related, checks.Related{Location: s.Head.At(checks.Head, d.Line), Message: "this one too"})
		}
	})
	if first == nil {
		return
	}
	if more > 0 {
		first.Message += fmt.Sprintf(" (and %d more in this file)", more)
	}
	pass.Report(*first)
}

func nameOf(d *manifest.Dependency) string {
	if d.Name == "" {
		return "A dependency"
	}
	return d.Name
}

// repository is an address without the branch, tag or commit that it names: to take the next tag of what came from there before is nothing new.
func repository(source string) string {
	for _, mark := range []string{"#", "@"} {
		if i := strings.LastIndex(source, mark); i > strings.LastIndex(source, "/") {
			source = source[:i]
		}
	}
	return source
}

// remote tells an address or a repository from a path.
func remote(source string) bool {
	if strings.HasPrefix(source, "file:") || strings.HasPrefix(source, "link:") || strings.HasPrefix(source, "portal:") || strings.HasPrefix(source, ".") || strings.HasPrefix(source, "/") || strings.HasPrefix(source, "~") {
		return false
	}
	return strings.Contains(source, "://") || strings.HasPrefix(source, "git") || strings.HasPrefix(source, "gist:") || strings.HasPrefix(source, "bitbucket:") || shorthand.MatchString(source)
}

var shorthand = regexp.MustCompile(`^[\w.-]+/[\w.-]+(#.*)?$`)

func settings(pass *checks.Pass, s *manifest.Step) {
	had := map[string]bool{}
	for _, o := range s.Base.Settings {
		had[o.Name+" "+o.Value] = true
	}
	for _, o := range s.Head.Settings {
		if had[o.Name+" "+o.Value] {
			continue
		}
		message := ""
		switch o.Name {
		case "--extra-index-url", "-f", "--find-links":
			message = fmt.Sprintf("%s is asked for packages as well: who registers a private name there decides what is installed. Use one index that passes on what it does not have", address(o.Value))
		case "--trusted-host":
			message = fmt.Sprintf("whoever is between here and %s decides what is installed: its certificate is not looked at. Use https with a certificate that is trusted", address(o.Value))
		case "-i", "--index-url":
			if strings.HasPrefix(o.Value, "http://") {
				message = "packages come over http: whoever is on the way decides what is installed. Use https"
			}
		}
		if message != "" {
			pass.Report(checks.Finding{RuleID: index, Message: message, Location: s.Head.At(checks.Head, o.Line), Key: o.Name + " " + o.Value})
		}
	}
}

// address keeps credentials and long addresses out of messages.
func address(s string) string {
	return "`" + checks.Shorten(credentials.ReplaceAllString(s, "//"), 80) + "`"
}

var (
	credentials = regexp.MustCompile(`//[^/@\s]*@`)
	pipe        = regexp.MustCompile(`\b(?:curl|wget)\b[^|;&\n]*\bhttps?://[^|;&\n]*\|\s*(?:sudo\s+(?:-\w+\s+)*)?(?:env\s+\S+\s+)?(?:/\S*/)?(?:ba|z|da)?sh\b|\b(?:ba|z|da)?sh\s+(?:-c\s+)?["']?(?:<\(|\$\()\s*(?:curl|wget)\b|\b(?:iwr|irm|Invoke-WebRequest)\b[^|\n]*\|\s*(?:iex|Invoke-Expression)\b`)
)

func scripted(name string) bool {
	switch base := path.Base(name); base {
	case "Makefile", "GNUmakefile", "makefile", "Justfile", "justfile", "package.json", "Vagrantfile":
		return true
	default:
		switch path.Ext(base) {
		case ".sh", ".bash", ".zsh", ".ps1", ".mk":
			return true
		}
	}
	return false
}

func pipes(ctx context.Context, pass *checks.Pass) error {
	wanted := func(f *checks.File, name string) bool {
		return f.Class == checks.ClassProduct && scripted(name) && f.Lines != nil
	}
	return pass.Texts(ctx, wanted, func(f *checks.File, name string, text []byte) {
		lines := strings.Split(string(text), "\n")
		for _, h := range f.Lines.Hunks {
			for i := h.HeadStart; i < h.HeadStart+h.HeadCount && i <= len(lines); i++ {
				line := lines[i-1]
				trimmed := strings.TrimSpace(line)
				if strings.HasPrefix(trimmed, "#") || strings.HasPrefix(trimmed, "echo ") {
					continue
				}
				if m := pipe.FindString(line); m != "" {
					pass.Report(checks.Finding{
						RuleID: piped, Location: manifest.At(name, checks.Head, text, i), Key: m,
						Message: "a script is fetched and run without anybody having looked at it. Fetch a version by name and compare its hash before it is run",
					})
				}
			}
		}
	})
}
