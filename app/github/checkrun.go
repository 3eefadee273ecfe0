package github

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	gh "github.com/google/go-github/v60/github"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/report"
)

// Bounds of check runs.
const (
	annotationBatch = 50 // of one request, GitHub's limit
	maxAnnotations  = 500
	maxRunPages     = 10
)

// A CheckRun is one of our check runs as it stands on GitHub.
type CheckRun struct {
	ID          int64
	Name        string
	Head        string
	Status      string // "queued", "in_progress", "completed"
	Conclusion  string // "" until completed
	Key         string // of the deed that made it
	Seq         int64  // of the judgement that it tells; 0: not known
	Annotations int
	URL         string

	digest         string // of the annotations that it is to have
	title, summary string
}

// OurName says whether a check run or status bears a name that our check runs have, whoever made it. Spelling in another case is meant
// to be taken for ours, too.
func OurName(name string) bool {
	ours := gate.CheckName("", "")
	name = strings.ToLower(strings.TrimSpace(name))
	return name == ours || strings.HasPrefix(name, ours+":")
}

// CheckRuns lists our own check runs on a commit, newest first. name "": all names.
func (c *Client) CheckRuns(ctx context.Context, owner, repo, sha, name string) ([]CheckRun, error) {
	op := "listing check runs of " + owner + "/" + repo + " on " + clip(sha, 64)
	if err := checkRepo(owner, repo); err != nil || !shaForm.MatchString(sha) {
		return nil, fmt.Errorf("%s: not a repository and SHA", op)
	}
	runs, err := c.ours(ctx, owner, repo, sha, name)
	return runs, fail(op, err)
}

// ours lists the check runs that our App made, whoever else uses the same name.
func (c *Client) ours(ctx context.Context, owner, repo, sha, name string) ([]CheckRun, error) {
	list, complete, err := pages(maxRunPages, func(o *gh.ListOptions) ([]*gh.CheckRun, *gh.Response, error) {
		query := &gh.ListCheckRunsOptions{AppID: gh.Int64(c.app.id), Filter: gh.String("all"), ListOptions: *o}
		if name != "" {
			query.CheckName = gh.String(name)
		}
		res, resp, err := c.gh.Checks.ListCheckRunsForRef(ctx, owner, repo, sha, query)
		if err != nil {
			return nil, resp, err
		}
		return res.CheckRuns, resp, nil
	})
	if err != nil {
		return nil, err
	}
	if !complete {
		return nil, fmt.Errorf("there are more than %d check runs of ours on %s", maxRunPages*100, sha)
	}
	var out []CheckRun
	for _, r := range list {
		if r.GetApp().GetID() != c.app.id || name != "" && r.GetName() != name {
			continue
		}
		out = append(out, checkRun(r))
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].ID > out[j].ID })
	return out, nil
}

func checkRun(r *gh.CheckRun) CheckRun {
	out := CheckRun{
		ID: r.GetID(), Name: r.GetName(), Head: r.GetHeadSHA(), Status: r.GetStatus(), Conclusion: r.GetConclusion(),
		Key: r.GetExternalID(), Annotations: r.GetOutput().GetAnnotationsCount(), URL: r.GetHTMLURL(),
	}
	out.Key, out.Seq, out.digest = splitExternalID(r.GetExternalID())
	out.title, out.summary = r.GetOutput().GetTitle(), r.GetOutput().GetSummary()
	return out
}

// The external id of a check run is "KEY:SEQ~DIGEST": the deed's key; the number of the judgement that it tells, by which an older one is kept from
// taking the place of a newer one; and, where it has annotations, the digest of those that it is to have. GitHub only ever appends annotations:
// the digest says whether those on it are a beginning of ours, which is continued, or others, which cannot be taken away.
func splitExternalID(id string) (key string, seq int64, digest string) {
	if i := strings.LastIndexByte(id, '~'); i >= 0 {
		id, digest = id[:i], id[i+1:]
	}
	if i := strings.LastIndexByte(id, ':'); i >= 0 {
		if n, err := strconv.ParseInt(id[i+1:], 10, 64); err == nil && n >= 0 {
			id, seq = id[:i], n
		}
	}
	return id, seq, digest
}

// externalID is what splitExternalID reads.
func externalID(key string, seq int64, digest string) string {
	if seq > 0 {
		key = fmt.Sprintf("%s:%d", key, seq)
	}
	if digest != "" {
		key += "~" + digest
	}
	return key
}

