package instructioninjection

import (
	"context"
	_ "embed"
	"path"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/internal/regexp"
)

//go:embed doc.go
var doc string

//go:embed examples.txtar
var examples string

const ruleID = "hostile-agent-instruction"

// Check is the check.
var Check = &checks.Check{
	Name:  "config/instruction-injection",
	Doc:   doc,
	Scope: checks.PerSide,
	Rules: []checks.RuleInfo{{
		ID:         ruleID,
		Title:      "Instructions that turn an agent against its user",
		Why:        "Every agent that works in this repository obeys the file, with the rights and the credentials of whoever runs it.",
		Remedy:     "Take the sentence out. What an agent should do here can be said openly, without secrets and without forgetting other orders.",
		Severity:   checks.High,
		Confidence: checks.Certain,
		CWE:        []string{"CWE-1427"},
		References: []string{"https://genai.owasp.org/llmrisk/llm01-prompt-injection/", "https://cwe.mitre.org/data/definitions/1427.html"},
		Tags:       []string{"security", "agent-config"},
		Rollout:    checks.RolloutBlock,
		Origin:     "builtin",
	}},
	Examples: examples,
	Run:      run,
}

var names = []string{"agents.md", "agents.override.md", "claude.md", "claude.local.md", "gemini.md", "skill.md", ".cursorrules", ".clinerules", ".windsurfrules", ".roorules", "copilot-instructions.md", ".goosehints", "conventions.md", ".aider.conf.yml",
	".mcp.json", "mcp.json", ".junie/guidelines.md", "llms.txt", "llms-full.txt"}

var folders = []string{".cursor/", ".claude/", ".github/instructions/", ".github/prompts/", ".github/agents/", ".github/chatmodes/", ".clinerules/", ".cline/", ".roo/", ".windsurf/", ".codex/", ".gemini/", ".junie/", ".kiro/", ".agents/", ".amazonq/"}

// instructs tells the files that agents obey.
func instructs(name string) bool {
	lower := strings.ToLower(name)
	if slices.Contains(names, path.Base(lower)) {
		return true
	}
	switch path.Ext(lower) {
	case ".md", ".mdc", ".txt", ".json", ".yml", ".yaml", ".toml":
	default:
		return false
	}
	return slices.ContainsFunc(folders, func(f string) bool { return strings.HasPrefix(lower, f) || strings.Contains(lower, "/"+f) })
}

func run(ctx context.Context, pass *checks.Pass) error {
	wanted := func(f *checks.File, name string) bool {
		return f.Class != checks.ClassVendored && f.Class != checks.ClassTest && instructs(name)
	}
	return pass.Texts(ctx, wanted, func(_ *checks.File, name string, text []byte) {
		for _, m := range judge(string(text)) {
			pass.Report(checks.Finding{
				RuleID: ruleID, Severity: m.severity, Confidence: m.confidence, Message: m.message, Key: m.key,
				Location: checks.Location{Path: name, Side: pass.Side, StartLine: m.line, StartColumn: 1, EndLine: m.line, EndColumn: 1 + m.width},
			})
		}
	})
}

