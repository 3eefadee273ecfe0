// Package replacedbystub finds functions whose work was taken out and whose shell was left.
//
// An agent that cannot make a function work, or that ran out of room, may replace it by something that has the same signature and answers at
// once. Callers and many tests notice nothing:
//
//	def charge(card, amount):          # was: forty lines that talk to the bank
//	    return {"ok": True}
//
// The check compares each function of the base with the same function at head: one that did work (several lines, several calls) and now does
// nothing, always gives the same answer, or says that it is not implemented. It blocks where the answer claims success or the code says of
// itself that it is not finished; otherwise it asks.
//
// Not reported: work that the change moves elsewhere, functions that became abstract, refusals that say what to use instead, answers of
// yes and no by which a switch is retired (is_supported, hasFeature), and tests.
//
// Measured on 998 commits of ten public repositories: nothing blocked. 3 comments on overloads and on functions declared twice were wrong; these are told apart now.
package replacedbystub
