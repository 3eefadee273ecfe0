// Package github turns GitHub into facts, and reports into deliveries. It is the only importer of go-github.
//
// An App is one GitHub App on one GitHub (github.com or an Enterprise Server). Its Installation method gives the Client that reads and
// writes as one installation. Reads return facts ready for package gate; what could not be read is reported as gate.Unknown or as an
// error, never as "no". Writes are Deeds: plain data that an outbox can store, act on, and look up before it acts again.
//
// Errors come in three kinds that a job can act on: *RateLimited (wait until then), *Temporary (try again), and *Error (GitHub refused;
// trying again changes nothing). No method writes contents, approves or merges.
package github
