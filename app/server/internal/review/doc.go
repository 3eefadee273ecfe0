// Package review is the path of the main job: one pull request from the facts on GitHub to the decision told there.
//
// Pull goes through each room once: github (facts), source (git), config, github (people), scan, gate, report, and the outbox. It is
// level-triggered: it looks at what is, whatever event woke it, and running it again changes nothing that already stands. What it
// needs from others is declared here as narrow interfaces; package server fits the store, the outbox and GitHub's client to them.
//
// What is known by immutable ids is not asked for twice: the changed paths by (base, head), the configuration by the SHAs that it was
// read at, the scan by its key. So an approval costs a few requests, no fetch and no scan.
//
// Commands in comments are facts like reviews: what counts is what GitHub lists now, for what its author had before them. They are answered after
// the decision was told, once each, and nothing waits for an answer.
//
// A comment on a line follows its finding: it is folded when a scan shows that the finding is gone, unfolded when it returns, and left alone once somebody
// answered it. What a scan cannot say changes nothing.
//
// A merge group of a merge queue is judged by Queue: it passes if its pull requests do and git proves that it holds nothing else.
//
// An error of Pull is worth another try, and meanwhile the check run is in progress, or as it was if it was not green. What another try would not change is told at
// once as "cannot tell"; GiveUp tells the rest after the last try.
package review
