package scan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/reviewgate-app/reviewgate/checks"
)

// SARIF 2.1.0 as other tools write it, read with bounds: the file may have been made by a job that ran code of the change. Nothing in it is taken for more
// than text: no link, no fix, no markdown, no path outside of the tree.

const (
	maxImport        = 64 << 20 // bytes of one file
	maxImports       = 20       // files
	maxImportRuns    = 50
	maxImportResults = maxFindings // of one file
	maxImportRules   = 50_000      // of one component
	maxBaseIDs       = 10          // a chain of them
)

type sarifLog struct {
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool struct {
		Driver     sarifComponent   `json:"driver"`
		Extensions []sarifComponent `json:"extensions"`
	} `json:"tool"`
	Invocations []struct {
		Successful *bool `json:"executionSuccessful"`
	} `json:"invocations"`
	BaseIDs    map[string]sarifArtifact `json:"originalUriBaseIds"`
	Artifacts  []sarifArtifactEntry     `json:"artifacts"`
	Taxonomies []sarifComponent         `json:"taxonomies"`
	ColumnKind string                   `json:"columnKind"`
	Results    *[]sarifResult           `json:"results"`
	External   json.RawMessage          `json:"externalPropertyFileReferences"`

	ids map[string]*sarifRule // of all components; the driver's win
}

type sarifComponent struct {
	Name            string                  `json:"name"`
	GUID            string                  `json:"guid"`
	Version         string                  `json:"version"`
	SemanticVersion string                  `json:"semanticVersion"`
	Rules           []sarifRule             `json:"rules"`
	Messages        map[string]sarifMessage `json:"globalMessageStrings"`
}

type sarifRule struct {
	ID            string                  `json:"id"`
	Short         sarifMessage            `json:"shortDescription"`
	Full          sarifMessage            `json:"fullDescription"`
	Help          sarifMessage            `json:"help"`
	Messages      map[string]sarifMessage `json:"messageStrings"`
	Configuration struct {
		Level string `json:"level"`
	} `json:"defaultConfiguration"`
	Relationships []struct {
		Target sarifReference `json:"target"`
	} `json:"relationships"`
	Properties sarifProperties `json:"properties"`
}

// sarifReference points at a rule or a taxon.
type sarifReference struct {
	ID        string  `json:"id"`
	Index     *number `json:"index"`
	Component struct {
		Name  string  `json:"name"`
		Index *number `json:"index"`
		GUID  string  `json:"guid"`
	} `json:"toolComponent"`
}

type sarifResult struct {
	RuleID       string           `json:"ruleId"`
	RuleIndex    *number          `json:"ruleIndex"`
	Rule         sarifReference   `json:"rule"`
	Kind         string           `json:"kind"`
	Level        string           `json:"level"`
	Message      sarifMessage     `json:"message"`
	Locations    []sarifLocation  `json:"locations"`
	Taxa         []sarifReference `json:"taxa"`
	Baseline     string           `json:"baselineState"`
	Properties   sarifProperties  `json:"properties"`
	Suppressions []struct {
		Status        string `json:"status"`
		State         string `json:"state"` // as drafts of the standard called it
		Justification string `json:"justification"`
	} `json:"suppressions"`
	CodeFlows []struct {
		ThreadFlows []struct {
			Locations []struct {
				Location sarifLocation `json:"location"`
			} `json:"locations"`
		} `json:"threadFlows"`
	} `json:"codeFlows"`
}

type sarifMessage struct {
	Text      string   `json:"text"`
	ID        string   `json:"id"`
	Arguments []string `json:"arguments"`
}

type sarifLocation struct {
	Physical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	} `json:"physicalLocation"`
	Message sarifMessage `json:"message"`
}

type sarifArtifact struct {
	URI    string  `json:"uri"`
	BaseID string  `json:"uriBaseId"`
	Index  *number `json:"index"`
}

type sarifArtifactEntry struct {
	Location sarifArtifact `json:"location"`
}

type sarifRegion struct {
	StartLine   number `json:"startLine"`
	StartColumn number `json:"startColumn"`
	EndLine     number `json:"endLine"`
	EndColumn   number `json:"endColumn"`
}

// sarifProperties are a property bag: the few that are read may be strings or numbers.
type sarifProperties map[string]json.RawMessage

