package agentsettings

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/config/internal/document"
)

//go:embed doc.go
var doc string

//go:embed examples.txtar
var examples string

// The rules of this check.
const (
	execSurface = "agent-exec-surface-changed"
	permission  = "agent-permission-widened"
)

// Check is the check.
var Check = &checks.Check{
	Name:  "config/agent-settings",
	Doc:   doc,
	Scope: checks.Difference,
	Rules: []checks.RuleInfo{
		{
			ID:         execSurface,
			Title:      "What agents and editors run by themselves has changed",
			Why:        "The command runs on the machine of everybody who opens the repository with that tool, with their rights and their credentials.",
			Remedy:     "Read the command and everything that it starts, and approve the change if it is meant.",
			Severity:   checks.High,
			Confidence: checks.Certain,
			CWE:        []string{"CWE-829"},
			References: []string{"https://nvd.nist.gov/vuln/detail/CVE-2025-59536", "https://cwe.mitre.org/data/definitions/829.html"},
			Tags:       []string{"security", "agent-config"},
			NeedsHuman: true,
			Rollout:    checks.RolloutBlock,
			Origin:     "builtin",
		},
		{
			ID:         permission,
			Title:      "An agent may do more without asking",
			Why:        "What an agent reads can tell it what to do. The question that it asks before it runs something is what stands between that text and the machine.",
			Remedy:     "Allow the few commands that are needed, by name, and keep the sandbox and the questions on. Personal settings belong into a file that is not committed.",
			Severity:   checks.High,
			Confidence: checks.Certain,
			CWE:        []string{"CWE-250", "CWE-269"},
			References: []string{"https://nvd.nist.gov/vuln/detail/CVE-2026-21852", "https://genai.owasp.org/llmrisk/llm062025-excessive-agency/"},
			Tags:       []string{"security", "agent-config"},
			Rollout:    checks.RolloutBlock,
			Origin:     "builtin",
		},
	},
	Examples: examples,
	Run:      run,
}

func run(ctx context.Context, pass *checks.Pass) error {
	for _, f := range pass.Change.Files {
		name, ok := f.PathOn(checks.Head)
		if !ok || f.Opaque != "" || f.Class == checks.ClassVendored || f.Class == checks.ClassTest {
			continue
		}
		kind := kindOf(name)
		if kind == none {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		now, err := entries(pass, checks.Head, name)
		if err != nil {
			return err
		}
		var old []document.Entry
		if was, ok := f.PathOn(checks.Base); ok && kindOf(was) == kind {
			if old, err = entries(pass, checks.Base, was); err != nil {
				return err
			}
		}
		compareSurfaces(pass, kind, name, old, now)
		comparePermissions(pass, kind, f, old, now)
	}
	return nil
}

// entries reads a file of settings; one that cannot be read as such is told as unscanned and gives none.
func entries(pass *checks.Pass, side checks.Side, name string) ([]document.Entry, error) {
	data, err := pass.Change.Tree(side).Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	return parse(pass, side, name, data), nil
}

func parse(pass *checks.Pass, side checks.Side, name string, data []byte) []document.Entry {
	as := name
	if strings.HasSuffix(name, ".md") {
		as, data = "front.yml", frontMatter(data)
	}
	list, err := document.Entries(as, data)
	if err != nil {
		pass.Unscanned(checks.Unscanned{Path: name, Side: side, Reason: err.Error()})
		return nil
	}
	return list
}

// frontMatter is the YAML between the first two lines of dashes; the first line stays, so that lines keep their numbers.
func frontMatter(data []byte) []byte {
	text := strings.ReplaceAll(string(data), "\r\n", "\n")
	if !strings.HasPrefix(text, "---\n") {
		return nil
	}
	end := strings.Index(text[4:], "\n---")
	if end < 0 {
		return nil
	}
	return []byte("\n" + text[4:4+end+1])
}

// compareSurfaces reports what is run now and was not at base, one finding for one server, hook or task.
func compareSurfaces(pass *checks.Pass, k kind, name string, old, now []document.Entry) {
	before := map[string]int{}
	known := map[string]bool{}
	for _, s := range surfaces(k, old) {
		before[s.entry.Path+"="+s.entry.Value]++
		known[s.owner] = true
	}
	told := map[string]bool{}
	for _, s := range surfaces(k, now) {
		same := s.entry.Path + "=" + s.entry.Value
		if before[same] > 0 {
			before[same]--
			continue
		}
		if told[s.owner] {
			continue
		}
		told[s.owner] = true
		verb := "is new"
		if known[s.owner] {
			verb = "has changed"
		}
		f := checks.Finding{
			RuleID:   execSurface,
			Message:  fmt.Sprintf("%s %s: `%s`. %s. Somebody has to read it and approve that it is meant", s.what, verb, checks.Shorten(s.entry.Value, 80), s.when),
			Location: s.entry.At(name, checks.Head),
			Key:      s.owner + " " + s.entry.Value,
		}
		if s.mild {
			f.Severity, f.Confidence = checks.Medium, checks.Likely
		}
		pass.Report(f)
	}
}

// comparePermissions reports what is allowed now and was not at base, and denials that are gone.
func comparePermissions(pass *checks.Pass, k kind, f *checks.File, old, now []document.Entry) {
	had := map[string]bool{}
	for _, e := range old {
		had[e.Path+"="+e.Value] = true
	}
	for _, e := range now {
		if had[e.Path+"="+e.Value] {
			continue
		}
		p, ok := widens(k, e)
		if !ok {
			continue
		}
		pass.Report(checks.Finding{
			RuleID: permission, Severity: p.severity, Message: p.message, Location: e.At(f.Path, checks.Head), Key: e.Path + "=" + e.Value,
		})
	}
	for _, e := range old {
		denied := k == claudeSettings && (e.Path == "permissions.deny[]" || e.Path == "permissions.disableBypassPermissionsMode")
		if !denied || slices.ContainsFunc(now, func(n document.Entry) bool { return n.Path == e.Path && n.Value == e.Value || covers(n, e) }) {
			continue
		}
		base, _ := f.PathOn(checks.Base)
		pass.Report(checks.Finding{
			RuleID: permission, Location: e.At(base, checks.Base), Key: "deny " + e.Value,
			Message: fmt.Sprintf("`%s` is no longer denied, so the agent may do it. Keep the denial, or say in the pull request why it is not needed", e.Value),
		})
		return // one for all of them
	}
}

// covers tells whether a denial at head takes in what another one at base denied: Bash(curl:*) by Bash.
func covers(now, old document.Entry) bool {
	tool, _, _ := strings.Cut(old.Value, "(")
	prefix, star := strings.CutSuffix(strings.TrimSuffix(now.Value, ")"), "*")
	return now.Path == old.Path && (now.Value == tool || star && strings.HasPrefix(old.Value, prefix))
}
