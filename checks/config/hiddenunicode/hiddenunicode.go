package hiddenunicode

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/reviewgate-app/reviewgate/checks"
)

//go:embed doc.go
var doc string

//go:embed examples.txtar
var examples string

const ruleID = "hidden-unicode"

// Check is the check.
var Check = &checks.Check{
	Name:  "config/hidden-unicode",
	Doc:   doc,
	Scope: checks.PerSide,
	Rules: []checks.RuleInfo{{
		ID:         ruleID,
		Title:      "Characters that a reviewer cannot see",
		Why:        "Invisible characters can carry instructions to a coding agent, or make code read differently from what it does. Nobody who reviews the diff sees them.",
		Remedy:     "Delete the characters. Where text really needs them, write them as escapes (\\u202e) so that a reader sees them.",
		Severity:   checks.High,
		Confidence: checks.Certain,
		CWE:        []string{"CWE-838", "CWE-1007"},
		References: []string{"https://trojansource.codes/", "https://www.unicode.org/reports/tr36/"},
		Tags:       []string{"security", "agent-config"},
		Rollout:    checks.RolloutBlock,
		Origin:     "builtin",
	}},
	Examples: examples,
	Run:      run,
}

func run(ctx context.Context, pass *checks.Pass) error {
	return pass.Texts(ctx, nil, func(f *checks.File, name string, text []byte) { scan(pass, name, f.Class, text) })
}

// A place is what a file is for, as far as hidden characters are concerned.
type place int

const (
	source    place = iota // code and configuration
	agentFile              // instructs or configures a coding agent
	prose                  // documentation and translations
)

func scan(pass *checks.Pass, name string, class checks.Class, text []byte) {
	if isASCII(text) {
		return
	}
	where := placeOf(name)
	rtl := bytes.ContainsFunc(text, rightToLeft)
	line := 0
	for raw := range bytes.Lines(text) {
		line++
		if isASCII(raw) {
			continue
		}
		for _, r := range stretches(raw, line == 1) {
			severity, confidence := judge(r, where, class, rtl)
			if severity == 0 {
				continue
			}
			pass.Report(checks.Finding{
				RuleID: ruleID, Message: message(r), Severity: severity, Confidence: confidence,
				Location: checks.Location{Path: name, Side: pass.Side, StartLine: line, StartColumn: r.column, EndLine: line, EndColumn: r.column + r.span},
				Key:      fmt.Sprintf("%s %q", r.kind, strings.TrimSpace(string(raw))),
			})
		}
	}
}

// A kind groups characters by what they do.
type kind string

const (
	tags      kind = "tag characters"
	bidi      kind = "bidirectional controls"
	marks     kind = "direction marks"
	zeroWidth kind = "zero-width characters"
	fillers   kind = "invisible letters"
	selectors kind = "variation selectors"
)

// A stretch is the hidden characters of one kind on one line.
type stretch struct {
	kind   kind
	column int // of the first, in code points from 1
	span   int // code points from the first to the last
	runes  []rune
	closed bool // bidi: every isolate or embedding is closed on this line
}

