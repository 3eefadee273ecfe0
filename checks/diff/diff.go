// Package diff maps the lines of two versions of a file onto each other. It is a leaf: it knows nothing of checks, git or findings.
package diff

// A Map says which lines of head are new, which lines of base are gone, and which line became which. Lines count from 1.
type Map struct {
	Hunks []Hunk `json:"hunks"` // in order, not touching
}

// A Hunk replaces BaseCount lines from BaseStart by HeadCount lines from HeadStart. A count of 0 means that nothing stands on that side;
// the start then is the line before which the others stand.
type Hunk struct {
	BaseStart int `json:"base_start"`
	BaseCount int `json:"base_count"`
	HeadStart int `json:"head_start"`
	HeadCount int `json:"head_count"`
}
