package report

import (
	"cmp"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/checks"
)

// The sarif format is SARIF 2.1.0 as GitHub code scanning reads it (docs.github.com, "SARIF support for code scanning"): security-severity and
// precision on the rule, tags external/cwe/cwe-N, partialFingerprints, one location per result.
var sarifFormat = &Format{
	Name: "sarif",
	Doc:  "SARIF 2.1.0, for code scanning and editors",
	Write: func(w io.Writer, in *Input, _ Options) error {
		return writeJSON(w, sarifReport(in), " ")
	},
}

const homepage = "https://github.com/reviewgate-app/reviewgate"

func sarifReport(in *Input) *sarif.Report {
	run := sarif.NewRunWithInformationURI(in.Tool.Name, homepage)
	run.Tool.Driver.WithVersion(in.Tool.Version).WithSemanticVersion(in.Tool.Version)
	run.WithColumnKind("unicodeCodePoints")
	run.WithAutomationDetails(sarif.NewRunAutomationDetails().WithID("reviewgate/"))

	index := map[string]int{}
	for i := range in.Scan.Rules {
		index[in.Scan.Rules[i].ID] = i
		run.Tool.Driver.AddRule(sarifRule(&in.Scan.Rules[i]))
	}
	for i := range in.Scan.Findings {
		if !in.Scan.Findings[i].Shadow {
			run.AddResult(sarifResult(&in.Scan.Findings[i], index))
		}
	}
	run.AddInvocation(sarifInvocation(in.Scan))

	report := sarif.NewReport()
	report.AddRun(run)
	return report
}

func sarifRule(r *checks.RuleInfo) *sarif.ReportingDescriptor {
	d := sarif.NewReportingDescriptor().WithID(r.ID).WithName(r.ID)
	title := cmp.Or(r.Title, r.ID)
	d.WithShortDescription(sarif.NewMultiformatMessageString().WithText(title))
	d.WithFullDescription(sarif.NewMultiformatMessageString().WithText(cmp.Or(r.Why, title)))
	help := strings.TrimSpace(r.Why + "\n\n" + r.Remedy)
	markdown := strings.TrimSpace(proseWithin(r.Why, ruleLimit)+"\n\n"+proseWithin(r.Remedy, ruleLimit)) + "\n"
	for _, ref := range r.References {
		if linkable(ref) {
			markdown += "\n- <" + ref + ">"
		}
	}
	if help != "" {
		d.WithHelp(sarif.NewMultiformatMessageString().WithText(help).WithMarkdown(markdown))
	}
	if i := slices.IndexFunc(r.References, linkable); i >= 0 {
		d.WithHelpURI(r.References[i])
	}
	d.WithDefaultConfiguration(sarif.NewReportingConfiguration().WithLevel(levels[r.Severity].sarif))
	props := sarif.NewPropertyBag()
	tags := slices.Clone(r.Tags)
	for _, cwe := range r.CWE {
		tags = append(tags, "external/cwe/"+strings.ToLower(cwe))
	}
	if len(r.CWE) > 0 && !slices.Contains(tags, "security") {
		tags = append(tags, "security")
	}
	slices.Sort(tags)
	props.WithTags(slices.Compact(tags))
	if slices.Contains(tags, "security") {
		props.Add("security-severity", levels[r.Severity].score)
	}
	if r.Confidence > 0 {
		props.Add("precision", r.Confidence.String())
	}
	props.Add("problem.severity", map[string]string{"error": "error", "warning": "warning", "note": "recommendation"}[levels[r.Severity].sarif])
	d.WithProperties(props)
	return d
}

func sarifResult(f *checks.Finding, index map[string]int) *sarif.Result {
	res := sarif.NewRuleResult(f.RuleID).WithMessage(sarifMessage(f.Message)).WithLevel(levels[f.Severity].sarif)
	if i, ok := index[f.RuleID]; ok {
		res.WithRuleIndex(i)
	}
	res.AddLocation(sarifLocation(&f.Location, "", 0))
	for i := range f.Related {
		res.AddRelatedLocation(sarifLocation(&f.Related[i].Location, f.Related[i].Message, i+1))
	}
	if len(f.Flow) > 0 {
		flow := sarif.NewThreadFlow()
		for i := range f.Flow {
			flow.AddLocation(sarif.NewThreadFlowLocation().WithLocation(sarifLocation(&f.Flow[i].Location, f.Flow[i].Message, 0)))
		}
		res.AddCodeFlow(sarif.NewCodeFlow().WithThreadFlows([]*sarif.ThreadFlow{flow}))
	}
	// primaryLocationLineHash is the one that GitHub matches alerts by; ours survives moved lines better than the one that it would compute.
	res.WithPartialFingerprints(map[string]string{"reviewgate/v1": string(f.Fingerprint), "primaryLocationLineHash": string(f.Fingerprint) + ":1"})
	if f.Introduced {
		res.WithBaselineState("new")
	} else {
		res.WithBaselineState("unchanged")
	}
	if s := f.Suppression; s != nil {
		status := "accepted"
		if !f.Suppressed() {
			status = "rejected"
		}
		res.AddSuppression(sarif.NewSuppression().WithKind("inSource").WithStatus(status).WithJustification(s.Reason))
	}
	if f.Fix != nil {
		l := &f.Fix.Location
		region := sarifRegion(l)
		change := sarif.NewArtifactChange().WithArtifactLocation(sarifFile(l.Path))
		change.AddReplacement(sarif.NewReplacement().WithDeletedRegion(region).WithInsertedContent(sarif.NewArtifactContent().WithText(f.Fix.Text)))
		fix := sarif.NewFix().WithDescription(sarif.NewTextMessage("suggested fix"))
		fix.AddArtifactChange(change)
		res.AddFixe(fix) // sic
	}
	props := sarif.NewPropertyBag()
	props.Add("blocking", f.Blocking)
	props.Add("confidence", f.Confidence.String())
	props.Add("severity", f.Severity.String())
	if f.Location.Side == checks.Base {
		props.Add("side", "base") // the location is in the tree before the change
	}
	res.WithProperties(props)
	return res
}

