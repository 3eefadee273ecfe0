package report

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/checks"
)

// What a comment says in its first line once something became of its finding, with the head where that was seen.
const (
	fixedIn = "✅ Fixed in "
	goneAt  = "✅ No longer in this change, as of "
	backIn  = "↩️ Back in "
)

const (
	foldStart = "\n\n<details><summary>What it was</summary>\n\n"
	foldEnd   = "\n\n</details>\n"
)

// RenderFixed folds a comment whose finding was looked for at a head, in the same file, and is not there any more. was is what the comment says now.
func RenderFixed(was, head string) string { return folded(fixedIn, was, head) }

// RenderGone folds a comment whose finding is no longer what the change brings in, wherever it went: the file is not changed any more, or base
// has the same.
func RenderGone(was, head string) string { return folded(goneAt, was, head) }

func folded(says, was, head string) string {
	if strings.HasPrefix(was, backIn) {
		_, was, _ = strings.Cut(was, "\n")
	}
	return says + shortHead(head) + foldStart + strings.TrimSpace(withdrawn(cut(was, 2*bodyLimit))) + foldEnd
}

// RenderBack unfolds the comment of a finding that is there again.
func RenderBack(r *scan.Result, f *checks.Finding, head string) string {
	return backIn + shortHead(head) + "\n\n" + commentBody(f, rulesByID(r)[f.RuleID])
}

// Folded says whether a comment of ours says that its finding is gone.
func Folded(body string) bool {
	return strings.HasPrefix(body, fixedIn) || strings.HasPrefix(body, goneAt)
}

func shortHead(sha string) string { return code(sha[:min(7, len(sha))]) }

// Trace is what tells a finding that moved from another one of its rule: the rule's id, and a hash of the lines that it stands on. The
// fingerprint says less, because it is another one in another file or function.
func Trace(f *checks.Finding) string {
	sum := sha256.Sum256([]byte(strings.Join(strings.Fields(f.Location.Snippet), " ")))
	return f.RuleID + "/" + hex.EncodeToString(sum[:4])
}

// TraceRule is the id of the rule that a trace names; "": it is none.
func TraceRule(trace string) string { return trace[:max(strings.LastIndexByte(trace, '/'), 0)] }
