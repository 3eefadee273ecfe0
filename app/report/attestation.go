package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/checks"
)

// The names of a record's layers. A change that readers of the old form would misread gets another RecordType.
const (
	StatementType = "https://in-toto.io/Statement/v1"
	RecordType    = "https://github.com/reviewgate-app/reviewgate/decision-record/v1"
	// SLSAVersion is the version of SLSA whose source track the words of a record are taken from.
	SLSAVersion = "1.2"
)

// The kinds of records.
const (
	RecordDecision = "decision" // the gate let the change, or did not let it
	RecordMerge    = "merge"    // the change was merged, and this is the decision that stood then
)

// The results, as SLSA spells them.
const (
	RecordPassed = "PASSED"
	RecordFailed = "FAILED"
)

// Bounds of a record's lists: what is left out is counted beside them, and a digest covers all of it.
const (
	maxRecordList  = 200
	maxRecordPaths = 100
)

// A Statement is an in-toto statement about the commits of one change.
type Statement struct {
	Type          string    `json:"_type" doc:"always https://in-toto.io/Statement/v1"`
	Subject       []Subject `json:"subject" doc:"the head of the change; with a merge also the commit that it became"`
	PredicateType string    `json:"predicateType"`
	Predicate     Record    `json:"predicate"`
}

// A Subject is one commit.
type Subject struct {
	Name        string       `json:"name" doc:"head or merge"`
	URI         string       `json:"uri" doc:"a page about the commit, for people"`
	Digest      GitDigest    `json:"digest"`
	Annotations *Annotations `json:"annotations,omitempty"`
}

// A GitDigest names a commit.
type GitDigest struct {
	GitCommit string `json:"gitCommit"`
}

// Annotations of a subject, as SLSA's source track has them.
type Annotations struct {
	SourceRefs []string `json:"sourceRefs" doc:"the branch that the commit came onto: refs/heads/main"`
}

// A SHA256 is a digest in hexadecimal.
type SHA256 struct {
	SHA256 string `json:"sha256"`
}

// A Record is what is attested: one decision of the gate and what it rests on.
type Record struct {
	Kind     string        `json:"kind" doc:"decision, or merge"`
	Chain    Link          `json:"chain"`
	Verifier Verifier      `json:"verifier" doc:"who decided"`
	Time     time.Time     `json:"timeVerified" doc:"when it was decided"`
	Resource string        `json:"resourceUri" doc:"the repository: git+https://github.com/acme/shop"`
	Policy   RecordPolicy  `json:"policy"`
	Result   string        `json:"verificationResult" doc:"PASSED: the gate lets the change; FAILED: it does not, or does not yet"`
	SLSA     string        `json:"slsaVersion" doc:"the version of SLSA that the words are taken from"`
	Change   RecordChange  `json:"change"`
	Decision RecordVerdict `json:"decision"`

	Reviews    []RecordReview `json:"reviews" doc:"who approved what, and when"`
	Waivers    []RecordWaiver `json:"waivers"`
	Exemptions []string       `json:"exemptions" doc:"what a policy exempts from guards, and was used"`
	Findings   RecordFindings `json:"findings"`
	Merge      *RecordMerged  `json:"merge,omitempty"`
}

// A Link joins a record to the one before it.
type Link struct {
	Installation int64   `json:"installation" doc:"GitHub's number of the App's installation: each has a chain of its own"`
	Sequence     int64   `json:"sequence" doc:"1, 2, 3, without a gap"`
	Previous     *SHA256 `json:"previous,omitempty" doc:"digest of the payload before; the first has none"`
}

// A Verifier is the server that decided.
type Verifier struct {
	ID      string            `json:"id" doc:"the address where people reach the server, or urn:reviewgate where none is set"`
	Version map[string]string `json:"version"`
}

// A RecordPolicy says by what was judged.
type RecordPolicy struct {
	URI       string   `json:"uri" doc:"the file that the policy of the repository is read from, at the commit that it was read at"`
	Digest    *SHA256  `json:"digest,omitempty" doc:"of the effective policy as JSON; missing: it was not known"`
	Rules     *SHA256  `json:"rules,omitempty" doc:"of the rule files of floor and repository, in order; the built-in ones belong to the version of reviewgate"`
	RuleFiles int      `json:"ruleFiles"`
	Sources   []string `json:"sources" doc:"the files that it came from, each with the commit"`
}

