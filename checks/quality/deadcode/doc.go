// Package deadcode finds code that cannot run, and conditions that decide nothing.
//
// A change made in several rounds leaves such places behind: a return was put in front of the old body, a condition was switched off to try something, a
// branch was copied and its condition was not changed. They are also the way in which a mistake shows:
//
//	if role == "admin" or "owner":     # true for everybody
//
// Remove what cannot run; say the condition in full.
//
// Four rules: statements after return, throw, break or continue (declarations that JavaScript lifts, and the yield that makes a Python function a
// generator, are no code that runs); conditions that are constant (a literal, a comparison "or" a text, the same operand twice, a condition that an
// earlier branch of the same if had already); two branches that are the same; and an error that is made and not thrown. Constants with names are not looked into: they are switches. Go has
// checks of its own for this.
//
// Measured on 4,800 merged commits of sixteen public repositories: one finding, which was right. In the whole trees of fourteen of them there are some
// ten, all right: among them AssertionError() without raise in three tests of Flask.
package deadcode
