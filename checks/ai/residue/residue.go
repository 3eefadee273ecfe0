package residue

import (
	"context"
	_ "embed"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/internal/code"
	"github.com/reviewgate-app/reviewgate/checks/internal/regexp"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

//go:embed doc.go
var doc string

//go:embed examples.txtar
var examples string

// The rules of this check.
const (
	elided  = "elided-code"
	residue = "assistant-residue"
)

// Check is the check.
var Check = &checks.Check{
	Name:  "ai/residue",
	Doc:   doc,
	Scope: checks.PerSide,
	Rules: []checks.RuleInfo{
		rule(elided, "A mark stands where code was left out",
			"What the mark stands for is not there. If the file held it before, the change deletes it.",
			"Put the code there that the mark stands for."),
		rule(residue, "Words of an assistant in the code",
			"The text was copied from a chat without being read, so the code around it may not have been read either.",
			"Delete it, and read what came with it."),
	},
	Examples: examples,
	Run:      run,
}

func rule(id, title, why, remedy string) checks.RuleInfo {
	return checks.RuleInfo{
		ID: id, Title: title, Severity: checks.High, Confidence: checks.Certain, Why: why, Remedy: remedy,
		References: []string{"https://arxiv.org/abs/2508.21634"},
		Tags:       []string{"correctness"},
		Languages:  code.Languages,
		Rollout:    checks.RolloutBlock,
		Origin:     "builtin",
	}
}

var (
	what = `(?:code|function|method|file|class|component|implementation|logic|imports?|handlers?|routes?|tests?|module|script|body|content|methods|functions|fields|props|styles)`
	// leftOut are whole comments; dots or the word "unchanged" tell them from a sentence about the rest of a text.
	leftOut = regexp.MustCompile(`(?i)^(?:\.{3,}|…)\s*\(?\s*(?:the )?(?:rest|remaining|remainder|existing|other|previous|same|all|keep|your)\b[^.]{0,60}\b` + what + `\b[^.]{0,40}(?:\.{3}|…)?\)?\.?$|` +
		`^\(?(?:the )?(?:rest|remainder) of (?:the |your |this )?(?:\w+ ){0,2}` + what + `\s*(?:(?:remains?|stays?|is|are|goes)\s+)?(?:unchanged|the same|as before|as is|here|omitted[^.]*|\.{3}|…)\s*(?:\.{3}|…)?\)?\.?$|` +
		`^\(?(?:\.{3}\s*)?existing ` + what + `(?: (?:here|unchanged|remains|continues|above|below))?\s*(?:\.{3}|…)\)?$|` +
		`^(?:\.{3}|…)\s*existing ` + what + `\b[^.]{0,30}$|` +
		`^\(?(?:all )?(?:other|remaining|existing) ` + what + ` (?:remains?|stays?|are|is|unchanged|the same)\s*(?:unchanged|the same|as before|as is)?(?: here)?\s*(?:\.{3}|…)?\)?\.?$`)
	// putHere ask the reader to write the code.
	putHere = regexp.MustCompile(`(?i)^(?:\.{3}\s*)?(?:add |insert |put |write )?(?:your|the actual|actual|more) (?:\w+ )?(?:implementation|code|logic) (?:goes )?here\s*(?:\.{3})?\.?$|^(?:implementation|logic) (?:goes )?here\s*(?:\.{3})?\.?$`)
	// spoken are sentences of an assistant at the start of a line.
	spoken = regexp.MustCompile(`(?i)^(?:(?:certainly|sure|of course|absolutely|great question)[!,.]\s*(?:here(?:'s| is| are)|i(?:'ll| will|'ve| have)|let(?:'s| me)|below)\b|` +
		`as an ai(?: language)? (?:model|assistant)\b|` +
		`here(?:'s| is) (?:the|your|an?) (?:updated|complete|full|corrected|modified|revised|improved|refactored|final) (?:code|file|version|implementation|function|component|script|class)\b|` +
		`i(?:'ve| have) (?:updated|added|fixed|refactored|modified|implemented|rewritten) (?:the|your) (?:code|file|function|implementation|component|script)\b|` +
		`i hope this helps\b|let me know if you (?:need|have|want|would like)\b|feel free to (?:ask|let me know)\b)`)
	fence = regexp.MustCompile("^```[a-z]*\\s*$")
)

func run(ctx context.Context, pass *checks.Pass) error {
	return code.Each(ctx, pass, pass.Side, code.Product, func(f code.File) {
		for _, c := range f.Tree.Comments {
			comment(pass, f, c)
		}
		if len(f.Tree.Errors) > 0 {
			broken(pass, f)
		}
	})
}

// comment judges the lines of a comment.
func comment(pass *checks.Pass, f code.File, c language.Comment) {
	text := f.Tree.Source[c.Start:c.End]
	offset := c.Start
	for line := range strings.Lines(text) {
		words := strings.TrimSpace(strings.Trim(strings.TrimSpace(line), "/*#{}"))
		start := offset
		offset += uint32(len(line))
		end := start + uint32(len(strings.TrimRight(line, "\r\n")))
		finding := checks.Finding{Location: f.Span(start, end), Key: words}
		switch {
		case words == "" || len(words) > 160:
			continue
		case leftOut.MatchString(words):
			finding.RuleID = elided
			finding.Message = fmt.Sprintf("`%s` stands where code should be. Put the code there that it stands for", code.Shorten(words))
		case putHere.MatchString(words):
			finding.RuleID, finding.Severity, finding.Confidence = elided, checks.Medium, checks.Likely
			finding.Message = fmt.Sprintf("`%s` asks somebody else to write the code. Write it, or leave the function out", code.Shorten(words))
		case spoken.MatchString(words):
			finding.RuleID = residue
			finding.Message = fmt.Sprintf("`%s` is what an assistant said about the code. Delete it, and read what came with it", code.Shorten(words))
		default:
			continue
		}
		pass.Report(finding)
	}
}

// broken judges the lines that are neither code nor comment: the grammar could not read them.
func broken(pass *checks.Pass, f code.File) {
	offset := uint32(0)
	ours, theirs := uint32(0), false
	for line := range strings.Lines(f.Tree.Source) {
		start := offset
		offset += uint32(len(line))
		words := strings.TrimSpace(line)
		end := start + uint32(len(strings.TrimRight(line, "\r\n")))
		if !utf8.ValidString(words) {
			continue
		}
		switch {
		case strings.HasPrefix(line, "<<<<<<< "):
			ours, theirs = start+1, false
		case strings.HasPrefix(line, "=======") && len(words) == 7:
			theirs = ours > 0
		case strings.HasPrefix(line, ">>>>>>> ") && theirs:
			pass.Report(checks.Finding{RuleID: residue, Location: f.Span(ours-1, ours+6), Key: "merge", Message: "the marks of a merge that was not finished stand in the code. Choose what is to stay and delete the marks"})
			ours, theirs = 0, false
		case fence.MatchString(words) && unread(f.Tree, start, end):
			pass.Report(checks.Finding{RuleID: residue, Location: f.Span(start, end), Key: words, Message: "the fence of a Markdown block stands in the code: it was copied from a chat. Delete it, and read what came with it"})
		case spoken.MatchString(words) && unread(f.Tree, start, end):
			pass.Report(checks.Finding{RuleID: residue, Location: f.Span(start, end), Key: words, Message: fmt.Sprintf("`%s` is what an assistant said about the code. Delete it, and read what came with it", code.Shorten(words))})
		}
	}
}

// unread tells whether a region is one that the grammar could not read, and does not begin in a text or comment.
func unread(tree *language.Tree, start, end uint32) bool {
	for _, e := range tree.Errors {
		if e.Start < end && start < e.End {
			indent := len(tree.Source[start:end]) - len(strings.TrimLeft(tree.Source[start:end], " \t"))
			return !inside(tree, start+uint32(indent))
		}
	}
	return false
}

// inside tells whether an offset lies in a text or a comment.
func inside(tree *language.Tree, at uint32) bool {
	for _, c := range tree.Comments {
		if c.Start <= at && at < c.End {
			return true
		}
	}
	for id := range tree.Nodes {
		n := &tree.Nodes[id]
		if (n.Kind == language.Str || n.Kind == language.Template) && n.Start < at && at < n.End {
			return true
		}
	}
	return false
}
