// Package lookalikename finds new dependencies whose name is almost that of a widely used package.
//
// A slip of a finger, or of a language model, is what the owner of such a name waits for:
//
//	"axois": "^1.7.0"     # axios has its o behind the i
//
// Write the name of the package that was meant. If the other one is meant, say so in the pull request; a look at its source and its owner pays.
//
// Reported are names that one letter, or two that changed places, part from a widely used name of five letters or more, names that differ from one in
// dashes and dots only, owners of Go modules and groups of Maven that differ in one letter, and names that are known as traps. A name that
// is itself widely used is never reported, nor one that the base declares or locks. An ending or beginning (python-, -js) is a comment, as is a digit.
// With a registry to ask (--registry) age counts: one that is young and has few releases blocks, one with a life of its own is a comment or nothing, and of one
// that does not exist unknown-package tells.
package lookalikename