// A RecordChange says what was judged.
type RecordChange struct {
	Repository string        `json:"repository" doc:"OWNER/NAME as it was then"`
	RepoID     int64         `json:"repositoryId" doc:"GitHub's number, which stays when the name changes"`
	Number     int           `json:"number"`
	Head       string        `json:"head"`
	BaseRef    string        `json:"baseRef"`
	Base       string        `json:"base"`
	MergeBase  string        `json:"mergeBase"`
	Author     RecordPerson  `json:"author"`
	Commits    int           `json:"commits"`
	Files      RecordFiles   `json:"files"`
	Agents     []RecordAgent `json:"agents" doc:"evidence that an agent took part"`
}

// RecordFiles are the paths that differ between two commits.
type RecordFiles struct {
	Count int `json:"count"`
	// Digest is SHA-256 over git's own table of the change, so that git alone can make it again.
	Digest *SHA256      `json:"digest,omitempty" doc:"SHA-256 of what git diff-tree -r -z --raw --no-renames --no-abbrev MERGE_BASE HEAD prints; missing: a path is not UTF-8"`
	Paths  []RecordPath `json:"paths,omitempty" doc:"the first 100 by name, of files that need an approval"`
}

// A RecordPath is a file as it was seen.
type RecordPath struct {
	Path string `json:"path"`
	Blob string `json:"blob,omitempty" doc:"git's id of the content; missing: the file was removed"`
}

// A RecordPerson is an account.
type RecordPerson struct {
	ID    int64  `json:"id" doc:"GitHub's number; 0: not known"`
	Login string `json:"login"`
	Type  string `json:"type,omitempty"`
}

// A RecordAgent is one piece of evidence.
type RecordAgent struct {
	Agent    string `json:"agent"`
	Evidence string `json:"evidence"`
}

// A RecordVerdict is the decision.
type RecordVerdict struct {
	State    string        `json:"state" doc:"pass, block, pending or error"`
	Advisory bool          `json:"advisory" doc:"the policy does not enforce: the state is what it would be"`
	Title    string        `json:"title"`
	Reasons  []string      `json:"reasons" doc:"what stands in the way, and what could not be told"`
	Guards   []RecordGuard `json:"guards"`
	Omitted  int           `json:"omitted,omitempty" doc:"guards, reviews, waivers and reasons that are left out of this record because there are too many"`
}

// A RecordGuard is one entry of the policy that asked for approvals.
type RecordGuard struct {
	Name     string   `json:"name"`
	Origin   string   `json:"origin"`
	Files    int      `json:"files"`
	Needed   int      `json:"needed"`
	Approved []string `json:"approved"`
	Waived   []string `json:"waived,omitempty"`
	Holds    bool     `json:"holds"`
	Because  string   `json:"because"`
}

// A RecordReview is what one person said, and what that person saw.
type RecordReview struct {
	Reviewer RecordPerson `json:"reviewer"`
	ReviewID int64        `json:"reviewId"`
	State    string       `json:"state"`
	Counts   bool         `json:"counts"`
	Because  string       `json:"because,omitempty"`
	At       *time.Time   `json:"at,omitempty" doc:"when the webhook of the approval arrived; missing: no webhook came"`
	Seen     *RecordSeen  `json:"seen,omitempty" doc:"missing: nobody knows what the reviewer saw, and an approval does not count"`
}

// RecordSeen is what an approval saw.
type RecordSeen struct {
	Head      string      `json:"head"`
	BaseRef   string      `json:"baseRef"`
	MergeBase string      `json:"mergeBase"`
	Files     RecordFiles `json:"files"`
}