// sarifMessage is a plain text in which nothing is a link: SARIF makes one of [text](target), also in plain text (section 3.11.6).
func sarifMessage(s string) *sarif.Message {
	return sarif.NewTextMessage(strings.ReplaceAll(s, "](", "] ("))
}

func sarifLocation(l *checks.Location, message string, id int) *sarif.Location {
	physical := sarif.NewPhysicalLocation().WithArtifactLocation(sarifFile(l.Path)).WithRegion(sarifRegion(l))
	loc := sarif.NewLocation().WithPhysicalLocation(physical)
	if message != "" {
		loc.WithMessage(sarifMessage(message))
	}
	if id > 0 {
		loc.WithID(id)
	}
	return loc
}

// sarifFile gives the path as a relative URI reference: every byte outside of the unreserved ones is percent-encoded, so any file name is one.
func sarifFile(path string) *sarif.ArtifactLocation {
	parts := strings.Split(path, "/")
	for i := range parts {
		parts[i] = strings.ReplaceAll(url.PathEscape(parts[i]), ":", "%3A") // a colon in the first segment would read as a scheme
	}
	return sarif.NewArtifactLocation().WithURI(strings.Join(parts, "/")).WithURIBaseID("%SRCROOT%")
}

func sarifRegion(l *checks.Location) *sarif.Region {
	r := sarif.NewRegion().WithStartLine(max(l.StartLine, 1))
	if l.StartLine == 0 {
		return r // the whole file; GitHub wants a line
	}
	r.WithStartColumn(max(l.StartColumn, 1)).WithEndLine(max(l.EndLine, l.StartLine))
	if l.EndColumn > 0 {
		r.WithEndColumn(l.EndColumn)
	}
	if code := regionText(l); code != "" {
		r.WithSnippet(sarif.NewArtifactContent().WithText(code))
	}
	return r
}

// regionText cuts the region itself out of the lines that a location has with it; empty if they do not hold all of it.
func regionText(l *checks.Location) string {
	lines := strings.Split(l.Snippet, "\n")
	last := len(lines) - 1
	if l.Snippet == "" || l.EndLine-l.StartLine != last || l.EndColumn == 0 {
		return ""
	}
	end, start := []rune(lines[last]), max(l.StartColumn, 1)-1
	if l.EndColumn-1 > len(end) || last == 0 && l.EndColumn-1 < start {
		return ""
	}
	lines[last] = string(end[:l.EndColumn-1])
	first := []rune(lines[0])
	if start > len(first) {
		return ""
	}
	lines[0] = string(first[start:])
	return strings.Join(lines, "\n")
}

func sarifInvocation(r *scan.Result) *sarif.Invocation {
	inv := sarif.NewInvocation().WithExecutionSuccessful(len(r.Failures()) == 0)
	note := func(level, text string) {
		inv.AddToolExecutionNotification(sarif.NewNotification().WithLevel(level).WithMessage(sarifMessage(text)))
	}
	for _, c := range r.Checks {
		switch c.Status {
		case scan.Failed:
			note("error", c.Name+" failed: "+c.Reason)
		case scan.Skipped:
			note("note", c.Name+" skipped: "+c.Reason)
		case scan.Ran:
		}
	}
	for i := range r.Imports {
		note("note", "imported: "+r.Imports[i].String())
	}
	for _, u := range r.Unscanned {
		n := sarif.NewNotification().WithLevel("warning").WithMessage(sarifMessage("not scanned: " + u.Reason))
		n.AddLocation(sarifLocation(&checks.Location{Path: u.Path, Side: u.Side, StartLine: u.Line}, "", 0))
		inv.AddToolExecutionNotification(n)
	}
	if len(r.Sandbox.Missing) > 0 {
		note("note", "the scan ran without these layers of its sandbox: "+strings.Join(r.Sandbox.Missing, "; "))
	}
	for _, p := range r.Problems {
		n := sarif.NewNotification().WithLevel("warning").WithMessage(sarifMessage(p.Message))
		n.AddLocation(sarifLocation(&checks.Location{Path: p.File, StartLine: p.Line, StartColumn: p.Column}, "", 0))
		inv.AddToolConfigurationNotification(n)
	}
	return inv
}
