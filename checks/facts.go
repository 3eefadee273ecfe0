package checks

import "cmp"

// Facts are what is known beside the change, for checks that look something up: given by the operator, or asked for where the operator says; never
// a file of the change. One that is empty was not given, and the check that needs it says so with ErrSkipped.
type Facts struct {
	Packages   []byte   // packages that exist: a line for each, its ecosystem as OSV spells it, a space, its name; an ecosystem alone says that the list speaks of it
	Advisories []byte   // advisories as OSV writes them: JSON objects, one after another, or in arrays
	Answers    []Answer `json:",omitempty"` // to what Check.Asks named, sorted; nil: nobody was asked
}

// A Package is what a check asks for.
type Package struct {
	Ecosystem string // as OSV spells it: "npm", "PyPI", "Go", "Maven"
	Name      string // as the ecosystem compares it: lower case with dashes for PyPI, "group:artifact" for Maven
	Version   string `json:",omitempty"` // an exact version: which advisories speak of it? "": is there such a package, and since when?
}

// Compare orders packages.
func (p Package) Compare(q Package) int {
	return cmp.Or(cmp.Compare(p.Ecosystem, q.Ecosystem), cmp.Compare(p.Name, q.Name), cmp.Compare(p.Version, q.Version))
}

// An Answer is what is known of a package.
type Answer struct {
	Package
	State    State
	Why      string   `json:",omitempty"` // of Unknown: "the registry answered 503"; of Removed: what the registry says
	First    string   `json:",omitempty"` // the day of its first release, "2006-01-02", where the registry tells
	Young    bool     `json:",omitempty"` // it was released first less than a month before it was asked for
	Releases int      `json:",omitempty"` // how many there are; 0: not told
	IDs      []string `json:",omitempty"` // of a version: the advisories that speak of it, sorted, as far as somebody else compared versions
}

// State says whether there is a package.
type State string

// The states. Of a version Exists means that its advisories are known.
const (
	Exists  State = "exists"
	Absent  State = "absent"  // every registry that was asked says that there is none
	Removed State = "removed" // there was one; the registry has taken it down
	Private State = "private" // the operator says that its name is not to be sent: nobody was asked
	Unknown State = "unknown" // it could not be told, for Why
)

// Answer gives the answer to a question; ok is false if nobody was asked.
func (f *Facts) Answer(p Package) (a Answer, ok bool) {
	for _, a := range f.Answers {
		if a.Package == p {
			return a, true
		}
	}
	return Answer{}, false
}
