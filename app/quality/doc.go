// Package quality says what the gate has learned: how changes turned out, by agent, model, repository, language, rule and time; when an agent's output has
// become worse; and which rules earn their place. It has pure functions over facts that others stored: no database, no network, no clock.
//
// Everything is counted for machines, repositories and rules. No type here can name a person; a test holds it to that.
//
// An Outcome is what became of one change. It is derived from facts (Derive) and can be derived again at any time. A Tally adds outcomes up, and Rates
// makes shares and rates of it, each with its interval. docs/quality.md has the formulas with their sources.
package quality