// stretches finds the hidden characters of a line that no script and no emoji explains.
func stretches(raw []byte, first bool) []stretch {
	var out []stretch
	add := func(k kind, column int, r rune) {
		i := slices.IndexFunc(out, func(have stretch) bool { return have.kind == k })
		if i < 0 {
			out = append(out, stretch{kind: k, column: column})
			i = len(out) - 1
		}
		out[i].runes = append(out[i].runes, r)
		out[i].span = column - out[i].column + 1
	}
	runes := bytes.Runes(raw)
	at := func(i int) rune {
		if i < 0 || i >= len(runes) {
			return 0
		}
		return runes[i]
	}
	flag := false // inside of an emoji flag spelt with tags: U+1F3F4, tags, U+E007F
	for i, r := range runes {
		switch {
		case r < 0x80:
			flag = false
		case r == 0x1f3f4:
			flag = true
		case r >= 0xe0000 && r <= 0xe007f:
			if !flag {
				add(tags, i+1, r)
			}
			if r == 0xe007f {
				flag = false
			}
		case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			add(bidi, i+1, r)
		case r == 0x200e, r == 0x200f, r == 0x061c:
			add(marks, i+1, r)
		case r == 0x200d, r == 0x200c:
			if !joins(at(i-1), at(i+1)) {
				add(zeroWidth, i+1, r)
			}
		case r == 0xfeff && (first && i == 0 || alone(at(i-1), at(i+1))):
		case r == 0x200b, r == 0x180e, r >= 0x2060 && r <= 0x2064, r == 0xfeff:
			add(zeroWidth, i+1, r)
		case r == 0x115f, r == 0x1160, r == 0x3164, r == 0xffa0:
			add(fillers, i+1, r)
		case r >= 0xfe00 && r <= 0xfe0f, r >= 0xe0100 && r <= 0xe01ef:
			if selector(at(i-1)) || !selects(at(i-1)) { // a second one in a row, or one that belongs to nothing
				add(selectors, i+1, r)
			}
		}
	}
	for i := range out {
		if out[i].kind == bidi {
			out[i].closed = balanced(out[i].runes)
		}
	}
	return out
}

// alone says that a byte order mark is a text or an expression of its own: code that looks for one, or takes it away.
func alone(before, after rune) bool {
	switch before {
	case '"', '\'', '`':
		return after == before
	case '^':
		return after == '/'
	}
	return false
}

// joins tells where a zero-width joiner or non-joiner belongs: inside of emoji, and between letters of the scripts that use it.
func joins(before, after rune) bool {
	if emojiPart(before) && emojiPart(after) {
		return true
	}
	scripts := []*unicode.RangeTable{unicode.Arabic, unicode.Syriac, unicode.Mongolian, unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi,
		unicode.Gujarati, unicode.Oriya, unicode.Tamil, unicode.Telugu, unicode.Kannada, unicode.Malayalam, unicode.Sinhala, unicode.Khmer, unicode.Myanmar, unicode.Tibetan}
	return unicode.In(before, scripts...)
}

func emojiPart(r rune) bool {
	return r >= 0x1f000 && r <= 0x1faff || r >= 0x2190 && r <= 0x2bff || r == 0xfe0f || r == 0x20e3 || r == 0x200d
}

func selector(r rune) bool { return r >= 0xfe00 && r <= 0xfe0f || r >= 0xe0100 && r <= 0xe01ef }

// selects tells what a variation selector may stand behind: symbols, emoji, keycaps, ideographs and letters of the scripts with registered variants.
func selects(r rune) bool {
	return emojiPart(r) || unicode.In(r, unicode.S, unicode.Han, unicode.Mongolian, unicode.Myanmar) || r >= 0x2000 && r <= 0x303d ||
		r == '#' || r == '*' || r >= '0' && r <= '9' || r == 0xa9 || r == 0xae
}

// balanced tells whether each opened embedding, override or isolate is closed again, in order.
func balanced(runes []rune) bool {
	var open []rune
	for _, r := range runes {
		switch {
		case r == 0x202c || r == 0x2069: // PDF, PDI
			isolate := r == 0x2069
			if len(open) == 0 || (open[len(open)-1] >= 0x2066) != isolate {
				return false
			}
			open = open[:len(open)-1]
		default:
			open = append(open, r)
		}
	}
	return len(open) == 0
}

