// Package backtest replays rules and policies over the history of repositories: what they would have said of each change that was merged.
//
// A change is a step of the default branch's first-parent history, compared with its first parent: a merge is one change, and so is a squashed
// or pushed commit; the first commit of a repository is compared with nothing. Everything is read from git objects and nothing is executed. What a
// change gives depends on its commits, the rules, the configuration and the tool alone, so it is kept in a cache and a run that was interrupted
// goes on where it stopped.
//
// Run gives a Report, whose JSON form (version 1) is documented in docs/backtest.md: fields may be added, none is renamed. No person is named in it:
// agents, repositories and rules are compared.
//
// Sample picks findings for people to judge; Precision says what their judgements are worth.
package backtest