// A RecordWaiver is a person's word that the change may pass in spite of something.
type RecordWaiver struct {
	By        RecordPerson `json:"by"`
	CommentID int64        `json:"commentId"`
	Rule      string       `json:"rule" doc:"the guard, rule or check"`
	Reason    string       `json:"reason"`
	Until     *time.Time   `json:"until,omitempty"`
	Self      bool         `json:"self" doc:"by somebody who took part in the change"`
	Counts    bool         `json:"counts"`
	Because   string       `json:"because,omitempty"`
}

// RecordFindings counts what the scan found and names what blocked.
type RecordFindings struct {
	Scanned    bool            `json:"scanned" doc:"the scan finished"`
	ScanKey    string          `json:"scanKey,omitempty" doc:"digest of everything that the scan depends on"`
	Introduced int             `json:"introduced"`
	Suppressed int             `json:"suppressed" doc:"of these, in source, with a reason"`
	BySeverity map[string]int  `json:"bySeverity"`
	Digest     SHA256          `json:"digest" doc:"of the introduced findings: one line for each, sorted: rule, severity, fingerprint, with a space between"`
	Blocking   []RecordFinding `json:"blocking"`
	Failures   []string        `json:"failures,omitempty" doc:"checks that failed"`
}

// A RecordFinding is one finding that blocks.
type RecordFinding struct {
	Rule        string `json:"rule"`
	Path        string `json:"path"`
	Fingerprint string `json:"fingerprint"`
}

// RecordMerged says how the change was merged.
type RecordMerged struct {
	Commit string     `json:"commit"`
	By     string     `json:"by,omitempty" doc:"login"`
	At     *time.Time `json:"at,omitempty"`
	// Bypass says why the merge went around the gate.
	Bypass string `json:"bypass,omitempty" doc:"why the merge went around the gate; missing: the gate had let it"`
}

// An Attested is everything that a record is made from. It is plain data, as the gate's facts are.
type Attested struct {
	Tool     Tool
	Verifier string // address of the server; "": none is set
	RepoURL  string // "https://github.com/acme/shop"
	RepoID   int64
	Made     time.Time
	Decision *gate.Decision
	Facts    *gate.Facts
	ScanKey  string
	// The digests of what applied, in hexadecimal; "": not known.
	PolicyDigest, RulesDigest string
	RuleFiles                 int
	Approved                  map[int64]time.Time // when the webhook of a review arrived, by its id
	Merge                     *RecordMerged       // nil: it is not merged
}

// RenderRecord renders a decision as a statement. The link of the chain is the caller's to set.
func RenderRecord(in *Attested) *Statement {
	d, f := in.Decision, in.Facts
	head := Subject{Name: "head", URI: in.RepoURL + "/commit/" + f.Head, Digest: GitDigest{f.Head}}
	s := &Statement{Type: StatementType, PredicateType: RecordType, Subject: []Subject{head}}
	r := &s.Predicate
	*r = Record{
		Kind: RecordDecision, Time: in.Made.UTC().Truncate(time.Millisecond), Resource: "git+" + in.RepoURL, Result: RecordFailed, SLSA: SLSAVersion,
		Verifier: Verifier{ID: cmp.Or(in.Verifier, "urn:reviewgate"), Version: map[string]string{"reviewgate": in.Tool.Version}},
		Policy:   RecordPolicy{URI: policyURI(in), Digest: digestOf(in.PolicyDigest), Rules: digestOf(in.RulesDigest), RuleFiles: in.RuleFiles, Sources: listed(d.Sources)},
		Change: RecordChange{Repository: f.Repo, RepoID: in.RepoID, Number: f.Number, Head: f.Head, BaseRef: f.BaseRef, Base: f.Base, MergeBase: f.MergeBase,
			Author: personOf(f.Author), Commits: len(f.Commits), Files: filesOf(seenNow(f.Files), nil), Agents: []RecordAgent{}},
		Exemptions: []string{}, Reviews: []RecordReview{}, Waivers: []RecordWaiver{},
	}
	if d.State == gate.Pass {
		r.Result = RecordPassed
	}
	if m := in.Merge; m != nil {
		r.Kind, r.Merge = RecordMerge, m
		s.Subject = append(s.Subject, Subject{Name: "merge", URI: in.RepoURL + "/commit/" + m.Commit, Digest: GitDigest{m.Commit}, Annotations: &Annotations{SourceRefs: []string{"refs/heads/" + f.BaseRef}}})
	}
	for _, a := range d.Agents[:min(len(d.Agents), maxRecordList)] {
		r.Change.Agents = append(r.Change.Agents, RecordAgent(a))
	}
	r.verdict(d)
	r.reviews(in)
	r.waivers(d)
	r.findings(in)
	return s
}

