// Package jobs runs the work on pull requests and does the deeds of the outbox. It is the only importer of River.
//
// The main kind of job is pr_sync, unique by pull request, and it is level-triggered: it looks at the newest state, whatever
// event woke it. A unique job alone would lose updates, because a push that comes while the job runs is dropped as a duplicate. So
// every event raises the pull request's counter `want` in the transaction that also inserts the job (being skipped is fine); the job
// reads want first, works, and in one last transaction writes done = want and completes itself, unless want has moved: then it runs
// again.
//
// The other kind, find_pulls, searches for open pull requests that no event has told us of, and gives them their pr_sync.
//
// An effect on GitHub cannot be part of a transaction. Deeds are written down before they are done, tried ones are looked up on
// GitHub before they are tried again, and a deed that is written down twice under one name is done once.
package jobs
