// Package knownvulnerable finds versions of dependencies that an advisory speaks of.
//
// Agents choose versions that are known to be vulnerable more often than people do; what they have read is older than the advisory:
//
//	"lodash": "4.17.15"     # GHSA-xxxx: mended in 4.17.21
//
// Take a version that is mended.
//
// It needs the advisories: a file, a folder or an archive in the form of osv.dev (--advisories), or somebody who answers in its protocol (--registry
// osv=ADDRESS). Without them it says that it was skipped. Looked at are exact versions of changed manifests, Go modules, and what is new in a lockfile. Of
// files only versions of numbers are compared with ranges, and an advisory that lists a version holds for it as it is written; who answers in the
// protocol compares all. A package that is reported as malicious blocks.
package knownvulnerable
