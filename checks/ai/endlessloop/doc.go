// Package endlessloop finds loops whose condition nothing in them can change.
//
// A loop that counts, and forgets to, never ends once it is entered; every request that reaches it keeps a thread for good:
//
//	while i < n:
//	    a, b = b, a + b
//
// Change what the condition compares in every turn, or loop over a range or the collection itself.
//
// It is told where there is no doubt: the condition compares local variables, constants and lengths; no turn assigns, increments or takes
// the address of any of them, and neither does a function within; and the loop holds no break, return, throw, yield, await, or call that ends
// the program. Loops that are meant to run for ever (while true) have no such condition.
//
// Measured on the whole trees of nineteen public repositories (23,000 files): nothing.
package endlessloop