// judge weighs a run by what it can do where it stands; severity 0: say nothing.
func judge(r stretch, where place, class checks.Class, rtl bool) (checks.Severity, checks.Confidence) {
	override := slices.Contains(r.runes, 0x202d) || slices.Contains(r.runes, 0x202e)
	switch r.kind {
	case tags:
		return checks.High, checks.Certain
	case bidi:
		switch {
		case rtl && r.closed && !override && where != agentFile:
			return 0, 0 // right-to-left words set off from their surroundings, as Unicode recommends
		case where == prose || class == checks.ClassTest:
			return checks.Medium, checks.Certain
		}
		return checks.High, checks.Certain
	case selectors:
		if len(r.runes) < 4 && where != agentFile { // too few to carry a message
			return 0, 0
		}
		return checks.High, checks.Certain
	case marks:
		if rtl || where == prose {
			return 0, 0
		}
		return checks.Low, checks.Likely
	case zeroWidth, fillers:
		switch {
		case where == agentFile:
			return checks.High, checks.Certain
		case where == prose, class == checks.ClassVendored, class == checks.ClassGenerated:
			return 0, 0 // line-break hints and leftovers of copying
		case class == checks.ClassTest:
			return checks.Low, checks.Likely
		}
		return checks.Medium, checks.Likely
	}
	return 0, 0
}

func message(r stretch) string {
	s := fmt.Sprintf("This line holds %s that nobody sees (%s)", r.kind, codePoints(r.runes))
	if n := len(r.runes); n > 1 {
		s = fmt.Sprintf("This line holds %d %s that nobody sees (%s)", n, r.kind, codePoints(r.runes))
	}
	if text := spelt(r.runes); text != "" {
		s += fmt.Sprintf(", which spell %q", text)
	}
	switch r.kind {
	case bidi:
		s += ": it is shown in another order than it is read by a program"
	case tags, selectors:
		s += ": a program or an agent reads what a reviewer does not see"
	case marks, zeroWidth, fillers:
		s += ": it is not the text that it looks like"
	}
	return s + ". Delete what is hidden"
}

// spelt decodes tag characters to the ASCII that they stand for.
func spelt(runes []rune) string {
	var b strings.Builder
	for _, r := range runes {
		if r >= 0xe0020 && r <= 0xe007e && b.Len() < 80 {
			b.WriteRune(r - 0xe0000)
		}
	}
	return b.String()
}

func codePoints(runes []rune) string {
	seen := map[rune]bool{}
	var out []string
	for _, r := range runes {
		if seen[r] {
			continue
		}
		if seen[r] = true; len(out) == 3 {
			return strings.Join(out, ", ") + " ..."
		}
		out = append(out, fmt.Sprintf("U+%04X", r))
	}
	return strings.Join(out, ", ")
}

func rightToLeft(r rune) bool {
	return unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana, unicode.Nko)
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// agentFiles are the names and folders that coding agents take instructions or settings from.
var agentFiles = []string{
	"AGENTS.md", "CLAUDE.md", "GEMINI.md", "SKILL.md", ".cursorrules", ".clinerules", ".windsurfrules", ".mcp.json",
	".github/copilot-instructions.md", ".zed/rules.md",
}

var agentFolders = []string{".cursor/", ".claude/", ".cline/", ".clinerules/", ".roo/", ".codex/", ".aider", ".github/instructions/", ".github/prompts/", ".windsurf/"}

func placeOf(name string) place {
	for _, f := range agentFiles {
		if strings.EqualFold(path.Base(name), f) || strings.EqualFold(name, f) {
			return agentFile
		}
	}
	for _, dir := range agentFolders {
		if strings.HasPrefix(name, dir) || strings.Contains(name, "/"+dir) {
			return agentFile
		}
	}
	switch ext := strings.ToLower(path.Ext(name)); ext {
	case ".md", ".mdx", ".rst", ".adoc", ".txt", ".html", ".htm", ".tex", ".po", ".pot", ".properties", ".xlf", ".xliff", ".resx", ".strings", ".arb", ".srt", ".vtt", ".csv", ".tsv", ".svg":
		return prose
	case ".json", ".yml", ".yaml", ".xml", ".ts", ".js", ".php", ".py":
		for _, part := range strings.Split(strings.ToLower(path.Dir(name)), "/") {
			switch part {
			case "i18n", "l10n", "locale", "locales", "lang", "langs", "translations", "messages", "_locales":
				return prose
			}
		}
	}
	return source
}
