package githubtest

import "regexp"

// A deviation is a difference between the description and what is checked that is known and harmless.
type deviation struct {
	operation string         // operationId; "" is any
	where     string         // "request" or "answer"
	message   *regexp.Regexp // of the violation
	reason    string
}

// deviations lists them all. A new one needs a reason that names where GitHub accepts or sends what the description does not have.
var deviations = []deviation{
	{"issues/add-labels", "request", regexp.MustCompile(`.`), "GitHub takes a bare array of names too: the prose of the operation says so, and go-github sends one"},
	{"repos/get-content", "request", regexp.MustCompile(`^parameter "path" in path has an error: value is required`), "the root folder has an empty path, as the prose of the operation says"},
	{"pulls/create-review-comment", "request", regexp.MustCompile(`^/(commit_id|path): property "(commit_id|path)" is missing`), "not needed with in_reply_to: the prose says that all other parameters but body are ignored then"},
	{"apps/list-installations", "answer", regexp.MustCompile(`^200: /\d+/permissions/merge_queues: property is not`), "the list of permissions that the schema carries is older than merge queues, which GET /app and the installation itself do name"},
	{"apps/list-installations", "answer", regexp.MustCompile(`^200: /\d+/account/(name|slug|created_at|updated_at): property`), "the schema asks for an account that is a user and an enterprise at once (allOf for anyOf)"},
	{"pulls/get", "answer", regexp.MustCompile(`^200: (/\d+)?/head/(repo|user): Value is not nullable`), "GitHub sends null once a fork, or its owner too, is gone; the descriptions of the webhooks say so of the same object"},
	{"pulls/list-review-comments", "answer", outdated, outdatedReason},
	{"pulls/get-review-comment", "answer", outdated, outdatedReason},
	{"pulls/update-review-comment", "answer", outdated, outdatedReason},
	{"pulls/list", "answer", regexp.MustCompile(`^200: (/\d+)?/head/(repo|user): Value is not nullable`), "GitHub sends null once a fork, or its owner too, is gone; the descriptions of the webhooks say so of the same object"},
}

var (
	outdated       = regexp.MustCompile(`^200: (/\d+)?/(line|position): Value is not nullable`)
	outdatedReason = "GitHub sends null for both once the line of a comment is outdated; reported as github/rest-api-description#1901"
)

func tolerated(operation, where, message string) bool {
	for _, d := range deviations {
		if (d.operation == "" || d.operation == operation) && d.where == where && d.message.MatchString(message) {
			return true
		}
	}
	return false
}
