// Rules written as patterns.
//
// The built-in rules, and those of the organisation, the repository and the command line, run on every changed file of their languages. Each
// file is judged by itself on both sides of the change, so that only what the change brings in counts. Vendored and generated files are left out;
// test files too, unless a rule says `test-files: true` or names them in `paths.include`.
package rulecheck
