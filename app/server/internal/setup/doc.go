// Package setup makes the GitHub App in the operator's browser, before there are credentials that a server could start with.
//
// GitHub makes an App from a manifest that a browser brings, and sends the browser back with a code; whoever exchanges that code holds the App. So the
// pages are for one person only: the one who can read the log. A code from there opens them once, for one browser, for an hour, at one address; wrong
// codes are counted. The way to GitHub and back is tied to that browser by a state that counts once. Where an earlier set-up left something, or the
// database knows an installation, nothing begins.
//
// Secrets go into files that nobody else can read, never over one that is there, and onto no page and into no log.
package setup