// word gives a property as text; "" if it is none.
func (p sarifProperties) word(name string) string {
	raw := bytes.TrimSpace(p[name])
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	if len(raw) > 0 && len(raw) < 40 && (raw[0] >= '0' && raw[0] <= '9') {
		return string(raw)
	}
	return ""
}

func (p sarifProperties) words(name string) []string {
	var list []string
	_ = json.Unmarshal(p[name], &list) // another type has no words
	return list
}

// number is a whole one within what a file can have; all else is 0, which means "not said". An index counts from 0, and -1 is "not said" too.
type number int

func (n *number) UnmarshalJSON(data []byte) error {
	*n = 0
	f, err := strconv.ParseFloat(strings.Trim(string(data), `"`), 64)
	if err == nil && f == float64(int64(f)) && f >= -1 && f < 1<<30 {
		*n = number(f)
	}
	return nil
}

// at gives an element, or nil.
func at[T any](list []T, index *number) *T {
	if index == nil || *index < 0 || int(*index) >= len(list) {
		return nil
	}
	return &list[*index]
}

// readSARIF decodes a file and holds it to the bounds. What it does not say for certain (that the tool ran, and gave results) is an error: a file that
// was cut or never filled must not look like a clean one.
func readSARIF(data []byte) (*sarifLog, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	switch {
	case len(data) > maxImport:
		return nil, fmt.Errorf("it has %d MB, over the limit of %d MB", len(data)>>20, maxImport>>20)
	case len(bytes.TrimSpace(data)) == 0:
		return nil, errors.New("it is empty: the tool wrote no report")
	case !utf8.Valid(data):
		return nil, errors.New("it is not UTF-8")
	}
	var log sarifLog
	if err := json.Unmarshal(data, &log); err != nil {
		return nil, fmt.Errorf("it is no SARIF, or it was cut off: %w", err)
	}
	if !strings.HasPrefix(log.Version, "2.1.0") { // some say "2.1.0-rtm.5"
		return nil, fmt.Errorf("it has the version %q, and 2.1.0 is what can be read", text(log.Version, 20))
	}
	if len(log.Runs) == 0 {
		return nil, errors.New("it holds no run of a tool")
	}
	if len(log.Runs) > maxImportRuns {
		return nil, fmt.Errorf("it holds %d runs, over the limit of %d", len(log.Runs), maxImportRuns)
	}
	results := 0
	for i := range log.Runs {
		run := &log.Runs[i]
		name := toolSlug(run.Tool.Driver.Name)
		switch {
		case name == "":
			return nil, fmt.Errorf("run %d names no tool", i+1)
		case run.Results == nil && len(run.External) > 0:
			return nil, fmt.Errorf("the results of %s are in other files", name)
		case run.Results == nil:
			return nil, fmt.Errorf("the run of %s has no list of results: the tool did not look", name)
		}
		for _, call := range run.Invocations {
			if call.Successful != nil && !*call.Successful {
				return nil, fmt.Errorf("%s says that it did not succeed", name)
			}
		}
		for _, c := range append(slices.Clone(run.Tool.Extensions), run.Tool.Driver) {
			if len(c.Rules) > maxImportRules {
				return nil, fmt.Errorf("%s has %d rules, over the limit of %d", name, len(c.Rules), maxImportRules)
			}
		}
		run.index()
		if results += len(*run.Results); results > maxImportResults {
			return nil, fmt.Errorf("it holds more than %d results, so that they cannot be told apart from noise", maxImportResults)
		}
	}
	return &log, nil
}

// toolSlug is the tool's name as it stands before the ids of its rules. What editions call themselves is left out.
func toolSlug(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	for _, edition := range []string{" oss", " pro", " community edition", " command-line toolchain", " command line toolchain"} {
		name = strings.TrimSuffix(name, edition)
	}
	return strings.Trim(notInID.ReplaceAllString(text(name, 60), "-"), "-./")
}

