// Package residue finds what a chat with an assistant leaves in code.
//
// A model that was asked for a file may write about it, or leave out what it thinks is known. Copied as it is, the sentence lands in the code,
// or the code that stood there is gone:
//
//	function total(cart) {
//	  // ... rest of the function unchanged
//	}
//
//	Certainly! Here is the updated file:
//
// Put the code back that the mark stands for; delete the sentence.
//
// Marks of left-out code and the sentences of an assistant block: in well-kept code they do not occur. Marks of an unsolved merge and the fences
// of Markdown block too. Told without blocking is a comment that asks the reader to put the code there. Texts in strings (prompts, messages)
// are left alone, and so are documentation, tests and examples.
//
// Measured on 998 commits of ten public repositories: nothing.
package residue
