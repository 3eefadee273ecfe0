// Package knownvulnerable finds versions of dependencies that an advisory speaks of.
//
// Agents choose versions that are known to be vulnerable more often than people do; what they have read is older than the advisory:
//
//	"lodash": "4.17.15"     # GHSA-xxxx: mended in 4.17.21
//
// Take a version that is mended.
//
// It needs the advisories (--advisories: a file in the form of osv.dev, one JSON object after another). Without them it says that it was skipped. Looked at
// are exact versions of changed manifests, Go modules, and what is new in a lockfile. Only versions of numbers are compared with ranges; an
// advisory that lists a version holds for that version as it is written.
package knownvulnerable