func (r *Record) verdict(d *gate.Decision) {
	v := &r.Decision
	*v = RecordVerdict{State: string(d.State), Advisory: d.Advisory, Title: d.Title, Reasons: []string{}, Guards: []RecordGuard{}}
	for _, g := range d.Guards {
		if strings.HasPrefix(g.Because, "exempt: ") && !slices.Contains(r.Exemptions, g.Because) {
			r.Exemptions = append(r.Exemptions, g.Because)
		}
		if len(v.Guards) == maxRecordList {
			v.Omitted++
			continue
		}
		v.Guards = append(v.Guards, RecordGuard{Name: g.Name, Origin: g.Origin, Files: len(g.Files), Needed: g.Needed, Approved: listed(g.Approved), Waived: g.Waived, Holds: g.Holds, Because: g.Because})
	}
	for _, u := range d.Unknown {
		v.Reasons = append(v.Reasons, "cannot tell: "+u.What+": "+u.Reason)
	}
	for _, p := range d.Problems {
		v.Reasons = append(v.Reasons, p.String())
	}
	if d.State != gate.Pass {
		v.Reasons = append(v.Reasons, d.Next...)
	}
	if n := len(v.Reasons) - maxRecordList; n > 0 {
		v.Reasons, v.Omitted = v.Reasons[:maxRecordList], v.Omitted+n
	}
}

// reviews joins what the decision says of each review with what the ledger knows that it saw.
func (r *Record) reviews(in *Attested) {
	guarded := map[string]bool{}
	for _, g := range in.Decision.Guards {
		for _, path := range g.Files {
			guarded[path] = true
		}
	}
	entries := map[int64]*gate.LedgerEntry{}
	for i := range in.Facts.Ledger {
		e := &in.Facts.Ledger[i]
		if known := entries[e.ReviewID]; known == nil || e.Complete && !known.Complete {
			entries[e.ReviewID] = e
		}
	}
	for i, a := range in.Decision.Reviews {
		if i == maxRecordList {
			r.Decision.Omitted += len(in.Decision.Reviews) - i
			break
		}
		out := RecordReview{Reviewer: personOf(a.Reviewer), ReviewID: a.ReviewID, State: a.State, Counts: a.Counts, Because: a.Because}
		if at, ok := in.Approved[a.ReviewID]; ok {
			at = at.UTC().Truncate(time.Millisecond)
			out.At = &at
		}
		if e := entries[a.ReviewID]; e != nil && e.Complete {
			out.Seen = &RecordSeen{Head: e.Head, BaseRef: e.BaseRef, MergeBase: e.MergeBase, Files: filesOf(e.Seen, guarded)}
		}
		r.Reviews = append(r.Reviews, out)
	}
}

func (r *Record) waivers(d *gate.Decision) {
	for i, w := range d.Waivers {
		if i == maxRecordList {
			r.Decision.Omitted += len(d.Waivers) - i
			break
		}
		out := RecordWaiver{By: personOf(w.By), CommentID: w.CommentID, Rule: w.Rule, Reason: w.Reason, Self: w.Self, Counts: w.Counts, Because: w.Because}
		if !w.Until.IsZero() {
			until := w.Until.UTC()
			out.Until = &until
		}
		r.Waivers = append(r.Waivers, out)
	}
}

