// Package webhook receives GitHub's webhooks: it checks size, signature and delivery id, reads which pull requests the event
// concerns, and hands that to the store, which keeps it in one transaction with the jobs.
//
// An event is a hint. What it says is not believed: the job reads the pull request again. Some things are taken from it, because
// only it knows them: who pushed, which head a reviewer had before them when they approved, and who created a comment with a command, when.
package webhook
