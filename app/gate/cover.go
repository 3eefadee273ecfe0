package gate

import (
	"slices"
	"sync"
)

// cover says which changed files each guard covers. One matcher serves all guards; both names of a rename count.
type cover struct {
	guards  []Guard // built-in, then the policy's
	matcher *globMatcher
	files   []FileChange
	matched [][]int32 // per guard: indexes of files, ascending
	written []bool    // per file: a guard of floor or repository covers it
	floor   []bool    // per file: a guard of the floor covers it
}

const (
	guardControl = iota // places in builtinGuards
	guardLinks
	guardNames
	builtinCount
)

// builtinMatcher has the built-in guards' globs, compiled once; it is only ever cloned.
var builtinMatcher = sync.OnceValue(func() *globMatcher {
	var lists [][]string
	for _, g := range builtinGuards() {
		lists = append(lists, g.Paths)
	}
	return newGlobMatcher(lists)
})

func newCover(guards []Guard, files []FileChange) *cover {
	c := &cover{guards: append(builtinGuards(), guards...), files: files, matcher: builtinMatcher().clone()}
	lists := make([][]string, len(guards))
	for i, g := range guards {
		lists[i] = g.Paths
	}
	c.matcher.addLists(lists)
	c.matched = make([][]int32, len(c.guards))
	c.written = make([]bool, len(files))
	c.floor = make([]bool, len(files))
	for i := range files {
		f := &files[i]
		c.path(int32(i), f.Path)
		if f.OldPath != "" && f.OldPath != f.Path {
			c.path(int32(i), f.OldPath)
		}
		if isLink(f.Mode) || isLink(f.OldMode) {
			c.matched[guardLinks] = append(c.matched[guardLinks], int32(i))
		}
		// An odd name that goes away is no danger.
		if f.Mode != 0 && oddName(f.Path) != "" {
			c.matched[guardNames] = append(c.matched[guardNames], int32(i))
		}
	}
	return c
}

func (c *cover) path(file int32, path string) {
	for _, g := range c.matcher.match(path) {
		m := c.matched[g]
		if len(m) == 0 || m[len(m)-1] != file {
			c.matched[g] = append(m, file)
		}
		if g >= builtinCount {
			if c.guards[g].When != nil {
				continue // it only adds
			}
			c.written[file] = true
			if c.guards[g].Origin == "floor" {
				c.floor[file] = true
			}
		}
	}
}

// A duty is one guard at work on this change: the guard, the files it covers, and what it asks for.
type duty struct {
	guard    Guard
	files    []int32
	approval int // of Need, raised where a file could not be scanned
	extra    int // approvals on top, from anyone eligible with write
	list     int // index in cover.guards, or one of the marks below
}

// What a duty's list says where no entry of cover.guards is behind it.
const (
	byDefault      = -1 // the files that no written guard covers
	byFloorDefault = -2 // the files that no guard of the floor covers
	byFinding      = -3 // the files of findings that need a human
)

// duties lists what applies, in the order in which it is shown: the policy's guards, its defaults, then the built-in ones.
func (c *cover) duties(p *Policy, extra int) []duty {
	var out []duty
	add := func(g Guard, files []int32, list int) {
		if len(files) > 0 {
			out = append(out, duty{guard: g, files: files, approval: g.Need.Approvals, extra: extra, list: list})
		}
	}
	for i := builtinCount; i < len(c.guards); i++ {
		add(c.guards[i], c.matched[i], i)
	}
	if p.FloorDefault != nil {
		add(Guard{Name: "default", Origin: "floor", Need: *p.FloorDefault}, c.without(c.floor), byFloorDefault)
	}
	if p.Default != nil {
		add(Guard{Name: "default", Origin: "repository", Need: *p.Default}, c.without(c.written), byDefault)
	} else if extra > 0 && p.FloorDefault == nil {
		// Nothing asks for an approval of these files, but the change as a whole needs an independent one.
		covered := slices.Clone(c.written)
		for g := range builtinCount {
			for _, i := range c.matched[g] {
				covered[i] = true
			}
		}
		add(Guard{Name: "unguarded files", Origin: "built-in"}, c.without(covered), byDefault)
	}
	for i := range builtinCount {
		add(c.guards[i], c.matched[i], i)
	}
	return out
}

func (c *cover) without(marked []bool) []int32 {
	var out []int32
	for i, m := range marked {
		if !m {
			out = append(out, int32(i))
		}
	}
	return out
}

// covers says whether the duty's guard means a path that the change does not touch any more.
func (c *cover) covers(d *duty, path string, was Seen) bool {
	switch d.list {
	case byDefault, byFloorDefault:
		for _, g := range c.matcher.match(path) {
			if g >= builtinCount && c.guards[g].When == nil && (d.list == byDefault || c.guards[g].Origin == "floor") {
				return false
			}
		}
		return true
	case byFinding:
		return false // its files are among the changed ones
	case guardLinks:
		return isLink(was.Mode) || isLink(was.BaseMode)
	case guardNames:
		return was.Mode != 0 && oddName(path) != ""
	}
	return slices.Contains(c.matcher.match(path), int32(d.list))
}