func (r *Record) findings(in *Attested) {
	scan := &in.Facts.Scan
	out := RecordFindings{Scanned: scan.Done, ScanKey: in.ScanKey, BySeverity: map[string]int{}, Blocking: []RecordFinding{}, Failures: scan.Failures}
	blocking := map[checks.Fingerprint]bool{}
	for _, f := range in.Decision.Blocking {
		blocking[checks.Fingerprint(f)] = true
	}
	var lines []string
	for i := range scan.Findings {
		f := &scan.Findings[i]
		if !f.Introduced {
			continue
		}
		out.Introduced++
		if f.Suppressed() {
			out.Suppressed++
		}
		out.BySeverity[f.Severity.String()]++
		lines = append(lines, fmt.Sprintf("%s %s %s\n", f.RuleID, f.Severity, f.Fingerprint))
		if blocking[f.Fingerprint] && len(out.Blocking) < maxRecordList {
			out.Blocking = append(out.Blocking, RecordFinding{Rule: f.RuleID, Path: f.Location.Path, Fingerprint: string(f.Fingerprint)})
		}
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "")))
	out.Digest = SHA256{hex.EncodeToString(sum[:])}
	r.Findings = out
}

// Says is a digest of what a record says apart from when, and where in the chain: two records with the same one say the same.
func (r *Record) Says() (string, error) {
	same := *r
	same.Chain, same.Time, same.Change.Base, same.Verifier = Link{}, time.Time{}, "", Verifier{} // the tip of the base branch moves without us
	data, err := json.Marshal(same)
	if err != nil {
		return "", fmt.Errorf("comparing records: %w", err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

// filesOf describes a table of changed paths. only bounds the paths that are listed; nil: none is.
func filesOf(seen map[string]gate.Seen, only map[string]bool) RecordFiles {
	out := RecordFiles{Count: len(seen)}
	paths := make([]string, 0, len(seen))
	for path := range seen {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	if digest, ok := TableDigest(paths, func(path string) gate.Seen { return seen[path] }); ok {
		out.Digest = &SHA256{digest}
	}
	for _, path := range paths {
		if only[path] && len(out.Paths) < maxRecordPaths {
			out.Paths = append(out.Paths, RecordPath{Path: path, Blob: seen[path].Blob})
		}
	}
	return out
}

// TableDigest is SHA-256 over the table that `git diff-tree -r -z --raw --no-renames --no-abbrev` prints of these paths. ok is false where a path is
// not UTF-8: stored facts do not hold such names as they are.
func TableDigest(paths []string, at func(path string) gate.Seen) (digest string, ok bool) {
	h := sha256.New()
	for _, path := range paths {
		if !utf8.ValidString(path) || strings.ContainsRune(path, utf8.RuneError) {
			return "", false
		}
		s := at(path)
		before, after := s.BaseBlob, s.Blob
		none := strings.Repeat("0", max(len(before), len(after), 40))
		status := "M"
		switch {
		case s.BaseMode == 0:
			status = "A"
		case s.Mode == 0:
			status = "D"
		case s.BaseMode&0o170000 != s.Mode&0o170000:
			status = "T"
		}
		_, _ = fmt.Fprintf(h, ":%06o %06o %s %s %s\x00%s\x00", s.BaseMode, s.Mode, cmp.Or(before, none), cmp.Or(after, none), status, path) // a hash takes everything
	}
	return hex.EncodeToString(h.Sum(nil)), true
}

// seenNow is the table of the change itself, with every rename as a removal and an addition.
func seenNow(files []gate.FileChange) map[string]gate.Seen {
	return gate.Complete(gate.LedgerEntry{Head: "now", MergeBase: "now"}, files).Seen
}

func personOf(p gate.Person) RecordPerson { return RecordPerson(p) }

func digestOf(hexadecimal string) *SHA256 {
	if hexadecimal == "" {
		return nil
	}
	return &SHA256{hexadecimal}
}

// policyURI names the repository's own policy, or where it would be.
func policyURI(in *Attested) string {
	at := in.Facts.Base
	for _, source := range in.Decision.Sources {
		if file, sha, ok := strings.Cut(source, "@"); ok && strings.HasPrefix(file, ".github/reviewgate.y") {
			return "git+" + in.RepoURL + "@" + sha + "#" + file
		}
	}
	return "git+" + in.RepoURL + "@" + at + "#.github/reviewgate.yml"
}

func listed(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list[:min(len(list), maxRecordList)]
}
