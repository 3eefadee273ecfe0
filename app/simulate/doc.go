// Package simulate plays a pull request that is written down in a file: it gives the decision after each event.
//
// It is a small world without a network: accounts, teams, branches, commits with whole trees. Events change the world as they change
// GitHub; what the server would be told is captured by gate.Capture and gate.Complete, the configuration is read by config.Load from the
// trees, and gate.Decide decides. Nothing of a decision is made here, so what a file shows is what the server would say.
//
// Where the file gives contents the scan is real (see Scanner); findings that a commit states are used as they are.
// The schema of the file is in docs/simulate.md.
package simulate
