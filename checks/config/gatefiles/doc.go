// Package gatefiles finds changes of who has to look, and of what scanners may ignore, that come together with product code.
//
// A change that takes its own reviewers away, or puts its own findings on a list of known ones, passes a gate that it has lowered itself:
//
//	/billing/  @acme/payments        # removed from CODEOWNERS, in a change of /billing
//
//	+ CVE-2026-1234                  # in .trivyignore, beside the dependency that has it
//
// Make the two changes in two pull requests: the one about the gate can then be judged by itself.
//
// Owners are compared as sets: rules may be moved, split and renamed, and owners added; reported are patterns that lost owners and that no other
// rule now covers. Lists of what is ignored are reported when they grow. Neither is reported when the change has no product code beside it.
//
// Measured on 998 commits of ten public repositories: nothing. One comment among 560 commits of build files took settings for entries; that is told apart now.
package gatefiles