var (
	notInID   = regexp.MustCompile(`[^A-Za-z0-9._/-]+`)
	cweNumber = regexp.MustCompile(`(?i)^(?:external/cwe/)?(?:cwe-)?0*([1-9][0-9]{0,4})(?:$|:)`)
	cweTag    = regexp.MustCompile(`(?i)^(?:external/cwe/)?cwe-`)
	// markdownLink is how CodeQL points from a message to a related location.
	markdownLink = regexp.MustCompile(`\[([^\[\]]{1,300})\]\(\d{1,6}\)`)
	placeholder  = regexp.MustCompile(`\{(\d{1,3})\}`)
)

// ruleName puts the tool's name in front of an id, once.
func ruleName(tool, id string) string {
	id = strings.Trim(notInID.ReplaceAllString(text(id, 200), "-"), "-./")
	if id == "" {
		id = "unnamed"
	}
	if strings.HasPrefix(strings.ToLower(id), tool+"/") {
		return tool + id[len(tool):]
	}
	return tool + "/" + id
}

// ruleOf finds what the run says about the rule of a result, which may name it in four ways. Nil: nothing.
func (run *sarifRun) ruleOf(r *sarifResult) (id string, rule *sarifRule) {
	id = r.RuleID
	if id == "" {
		id = r.Rule.ID
	}
	component := &run.Tool.Driver
	if c := at(run.Tool.Extensions, r.Rule.Component.Index); c != nil {
		component = c
	}
	index := r.Rule.Index
	if index == nil {
		index = r.RuleIndex
	}
	if rule = at(component.Rules, index); rule != nil && (id == "" || rule.ID == id || strings.HasPrefix(id, rule.ID+"/")) {
		if id == "" {
			id = rule.ID
		}
		return id, rule
	}
	return id, run.byID(id)
}

func (run *sarifRun) index() {
	run.ids = map[string]*sarifRule{}
	components := []*sarifComponent{&run.Tool.Driver}
	for i := range run.Tool.Extensions {
		components = append(components, &run.Tool.Extensions[i])
	}
	for _, c := range components {
		for i := range c.Rules {
			if r := &c.Rules[i]; run.ids[r.ID] == nil {
				run.ids[r.ID] = r
			}
		}
	}
}

// byID looks an id up in all components; "CA1000/1" is a part of the rule CA1000.
func (run *sarifRun) byID(id string) *sarifRule {
	for {
		if rule := run.ids[id]; rule != nil {
			return rule
		}
		cut := strings.LastIndexByte(id, '/')
		if cut < 0 {
			return nil
		}
		id = id[:cut]
	}
}

// say gives a message as plain text.
func (m *sarifMessage) say(rule *sarifRule, run *sarifRun) string {
	s := m.Text
	if s == "" && m.ID != "" {
		if rule != nil {
			s = rule.Messages[m.ID].Text
		}
		if s == "" {
			s = run.Tool.Driver.Messages[m.ID].Text
		}
	}
	s = placeholder.ReplaceAllStringFunc(s, func(p string) string {
		if i, err := strconv.Atoi(p[1 : len(p)-1]); err == nil && i < len(m.Arguments) {
			return m.Arguments[i]
		}
		return p
	})
	return text(strings.TrimSpace(markdownLink.ReplaceAllString(s, "$1")), maxMessage)
}

// severity maps what the tool says: security-severity, a number of 0 to 10, else the level.
func (r *sarifResult) severity(rule *sarifRule) checks.Severity {
	scores := []string{r.Properties.word("security-severity")}
	level := r.Level
	if rule != nil {
		scores = append(scores, rule.Properties.word("security-severity"))
		if level == "" {
			level = rule.Configuration.Level
		}
	}
	for _, s := range scores {
		score, err := strconv.ParseFloat(s, 64)
		switch {
		case err != nil || !(score > 0):
		case score >= 9:
			return checks.Critical
		case score >= 7:
			return checks.High
		case score >= 4:
			return checks.Medium
		default:
			return checks.Low
		}
	}
	if r.Kind == "informational" {
		return checks.Info
	}
	switch level {
	case "error":
		return checks.High
	case "note":
		return checks.Low
	case "none":
		return checks.Info
	}
	return checks.Medium // "warning", which the standard makes the default
}

