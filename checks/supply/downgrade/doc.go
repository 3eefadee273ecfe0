// Package downgrade finds direct dependencies whose version goes down without a word.
//
// An agent that cannot make code work with a new version can take the old one, with the holes that were mended since:
//
//	"lodash": "4.17.15"      # was 4.17.21
//
// Keep the newer version and mend the code. If the older one is needed, say so in the pull request, with the package's name.
//
// Exact versions, carets, tildes and Go modules are compared. Nothing is said if the title or the text of the pull request names the package, or speaks
// of a downgrade or revert; nor of a range that reaches further down, of dependencies of dependencies, and of tests.
package downgrade
