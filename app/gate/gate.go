// Package gate decides whether a pull request may merge. It is pure: facts and policy go in, a decision that explains itself comes
// out; no clock, no network, no store. The server and `policy simulate` use the same reducers.
//
// # What is asked
//
// Every guard whose paths match a changed file (either name of a rename, by bytes or folded) asks for its approvals; all that match
// apply, also the built-in ones for control files, links and misleading names, which no policy can take away. The default asks for files
// that no written guard matched. A finding of a rule that needs a human is a guard for its file.
//
// # What counts
//
// An approval counts for a guard if the account is a person's, has write access or more, took no part in the change (author, commits of
// all parents with committers and co-authors, pushers, sponsors of agents and whoever called one before it pushed, authors of other pull
// requests with the same head), is one whom the guard names, and saw, by the ledger, what the guard covers as it is now, at head and at the merge base. Attribution is
// only ever held against somebody. A request for changes by a person with write access stands until that person lifts it, or somebody
// who may approve dismisses it; nothing that a commit or a policy says silences it.
//
// An author, committer or co-author without an account, or an agent that nobody is known to have set to work, costs one approval more
// than each guard asks for, from anyone who is eligible; an agent that took part costs the policy's extra approvals. On paths of tier
// critical every commit must belong to an account. From code owners every line whose files changed has to approve; a path without an
// owner falls to a maintainer, and an owner who took part is replaced by nobody.
//
// # What people can say in comments
//
// A command counts if a human with write access created the comment, sent it, and nobody edited it since. A waiver lets a change pass in spite of a
// guard of the policy, the findings of a rule or a check that failed, for a time, with a reason, for what its author had before them; what is
// critical takes two people, what is built in cannot be waived. A checklist is attested by somebody who took no part, for the content as it is.
//
// # The states
//
// A blocking finding, or two paths that are one file on some systems: block. A broken policy, an unknown fact, a check that failed:
// error. Otherwise, whatever people or the scan still have to do: pending. All held: pass. Conclusion says what GitHub is told.
// Adding commits, labels, text or unknowns, and taking approvals away, never turns another state into a pass.
package gate
