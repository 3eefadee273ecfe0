// Package specialcase finds product code that knows the answers of its tests.
//
// An agent that cannot solve the general case may solve the cases that are tested:
//
//	def next_prime(n):
//	    if n == 7919:
//	        return 7927          # test_next_prime asks for exactly this
//	    ...
//
// or ask whether a test is running, and answer differently then:
//
//	if "PYTEST_CURRENT_TEST" in os.environ:
//	    return True
//
// Solve the general case, or leave the test red and say so.
//
// The first is reported when a new condition compares a parameter with a literal, answers with a literal, and a test of the same change holds both
// on one line; small numbers, short texts and empty values mean too many things. The second is reported when a new condition asks for a test
// runner and the answer is a literal or nothing at all.
//
// Measured on 480 commits of eight public repositories: nothing.
package specialcase
