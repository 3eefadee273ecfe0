// Package webhook receives GitHub's webhooks: it checks size, signature and delivery id, reads which pull requests the event
// concerns, and hands that to the store, which keeps it in one transaction with the jobs.
//
// An event is a hint. What it says is not believed: the job reads the pull request again. Two things are taken from it, because only
// it knows them: who pushed, and which head a reviewer had before them when they approved.
package webhook
