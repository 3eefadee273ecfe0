// Package language turns source text into the one normalised tree that rules, checks and indexes read.
//
// One file per language holds all that the rest of the program knows about it: grammar, extensions, how a metavariable is spelt
// where the grammar refuses a dollar, and the lowering from the grammar's nodes to the kinds of Kind. Parsing is one C call that
// returns the whole tree flat; nothing after it crosses into C. This is the only importer of tree-sitter.
package language
