// Package suppression finds comments that switch a tool off for more than one known finding.
//
// Told to make a linter pass, an agent may tell the linter to be silent. One comment for one rule, with a reason, is how that is meant to be done;
// these say more than that:
//
//	/* eslint-disable */                 // the whole file, every rule
//	//nolint                             // every linter
//	# nosec                              // a security rule, and nobody says why
//
//	# nosec B603: the command is constant, see run.py
//
// Reported are new comments that silence every rule of a tool, or a whole file, and new ones on a rule of security without a reason. A comment on
// one named rule of style or types is not reported, nor a stretch that ends again, nor one that was there and moved, nor any in tests, generated or vendored code.
//
// Measured on 998 commits of ten public repositories: nothing; 1 comment among 560 commits of build files, right.
package suppression
