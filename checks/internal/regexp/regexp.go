// Package regexp is the standard library's for variables of a package: an expression is compiled when it is first used. Every start of the
// program would else compile those of all checks, and keep them: some milliseconds and megabytes, for a handful that a run uses. The names
// are those of the standard library, of which there is here what checks use.
package regexp

import (
	"regexp"
	"sync"
)

// A Regexp is an expression that is compiled by its first use. It is safe for concurrent use.
type Regexp struct {
	compiled func() *regexp.Regexp
}

// MustCompile keeps an expression. One that cannot be read panics when it is first used, so each needs a test that uses it.
func MustCompile(expr string) *Regexp {
	return &Regexp{sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })}
}

// QuoteMeta is that of the standard library; so are the methods.
func QuoteMeta(s string) string { return regexp.QuoteMeta(s) }

// Match says whether there is a match in b.
func (r *Regexp) Match(b []byte) bool { return r.compiled().Match(b) }

// MatchString says whether there is a match in s.
func (r *Regexp) MatchString(s string) bool { return r.compiled().MatchString(s) }

// FindAll gives the matches in b, at most n if n is not negative.
func (r *Regexp) FindAll(b []byte, n int) [][]byte { return r.compiled().FindAll(b, n) }

// FindIndex gives where the first match begins and ends.
func (r *Regexp) FindIndex(b []byte) []int { return r.compiled().FindIndex(b) }

// FindSubmatchIndex gives where the first match and its groups begin and end.
func (r *Regexp) FindSubmatchIndex(b []byte) []int { return r.compiled().FindSubmatchIndex(b) }

// FindString gives the first match.
func (r *Regexp) FindString(s string) string { return r.compiled().FindString(s) }

// FindStringIndex gives where the first match begins and ends.
func (r *Regexp) FindStringIndex(s string) []int { return r.compiled().FindStringIndex(s) }

// FindStringSubmatch gives the first match and its groups.
func (r *Regexp) FindStringSubmatch(s string) []string { return r.compiled().FindStringSubmatch(s) }

// FindAllStringSubmatch gives the matches and their groups, at most n if n is not negative.
func (r *Regexp) FindAllStringSubmatch(s string, n int) [][]string {
	return r.compiled().FindAllStringSubmatch(s, n)
}

// FindAllStringSubmatchIndex gives where the matches and their groups begin and end, at most n if n is not negative.
func (r *Regexp) FindAllStringSubmatchIndex(s string, n int) [][]int {
	return r.compiled().FindAllStringSubmatchIndex(s, n)
}

// ReplaceAllString gives s with its matches replaced.
func (r *Regexp) ReplaceAllString(s, by string) string { return r.compiled().ReplaceAllString(s, by) }

// Split cuts s at its matches, into at most n pieces if n is not negative.
func (r *Regexp) Split(s string, n int) []string { return r.compiled().Split(s, n) }

// SubexpIndex gives the number of the group with a name, or -1.
func (r *Regexp) SubexpIndex(name string) int { return r.compiled().SubexpIndex(name) }
