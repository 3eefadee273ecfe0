// Package swallowederror finds failures that nobody learns of.
//
// Told that a program crashes, an agent may catch what crashes it and go on. The crash is gone, and so is every hint that the work was not done:
//
//	try:
//	    db.commit()
//	except Exception:
//	    pass
//
//	except Exception:
//	    return {"status": "ok"}      # it was not
//
// Let the error through, or handle the one kind of error that is expected, and log or report the rest.
//
// Four rules. The first looks at handlers that catch everything and do nothing, around code that must not fail unseen: what writes, sends, pays,
// commits, verifies. Handlers around reading, parsing, probing and cleaning up are mostly meant and are not reported, nor is one that
// explains itself in a comment, names the one error that it expects, or logs it. The second looks at handlers that catch everything and return
// something that claims success, or answer a request with 200 and no word of the error. The third looks at a return, break or continue by which a finally
// block is left: that drops every error on its way. The fourth looks at permission checks that answer yes when they fail, and blocks.
//
// Measured on 998 commits of ten public repositories: nothing. In the whole trees of fourteen there are two findings: a command that goes on after a file
// could not be removed, and a library that is kept in the repository.
package swallowederror
