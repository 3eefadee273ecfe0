package githubtest

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// What the description does not say. GitHub's documentation or its answers do; each rule names where it is enforced.
//
// Refused and recorded as a violation, because a well-behaved program never sends it (checkSemantics, below):
//   - a check run with status "completed" has a conclusion, and one with a conclusion has no other status;
//   - the summary and the text of a check run have at most 65,535 characters each, a title at most 255;
//   - an annotation ends at or after its start, has columns only on a single line, and a message of at most 64 KB;
//   - times are RFC 3339, `YYYY-MM-DDTHH:MM:SSZ`;
//   - a review comment has either a position or a line; start_line comes with line; the body is not empty;
//   - a review with event REQUEST_CHANGES or COMMENT says something;
//   - bodies of comments and reviews have at most 65,536 characters;
//   - the description of a commit status has at most 140 characters.
//
// Refused with GitHub's answer, not a violation, because a program cannot always know before:
//   - a review comment stands on a line of the diff, in one hunk; one that does not refuses its whole review (Pull.place);
//   - nobody approves, or requests changes on, their own pull request; one pending review per person (Pull.mayReview);
//   - a check run is changed only by the App that made it; only Apps make check runs (handlers);
//   - 404 for what a token may not see, 403 for what it sees and may not do (serve.go, routes.go);
//   - a merge needs write access and everything that branch protection asks for: 405, 409 (Pull.merge);
//   - 1,000 statuses per SHA and context; 1,000 check runs of one name in a suite, then the oldest go (handlers);
//   - 3,000 files and 250 commits of a pull request, 300 files of a comparison on its first page only (handlers);
//   - per_page above 100 counts as 100; secrets in answers are masked; tokens end after an hour; JWTs live 10 minutes at most.
const (
	maxOutput      = 65535
	maxBody        = 65536
	maxTitle       = 255
	maxAnnotation  = 64 << 10
	maxStatusText  = 140
	maxFiles       = 3000
	maxCommits     = 250
	maxCompare     = 300
	maxRunsPerName = 1000
	maxStatuses    = 1000
	maxPage        = 100
)

// checkSemantics lists which of the rules above a request breaks. Body is the decoded JSON object, nil if there is none.
func checkSemantics(operation string, body obj) []string {
	var problems []string
	add := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	str := func(o obj, k string) string { s, _ := o[k].(string); return s }
	list := func(o obj, k string) []obj {
		var l []obj
		items, _ := o[k].([]any)
		for _, i := range items {
			if m, ok := i.(obj); ok {
				l = append(l, m)
			}
		}
		return l
	}
	for _, k := range []string{"started_at", "completed_at"} {
		if s := str(body, k); s != "" {
			if _, err := time.Parse(time.RFC3339, s); err != nil {
				add("/%s: %q is not an RFC 3339 time", k, s)
			}
		}
	}
	switch operation {
	case "checks/create", "checks/update":
		status, conclusion := str(body, "status"), str(body, "conclusion")
		if status == "completed" && conclusion == "" {
			add("/conclusion: required when status is completed")
		}
		if conclusion != "" && status != "" && status != "completed" {
			add("/status: must be completed, or absent, where a conclusion is given")
		}
		if conclusion == "stale" {
			add("/conclusion: only GitHub can set stale")
		}
		out, _ := body["output"].(obj)
		for _, k := range []string{"summary", "text"} {
			if n := utf8.RuneCountInString(str(out, k)); n > maxOutput {
				add("/output/%s: %d characters; at most %d are allowed", k, n, maxOutput)
			}
		}
		if n := utf8.RuneCountInString(str(out, "title")); n > maxTitle {
			add("/output/title: %d characters; at most %d are allowed", n, maxTitle)
		}
		for i, a := range list(out, "annotations") {
			start, _ := a["start_line"].(float64)
			end, _ := a["end_line"].(float64)
			_, column := a["start_column"]
			switch {
			case end < start:
				add("/output/annotations/%d: end_line is before start_line", i)
			case start < 0:
				add("/output/annotations/%d: start_line is negative", i)
			case column && start != end:
				add("/output/annotations/%d: columns need start_line and end_line to be the same", i)
			}
			if len(str(a, "message")) > maxAnnotation {
				add("/output/annotations/%d/message: more than 64 KB", i)
			}
			if str(a, "message") == "" {
				add("/output/annotations/%d/message: empty", i)
			}
			if p := str(a, "path"); strings.HasPrefix(p, "/") || p == "" {
				add("/output/annotations/%d/path: must be relative to the root of the repository", i)
			}
		}
	case "pulls/create-review", "pulls/submit-review":
		comments := list(body, "comments")
		if e := str(body, "event"); (e == "REQUEST_CHANGES" || e == "COMMENT") && str(body, "body") == "" && len(comments) == 0 && operation == "pulls/create-review" {
			add("/body: required for the event %s", e)
		}
		for i, c := range comments {
			problems = append(problems, checkPlace(fmt.Sprintf("/comments/%d", i), c)...)
		}
	case "pulls/create-review-comment":
		// What the deviation for replies lets through is asked for here.
		if _, reply := body["in_reply_to"]; !reply {
			for _, k := range []string{"commit_id", "path"} {
				if str(body, k) == "" {
					add("/%s: required", k)
				}
			}
		}
		if str(body, "subject_type") != "file" {
			problems = append(problems, checkPlace("", body)...)
		}
	case "repos/create-commit-status":
		if n := utf8.RuneCountInString(str(body, "description")); n > maxStatusText {
			add("/description: %d characters; at most %d are allowed", n, maxStatusText)
		}
	}
	if n := utf8.RuneCountInString(str(body, "body")); n > maxBody {
		add("/body: %d characters; at most %d are allowed", n, maxBody)
	}
	return problems
}

