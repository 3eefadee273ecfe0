// Package vacuoustest finds new tests that cannot fail.
//
// Asked for tests, an agent delivers tests; that they are green is easily had. One runs the code and looks at nothing, one compares constants, one
// sets up a mock and asserts what it set up, one catches its own failure, or waits for any error and asserts where that error is awaited:
//
//	def test_refund(client):
//	    client.post("/refund", json={"order": 7})      # and then?
//
//	expect(true).toBe(true);
//
// Assert what the call returns or changes. If it is enough that nothing is thrown, say so in the name of the test or in a comment.
//
// Only tests that are new are judged; one that lost its assertions is ai/weakened-test's. A test is left alone when something in it may assert: a helper
// of the file that does, a function imported or inherited from elsewhere, a callback that the runner waits for, Go's t handed on, a fixture or keyword
// by the name of an expectation, the compiler. So is one whose name or comments say that it is about errors, crashes, races, or that something is
// allowed or ignored.
//
// Measured on 4,800 merged commits of sixteen public repositories: eight findings, seven of them right (the eighth is a sample that a scanner is tested
// with). In the whole trees of nine of them there are some sixty, mostly old regression tests that only have to come to their end; of 28 that were read
// 27 were right.
package vacuoustest