// confidence maps what the tool says of its precision. One that says nothing is likely: it comments, and never blocks.
func (r *sarifResult) confidence(rule *sarifRule) checks.Confidence {
	if r.Kind == "review" || r.Kind == "open" {
		return checks.Unsure
	}
	bags := []sarifProperties{r.Properties}
	var tags []string
	if rule != nil {
		bags = append(bags, rule.Properties)
		tags = rule.Properties.words("tags")
	}
	// Semgrep calls every rule very precise and tells the truth in a tag.
	for _, tag := range tags {
		if word, ok := strings.CutSuffix(strings.ToLower(tag), " confidence"); ok {
			if c := confidenceOf(word); c != 0 {
				return c
			}
		}
	}
	for _, bag := range bags {
		for _, name := range sortedNames(bag) {
			if name == "precision" || name == "confidence" || strings.HasSuffix(name, "/confidence") {
				if c := confidenceOf(strings.ToLower(bag.word(name))); c != 0 {
					return c
				}
			}
		}
	}
	return checks.Likely
}

func sortedNames(bag sarifProperties) []string {
	out := make([]string, 0, len(bag))
	for name := range bag {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func confidenceOf(word string) checks.Confidence {
	switch word {
	case "very-high", "very high", "high", "certain":
		return checks.Certain
	case "medium", "moderate":
		return checks.Likely
	case "low", "unknown":
		return checks.Unsure
	}
	return 0
}

// cwes collects the weaknesses that tags, relationships and taxa name, sorted.
func (run *sarifRun) cwes(rule *sarifRule, r *sarifResult) []string {
	var out []string
	add := func(s string) {
		if m := cweNumber.FindStringSubmatch(s); m != nil {
			out = append(out, "CWE-"+m[1])
		}
	}
	refer := func(ref *sarifReference) {
		name := ref.Component.Name
		if t := at(run.Taxonomies, ref.Component.Index); t != nil && name == "" {
			name = t.Name
		}
		for _, t := range run.Taxonomies {
			if name == "" && ref.Component.GUID != "" && t.GUID == ref.Component.GUID {
				name = t.Name
			}
		}
		if strings.Contains(strings.ToUpper(name), "CWE") || cweTag.MatchString(ref.ID) {
			add(ref.ID)
		}
	}
	if rule != nil {
		for _, tag := range rule.Properties.words("tags") {
			if cweTag.MatchString(tag) {
				add(tag)
			}
		}
		for i := range rule.Relationships {
			refer(&rule.Relationships[i].Target)
		}
	}
	for i := range r.Taxa {
		refer(&r.Taxa[i])
	}
	slices.Sort(out)
	out = slices.Compact(out)
	return out[:min(len(out), 20)]
}

// info describes a rule, as far as the run and its first result do. Titles and descriptions are plain text of the tool's.
func (run *sarifRun) info(id, tool string, rule *sarifRule, first *sarifResult) checks.RuleInfo {
	info := checks.RuleInfo{ID: id, Title: id, Severity: first.severity(rule), Confidence: first.confidence(rule), CWE: run.cwes(rule, first), Origin: importOrigin}
	if len(info.CWE) > 0 {
		info.Tags = []string{"security"}
	}
	if rule == nil {
		return info
	}
	short := rule.Short.say(nil, run)
	if help := rule.Help.say(nil, run); short == "" && len(help) <= 120 && !strings.Contains(help, "\n") {
		short = help // zizmor has no other description
	}
	if short != "" {
		info.Title = text(strings.Join(strings.Fields(short), " "), 200)
	}
	info.Why = text(rule.Full.say(nil, run), 1000)
	info.Remedy = "See what " + tool + " says about the rule."
	if slices.Contains(rule.Properties.words("tags"), "security") || rule.Properties.word("security-severity") != "" {
		info.Tags = []string{"security"}
	}
	return info
}

// importOrigin is RuleInfo.Origin of what came from another tool's report.
const importOrigin = "import"

// sarifPaths turns the addresses of a run into paths of the tree.
type sarifPaths struct {
	run   *sarifRun
	roots []string // absolute folders that are the tree's root, with "/" at the end
}

func newPaths(run *sarifRun, roots []string) *sarifPaths {
	p := &sarifPaths{run: run}
	for _, root := range roots {
		p.roots = append(p.roots, strings.TrimSuffix(strings.ReplaceAll(root, `\`, "/"), "/")+"/")
	}
	for _, name := range sortedBaseIDs(run.BaseIDs) {
		if abs, ok := absolute(run.BaseIDs[name].URI); ok && p.isRoot(name) {
			p.roots = append(p.roots, strings.TrimSuffix(abs, "/")+"/")
		}
	}
	return p
}

func sortedBaseIDs(m map[string]sarifArtifact) []string {
	out := make([]string, 0, len(m))
	for name := range m {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// isRoot says whether a base stands for the root of the tree: it is called a root, or it is the only one.
func (p *sarifPaths) isRoot(name string) bool {
	return strings.Contains(strings.ToUpper(name), "ROOT") || len(p.run.BaseIDs) <= 1
}

// of gives the path below the tree's root. ok is false for what lies outside of it, or where that cannot be told.
func (p *sarifPaths) of(a sarifArtifact) (string, bool) {
	if entry := at(p.run.Artifacts, a.Index); entry != nil && a.URI == "" {
		a = entry.Location
	}
	if abs, ok := absolute(a.URI); ok {
		return p.below(abs)
	}
	name, ok := relative(a.URI)
	if !ok {
		return "", false
	}
	for range maxBaseIDs {
		if a.BaseID == "" {
			return inside(name)
		}
		base, known := p.run.BaseIDs[a.BaseID]
		abs, isAbs := absolute(base.URI)
		switch {
		case !known || base.URI == "" && base.BaseID == "":
			if known && !p.isRoot(a.BaseID) {
				return "", false
			}
			return inside(name) // nothing is said of it: by convention it is the root
		case isAbs && p.isRoot(a.BaseID):
			return inside(name)
		case isAbs:
			return p.below(strings.TrimSuffix(abs, "/") + "/" + name)
		}
		part, ok := relative(base.URI)
		if !ok {
			return "", false
		}
		name = strings.TrimSuffix(part, "/") + "/" + strings.TrimPrefix(name, "/")
		a.BaseID = base.BaseID
	}
	return "", false
}

// below takes the root off an absolute path.
func (p *sarifPaths) below(abs string) (string, bool) {
	abs = path.Clean(abs)
	for _, root := range p.roots {
		if rest, ok := strings.CutPrefix(abs, root); ok {
			return inside(rest)
		}
	}
	return "", false
}

// absolute reads "file:///home/a/b", "/home/a/b" and "C:\a\b" as absolute paths with slashes.
func absolute(uri string) (string, bool) {
	if len(uri) > 5 && strings.EqualFold(uri[:5], "file:") {
		rest := uri[5:]
		if after, ok := strings.CutPrefix(rest, "//"); ok { // with an authority, which may be empty
			_, p, found := strings.Cut(after, "/")
			if !found {
				return "", false
			}
			rest = "/" + p
		}
		p, err := url.PathUnescape(rest)
		if err != nil || !strings.HasPrefix(p, "/") {
			return "", false
		}
		if isDrive(strings.TrimPrefix(p, "/")) {
			p = p[1:]
		}
		return strings.ReplaceAll(p, `\`, "/"), true
	}
	if strings.HasPrefix(uri, "/") || isDrive(uri) {
		p, err := url.PathUnescape(uri)
		return strings.ReplaceAll(p, `\`, "/"), err == nil
	}
	return "", false
}

func isDrive(s string) bool {
	return len(s) > 2 && s[1] == ':' && (s[2] == '/' || s[2] == '\\') && (s[0]|0x20 >= 'a' && s[0]|0x20 <= 'z')
}

// relative reads a relative reference; one with a scheme of its own is none.
func relative(uri string) (string, bool) {
	if scheme, _, ok := strings.Cut(uri, ":"); ok && scheme != "" && !strings.ContainsAny(scheme, "/.%") {
		return "", false
	}
	p, err := url.PathUnescape(uri)
	if err != nil {
		p = uri // gosec and others write paths as they are
	}
	if !strings.Contains(p, "/") {
		p = strings.ReplaceAll(p, `\`, "/")
	}
	return p, p != ""
}

// inside cleans a path and holds it to the tree.
func inside(p string) (string, bool) {
	p = path.Clean(p)
	ok := p != "." && p != ".." && !strings.HasPrefix(p, "../") && !strings.HasPrefix(p, "/") && !strings.ContainsAny(p, "\x00") && len(p) <= 4096
	return p, ok
}