func checkPlace(at string, c obj) []string {
	var problems []string
	_, position := c["position"]
	_, line := c["line"]
	_, start := c["start_line"]
	body, _ := c["body"].(string)
	_, reply := c["in_reply_to"]
	switch {
	case reply:
	case position && line:
		problems = append(problems, at+": has both a position and a line")
	case !position && !line:
		problems = append(problems, at+": has neither a line nor a position")
	case start && !line:
		problems = append(problems, at+": start_line without line")
	}
	if strings.TrimSpace(body) == "" {
		problems = append(problems, at+"/body: empty")
	}
	if n := utf8.RuneCountInString(body); n > maxBody {
		problems = append(problems, fmt.Sprintf("%s/body: %d characters; at most %d are allowed", at, n, maxBody))
	}
	if s, ok := c["side"].(string); ok && s != "LEFT" && s != "RIGHT" {
		problems = append(problems, at+"/side: must be LEFT or RIGHT")
	}
	return problems
}

// An apiError is an answer that is not what was asked for.
type apiError struct {
	status  int
	message string
	errs    []any  // of a 422
	doc     string // documentation_url
	accepts string // permissions that would have been enough
}

func (e *apiError) Error() string {
	s := e.message
	for _, d := range e.errs {
		if o, ok := d.(obj); ok && o["message"] != nil {
			s += ": " + fmt.Sprint(o["message"])
		} else if ok {
			s += fmt.Sprintf(": %v %v", o["field"], o["code"])
		} else {
			s += ": " + fmt.Sprint(d)
		}
	}
	return s
}

func notFound() *apiError { return &apiError{status: 404, message: "Not Found"} }

func forbidden(message string) *apiError { return &apiError{status: 403, message: message} }

// noPermission is what an App gets for a thing that it sees and may not do.
func noPermission(accepts string) *apiError {
	return &apiError{status: 403, message: "Resource not accessible by integration", accepts: accepts}
}

func invalid(errs ...any) *apiError {
	return &apiError{status: 422, message: "Validation Failed", errs: errs}
}

func invalidText(message string, errs ...string) *apiError {
	e := &apiError{status: 422, message: message}
	for _, s := range errs {
		e.errs = append(e.errs, s)
	}
	return e
}

func fieldError(resource, field, code, message string) obj {
	o := obj{"resource": resource, "code": code}
	if field != "" {
		o["field"] = field
	}
	if message != "" {
		o["message"] = message
	}
	return o
}

func serverError(err error) *apiError {
	return &apiError{status: 500, message: "githubtest: " + err.Error()}
}

func limited(field, s string) *apiError {
	if utf8.RuneCountInString(s) > maxBody {
		return invalid(fieldError("IssueComment", field, "unprocessable", fmt.Sprintf("%s is too long (maximum is %d characters)", field, maxBody)))
	}
	return nil
}
