package report

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/checks"
)

// bodyLimit keeps a comment far below GitHub's 65,536 characters: one oversized comment rejects the whole review.
const bodyLimit = 16_000

// maxRelated is how many places beside its own a comment names.
const maxRelated = 5

// RenderReview renders the one review of a push: an inline comment for each finding that scan marked for comment and that was not posted
// before. Nil: there is nothing to post.
func RenderReview(in *Input, already map[checks.Fingerprint]bool) *Review {
	if in.Scan == nil {
		return nil
	}
	rules := rulesByID(in.Scan)
	review := &Review{}
	blocking := 0
	for i := range in.Scan.Findings {
		f := &in.Scan.Findings[i]
		if !f.Comment || !shown(f) || already[f.Fingerprint] {
			continue
		}
		if f.Blocking {
			blocking++
		}
		review.Comments = append(review.Comments, Comment{
			Path: f.Location.Path, Side: f.Location.Side, Line: max(f.Location.StartLine, 1),
			Body: commentBody(f, rules[f.RuleID]), Fingerprint: f.Fingerprint, Trace: Trace(f),
		})
	}
	if len(review.Comments) == 0 {
		return nil
	}
	review.Body = fmt.Sprintf("%s on the lines of this change", plural(len(review.Comments), "comment", "comments"))
	switch blocking {
	case 0:
		review.Body += "; none blocks the merge."
	case 1:
		review.Body += "; 1 blocks the merge until it is fixed."
	default:
		review.Body += fmt.Sprintf("; %d block the merge until they are fixed.", blocking)
	}
	review.Body += " The `reviewgate` check has the whole picture."
	return review
}

func rulesByID(r *scan.Result) map[string]*checks.RuleInfo {
	rules := map[string]*checks.RuleInfo{}
	for i := range r.Rules {
		rules[r.Rules[i].ID] = &r.Rules[i]
	}
	return rules
}

var linkForm = regexp.MustCompile(`^https://[0-9A-Za-z][0-9A-Za-z.-]*(:[0-9]+)?(/[0-9A-Za-z/._~%#?&=+:@!$*,;-]*)?$`)

// linkable says whether a rule's reference can stand as a link that nothing else hides in.
func linkable(ref string) bool { return len(ref) <= 500 && linkForm.MatchString(ref) }

func commentBody(f *checks.Finding, rule *checks.RuleInfo) string {
	if rule == nil {
		rule = &checks.RuleInfo{ID: f.RuleID, Title: f.RuleID}
	}
	d := &document{limit: bodyLimit}
	head := "**" + proseWithin(rule.Title, 300) + "** · " + f.Severity.String() + " · " + code(f.RuleID)
	for _, cwe := range rule.CWE {
		head += " · " + cweLink(cwe)
	}
	d.line("%s\n", head)
	d.line("%s\n", proseWithin(f.Message, 2500))
	for i := range f.Related[:min(len(f.Related), maxRelated)] {
		d.line("- %s %s", code(shortPlace(&f.Related[i].Location)), proseWithin(f.Related[i].Message, 300))
	}
	if more := len(f.Related) - maxRelated; more > 0 {
		d.line("- and %s", plural(more, "more place", "more places"))
	}
	if rule.Remedy != "" {
		d.line("\n**What to do:** %s\n", proseWithin(rule.Remedy, 1500))
	}
	if rule.Why != "" || len(rule.References) > 0 {
		d.line("<details><summary>Why it matters</summary>\n\n%s\n", proseWithin(rule.Why, 1500))
		for _, ref := range rule.References {
			if linkable(ref) {
				d.line("- <%s>", ref)
			}
		}
		d.end("\n</details>\n")
	}
	if note := whyNotSuppressed(f); note != "" {
		d.line("_Note: %s._\n", note)
	}
	tail := "Wrong? " + code("/reviewgate false-positive "+string(f.Fingerprint[:min(8, len(f.Fingerprint))])+" WHY") + " in a comment tells the owner of the rule."
	if f.Blocking {
		tail = "This blocks the merge until it is fixed. " + tail
	}
	d.end("<sub>" + tail + "</sub>")
	return strings.TrimRight(d.b.String(), "\n") + "\n"
}
