// Package model judges the gate from the outside: it plays random histories of a repository in a GitHub of its own, and knows for every moment, from
// the history alone, what may be merged.
//
// It imports nothing of ours, and that is its worth: an oracle that shares code with the gate shares its mistakes. Everything here is naive on
// purpose: trees are maps, nothing is cached, and every question is answered from the whole history.
//
//   - History and Step are the language: plain data, in which every step means something after every other one, so that a history stays a history when
//     steps are taken out of it. Draw makes one from dice.
//   - World is GitHub: branches, commits, pull requests, reviews, people, the merge queue, check runs. It merges only what its required check lets
//     through, and says in Hooks what its webhooks would.
//   - Missing is the oracle: what still keeps a pull request from being merged, read from section 0 and the invariants I1 to I11 of the gate's
//     specification. Content asks the same of content alone, for the moments in which a webhook is on its way.
//   - Audit holds the oracle against what the check runs say.
//
// Two drivers play the histories: app/server/internal/review against the reducers of the server with everything else in memory, and app/server against
// the whole server with real git, webhooks and a database. Pull writes a history down for `policy simulate`.
package model