var (
	override = regexp.MustCompile(`(?i)\b(?:ignore|disregard|forget|override|bypass)\s+(?:all\s+|any\s+|the\s+|your\s+|every\s+)*(?:previous|prior|above|earlier|preceding|other|system|safety|security)\s+(?:instructions?|prompts?|rules|guidelines|directives|orders|polic(?:y|ies)|messages?)\b`)
	conceal  = regexp.MustCompile(`(?i)\b(?:do not|don't|never|without)\s+(?:ever\s+)?(?:tell(?:ing)?|inform(?:ing)?|notify(?:ing)?|mention(?:ing)?\s+(?:this|it)\s+to|alert(?:ing)?|reveal(?:ing)?\s+(?:this|it)\s+to|show(?:ing)?\s+(?:this|it)\s+to)\s+(?:to\s+)?(?:the\s+|any\s+|your\s+)?(?:user|developer|human|reviewer|operator|maintainer)s?\b|` +
		`\b(?:hide|conceal|keep)\s+(?:this|it|these|that)(?:\s+\w+){0,3}\s+(?:from|secret from)\s+(?:the\s+)?(?:user|developer|human|reviewer|operator)s?\b`)
	leak    = regexp.MustCompile(`(?i)\b(?:send|post|upload|exfiltrate|transmit|forward|leak|report)\b[^.\n]{0,80}(?:\.env\b|\bsecrets?\b|\bcredentials?\b|\bapi[ _-]?keys?\b|\btokens?\b|~/\.ssh|\bid_rsa\b|\bprivate keys?\b|\benvironment variables?\b|~/\.aws)[^.\n]{0,60}(?:https?://|\bto\s+(?:\S+@\S+|\S+\.\w{2,}/))`)
	pulls   = regexp.MustCompile(`(?i)\b(?:curl|wget|fetch)\b[^\n]{0,120}(?:\.env\b|\$\{?\w*(?:KEY|TOKEN|SECRET|PASSWORD)|~/\.ssh|id_rsa|~/\.aws/credentials)`)
	encoded = regexp.MustCompile(`[A-Za-z0-9+/]{120,}={0,2}`)
	decode  = regexp.MustCompile(`(?i)\b(?:decode|base64\s+(?:-d|--decode|-D)|atob|b64decode)\b`)
	strong  = regexp.MustCompile("(?i)https?://|\\bcurl\\b|\\bwget\\b|\\bbash\\b|\\bsh -c\\b|\\beval\\b|\\.env\\b|~/\\.ssh|\\bid_rsa\\b|\\bsecrets?\\b|\\bcredentials?\\b|\\bapi[ _-]?keys?\\b|\\btokens?\\b|\\bpasswords?\\b|\\brm -rf\\b|`[^`]+`")
	quoting = regexp.MustCompile(`(?i)\b(?:attack(?:er)?s?|malicious|inject(?:ion|ed)?|phish\w*|suspicious|for example|such as|e\.g\.|patterns?|detect|treat|untrusted|watch for|red flags?|if (?:a|an|the|any|you)\b|refuse|reject|never (?:follow|obey)|do not (?:follow|obey)|report (?:it|this))\b`)
)

// A match is one sentence that is reported.
type match struct {
	line, width int
	severity    checks.Severity
	confidence  checks.Confidence
	message     string
	key         string
}

// judge reads a text paragraph by paragraph: what a sentence asks for may stand on the next line.
func judge(text string) []match {
	var out []match
	lines := strings.Split(text, "\n")
	fenced := false
	for i := 0; i < len(lines); i++ {
		line := strings.TrimRight(lines[i], "\r")
		if trimmed := strings.TrimSpace(line); strings.HasPrefix(trimmed, "```") || strings.HasPrefix(trimmed, "~~~") {
			fenced = !fenced
			continue
		}
		if fenced || len(line) > 20000 {
			continue
		}
		m := match{line: i + 1, width: len([]rune(line)), severity: checks.Medium, confidence: checks.Likely, key: strings.TrimSpace(line)}
		around := paragraph(lines, i)
		unquoted := withoutQuotes(line)
		talk := quoting.MatchString(around) // it speaks about such sentences
		said := ""
		switch {
		case leak.MatchString(unquoted) && !talk, pulls.MatchString(unquoted) && !talk:
			m.severity, m.confidence = checks.High, checks.Certain
			m.message = "this tells every agent that works here to send a secret somewhere. Take it out"
		case override.MatchString(unquoted):
			said = "to forget its other orders"
		case conceal.MatchString(unquoted):
			said = "to hide something from whoever it works for"
		case encoded.MatchString(line) && decode.MatchString(around):
			m.message = "this tells an agent to decode a text that no reviewer can read. Write out what it says"
		default:
			continue
		}
		if said != "" {
			if talk {
				continue
			}
			m.message = "this tells an agent " + said + ". Take it out"
			if strong.MatchString(strings.Replace(around, said, "", 1)) {
				m.severity, m.confidence = checks.High, checks.Certain
				m.message = "this tells an agent " + said + ", next to a command, an address or a secret. Take it out"
			}
		}
		out = append(out, m)
	}
	return out
}

// paragraph is the text around a line up to the next empty lines, at most three lines either way.
func paragraph(lines []string, at int) string {
	from, to := at, at
	for from > 0 && at-from < 3 && strings.TrimSpace(lines[from-1]) != "" {
		from--
	}
	for to+1 < len(lines) && to-at < 3 && strings.TrimSpace(lines[to+1]) != "" {
		to++
	}
	text := strings.Join(lines[from:to+1], "\n")
	return text[:min(len(text), 4000)]
}

var quotes = regexp.MustCompile("\"[^\"]*\"|“[^”]*”|`[^`]*`|'[^']{12,}'")

// withoutQuotes leaves out what is quoted; in JSON, where every text is, nothing.
func withoutQuotes(line string) string {
	if jsonLine.MatchString(line) {
		return line
	}
	return quotes.ReplaceAllString(line, "")
}

var jsonLine = regexp.MustCompile(`^\s*"[\w.-]+"\s*:`)
