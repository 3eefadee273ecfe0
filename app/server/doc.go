// Package server is the App: it takes webhooks in, runs the review of each pull request as a job, and tells GitHub the result.
//
// New puts the parts together (this package and its internal ones are the only place where they meet), Start opens the listener and
// takes jobs, Stop ends both in order. Checks are handed in by the program, so that the server does not choose them.
package server
