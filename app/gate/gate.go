// Package gate decides whether a pull request may merge. It is pure: facts and policy go in, a decision that explains itself comes
// out; no clock, no network, no store. The server and `policy simulate` use the same reducers.
package gate