func digest(list []report.Annotation) string {
	if len(list) == 0 {
		return ""
	}
	data, err := json.Marshal(list)
	if err != nil { // strings and numbers only
		return ""
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}

// target is the check run that the deed is about: the known one, or the newest with its key. One whose annotations are others than the deed's
// cannot become what the deed says: it is handed back as old, and a new one has to take its place.
func (c *Client) target(ctx context.Context, d *Deed) (run, old *CheckRun, err error) {
	want := digest(trim(d.Check.Annotations))
	fits := func(r *CheckRun) bool { return r.Annotations == 0 || want == "" || r.digest == want }
	if d.CheckRunID != 0 {
		r, _, err := c.gh.Checks.GetCheckRun(ctx, d.Owner, d.Repo, d.CheckRunID)
		if err != nil && !errors.Is(fail("", err), ErrNotFound) {
			return nil, nil, err
		}
		if err == nil && r.GetApp().GetID() == c.app.id && r.GetHeadSHA() == d.Head && r.GetName() == d.Check.Name {
			if got := checkRun(r); fits(&got) {
				return &got, nil, nil
			}
		}
	}
	runs, err := c.ours(ctx, d.Owner, d.Repo, d.Head, d.Check.Name)
	if err != nil {
		return nil, nil, err
	}
	for i := range runs {
		if runs[i].Key != d.Key {
			continue
		}
		if fits(&runs[i]) {
			return &runs[i], nil, nil
		}
		return nil, &runs[i], nil
	}
	return nil, nil, nil
}

// deliverCheck makes or changes the check run: annotations first, in batches, the conclusion with the last of them, so that a check run
// that says "success" is whole.
func (c *Client) deliverCheck(ctx context.Context, d *Deed) (Receipt, error) {
	run, old, err := c.target(ctx, d)
	if err != nil {
		return Receipt{}, err
	}
	if old != nil && old.Conclusion != "cancelled" {
		// It goes first: GitHub takes the check run that was completed last for the one that counts.
		if err := c.cancel(ctx, d, old, "A newer check run takes its place."); err != nil {
			return Receipt{}, err
		}
	}
	for _, r := range []*CheckRun{run, old} {
		if r != nil && d.Seq > 0 && r.Key == d.Key && r.Seq > d.Seq {
			return Receipt{ID: r.ID, URL: r.URL, Stale: true}, nil // it tells a newer judgement
		}
	}
	left := trim(d.Check.Annotations)
	mark := digest(left)
	title, summary := words(d.Check)
	output := &gh.CheckRunOutput{Title: &title, Summary: &summary}
	var details *string
	if d.DetailsURL != "" {
		details = gh.String(d.DetailsURL)
	}
	if run != nil {
		if len(left) > 0 {
			left = left[min(run.Annotations, len(left)):]
		} else { // an in-between state keeps the annotations of the last one, and must keep their digest
			mark = run.digest
		}
	}
	external := externalID(d.Key, d.Seq, mark)
	var actions []*gh.CheckRunAction
	for _, a := range d.Check.Actions {
		actions = append(actions, &gh.CheckRunAction{Label: a.Label, Description: a.Description, Identifier: a.Identifier})
	}
	for first := true; ; first = false {
		batch := left[:min(len(left), annotationBatch)]
		left = left[len(batch):]
		step := *output
		step.Annotations = annotations(batch)
		status, conclusion := gh.String("in_progress"), (*string)(nil)
		if len(left) == 0 {
			status = gh.String(d.Check.Status)
			if d.Check.Conclusion != "" {
				conclusion = gh.String(d.Check.Conclusion)
			}
		}
		var got *gh.CheckRun
		if run == nil {
			got, _, err = c.gh.Checks.CreateCheckRun(ctx, d.Owner, d.Repo, gh.CreateCheckRunOptions{
				Name: d.Check.Name, HeadSHA: d.Head, ExternalID: &external, DetailsURL: details, Status: status, Conclusion: conclusion, Output: &step, Actions: actions,
			})
		} else {
			got, _, err = c.gh.Checks.UpdateCheckRun(ctx, d.Owner, d.Repo, run.ID, gh.UpdateCheckRunOptions{
				Name: d.Check.Name, ExternalID: &external, DetailsURL: details, Status: status, Conclusion: conclusion, Output: &step, Actions: actions,
			})
		}
		if err != nil {
			return Receipt{}, err
		}
		now := checkRun(got)
		if len(left) > 0 {
			run = &now
			continue
		}
		if now.Status == d.Check.Status && now.Conclusion == d.Check.Conclusion {
			return Receipt{ID: now.ID, URL: now.URL}, nil
		}
		if run == nil || !first {
			return Receipt{}, &Temporary{Reason: fmt.Sprintf("GitHub shows the check run as %s %s after it was set to %s %s", now.Status, now.Conclusion, d.Check.Status, d.Check.Conclusion), Sent: true}
		}
		// GitHub did not reopen a completed run: a new one takes its place.
		run, left = nil, trim(d.Check.Annotations)
	}
}

// words are the title and the summary as they are sent.
func words(check *report.CheckRun) (title, summary string) {
	summary = disarm(check.Summary)
	if more := len(check.Annotations) - maxAnnotations; more > 0 {
		summary = fmt.Sprintf("%s\n\n_%d more lines are not marked: GitHub's pages do not take so many._\n", cut(summary, summaryLimit-100), more)
	}
	return clipTitle(check.Title), cut(summary, summaryLimit)
}

func clipTitle(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) <= titleLimit {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	return strings.ToValidUTF8(s[:titleLimit-len("…")], "") + "…"
}

// trim keeps the annotations within bounds.
func trim(list []report.Annotation) []report.Annotation { return list[:min(len(list), maxAnnotations)] }

func annotations(list []report.Annotation) []*gh.CheckRunAnnotation {
	var out []*gh.CheckRunAnnotation
	for _, a := range list {
		level := a.Level
		if level != "notice" && level != "warning" && level != "failure" {
			level = "warning"
		}
		message := strings.ToValidUTF8(a.Message, "\uFFFD")
		if len(message) > messageLimit {
			message = strings.ToValidUTF8(message[:messageLimit-len("…")], "") + "…"
		}
		if message == "" {
			message = a.Title
		}
		start := max(a.StartLine, 1)
		out = append(out, &gh.CheckRunAnnotation{
			Path: gh.String(a.Path), StartLine: gh.Int(start), EndLine: gh.Int(max(a.EndLine, start)),
			AnnotationLevel: gh.String(level), Title: gh.String(clipTitle(a.Title)), Message: gh.String(message),
		})
	}
	return out
}

// findCheck finds the run if it stands as the deed says, with all its annotations.
func (c *Client) findCheck(ctx context.Context, d *Deed) (Receipt, bool, error) {
	run, _, err := c.target(ctx, d)
	if err != nil || run == nil {
		return Receipt{}, false, err
	}
	want := trim(d.Check.Annotations)
	title, summary := words(d.Check)
	whole := run.Status == d.Check.Status && run.Conclusion == d.Check.Conclusion && (len(want) == 0 || run.Annotations >= len(want) && run.digest == digest(want)) &&
		// The same conclusion may stand for other reasons. White space is left aside, which GitHub may change: a deed that is done again changes nothing.
		strings.TrimSpace(run.title) == strings.TrimSpace(title) && slices.Equal(strings.Fields(run.summary), strings.Fields(summary))
	return Receipt{ID: run.ID, URL: run.URL}, whole, nil
}

func (c *Client) cancel(ctx context.Context, d *Deed, run *CheckRun, why string) error {
	_, _, err := c.gh.Checks.UpdateCheckRun(ctx, d.Owner, d.Repo, run.ID, gh.UpdateCheckRunOptions{
		Name: run.Name, Status: gh.String("completed"), Conclusion: gh.String("cancelled"),
		Output: &gh.CheckRunOutput{Title: gh.String("Superseded"), Summary: gh.String(why)},
	})
	return err
}

// deliverCancel cancels whatever of ours on the commit is not cancelled yet.
func (c *Client) deliverCancel(ctx context.Context, d *Deed) (Receipt, error) {
	runs, err := c.ours(ctx, d.Owner, d.Repo, d.Head, d.Name)
	if err != nil {
		return Receipt{}, err
	}
	var r Receipt
	for _, run := range runs {
		if run.Conclusion == "cancelled" {
			continue
		}
		if err := c.cancel(ctx, d, &run, "This commit is no longer the head of an open pull request."); err != nil {
			return Receipt{}, err
		}
		r = Receipt{ID: run.ID, URL: run.URL}
	}
	return r, nil
}

func (c *Client) findCancel(ctx context.Context, d *Deed) (Receipt, bool, error) {
	runs, err := c.ours(ctx, d.Owner, d.Repo, d.Head, d.Name)
	if err != nil {
		return Receipt{}, false, err
	}
	for _, run := range runs {
		if run.Conclusion != "cancelled" {
			return Receipt{}, false, nil
		}
	}
	return Receipt{}, true, nil
}
