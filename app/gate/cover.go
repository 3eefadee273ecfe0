package gate

import (
	"slices"
	"sync"
)

// cover says which changed files each guard covers. One matcher serves all guards; a rename is two files.
type cover struct {
	guards  []Guard // built-in, then the policy's
	matcher *globMatcher
	files   []FileChange
	matched [][]int32 // per guard: indexes of files, ascending
	written []bool    // per file: a guard of floor or repository covers it
	floor   []bool    // per file: a guard of the floor covers it
	links   links
}

const (
	guardControl = iota // places in builtinGuards
	guardLinks
	guardNames
	guardPlane
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

// newCover covers the files, whose renames are split; seen are their looks, symbolic the links of the trees.
func newCover(guards []Guard, files []FileChange, seen []look, symbolic []Link) *cover {
	c := &cover{guards: append(builtinGuards(), guards...), files: files, matcher: builtinMatcher().clone(), links: newLinks(symbolic)}
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
		c.written[i], c.floor[i] = c.path(int32(i), f.Path, seen[i])
		for _, alias := range c.links.aliases(f.Path) {
			for _, g := range c.matcher.match(alias) { // a link only adds: what it leads to stays with the default too
				c.add(g, int32(i))
			}
		}
		if isLink(f.Mode) || isLink(f.OldMode) {
			c.add(guardLinks, int32(i))
		}
		// An odd name that goes away is no danger.
		if f.Mode != 0 && !seen[i].plain && oddName(f.Path) != "" {
			c.add(guardNames, int32(i))
		}
	}
	return c
}

// add notes that a guard covers a file; files come in order.
func (c *cover) add(g, file int32) {
	m := c.matched[g]
	switch {
	case m == nil:
		m = make([]int32, 0, min(len(c.files), 64))
	case m[len(m)-1] == file:
		return
	}
	c.matched[g] = append(m, file)
}

// path notes which guards cover a file by its name, and answers whether a written one does, and one of the floor.
func (c *cover) path(file int32, path string, seen look) (written, floor bool) {
	for _, g := range c.matcher.matchSeen(path, seen) {
		c.add(g, file)
		if g >= builtinCount {
			if c.guards[g].When != nil {
				continue // it only adds
			}
			written = true
			floor = floor || c.guards[g].Origin == "floor"
		}
	}
	return written, floor
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
	byLifted       = -4 // the files of cover.lifted
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
		add(unguarded, c.without(c.orBuiltin(c.written)), byDefault)
	}
	for i := range builtinCount {
		add(c.guards[i], c.matched[i], i)
	}
	return out
}

// unguarded stands for what the change as a whole needs on top, where no guard asks for it.
var unguarded = Guard{Name: "unguarded files", Origin: "built-in"}

// lifted is the duty for files whose guards of the repository were waived or exempt, where nothing of the floor asks for what they need on top.
func (c *cover) lifted(p *Policy, files []int32, extra int) (duty, bool) {
	if !p.Floored || p.FloorDefault != nil || extra == 0 {
		return duty{}, false
	}
	covered := c.orBuiltin(c.floor)
	files = slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(files))), func(i int32) bool { return covered[i] })
	return duty{guard: unguarded, files: files, extra: extra, list: byLifted}, len(files) > 0
}

// orBuiltin marks the files that are marked or that a built-in guard covers.
func (c *cover) orBuiltin(marked []bool) []bool {
	marked = slices.Clone(marked)
	for g := range builtinCount {
		for _, i := range c.matched[g] {
			marked[i] = true
		}
	}
	return marked
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
	case byLifted:
		return true
	case guardLinks:
		return isLink(was.Mode) || isLink(was.BaseMode)
	case guardNames:
		return was.Mode != 0 && oddName(path) != ""
	}
	if slices.Contains(c.matcher.match(path), int32(d.list)) {
		return true
	}
	return slices.ContainsFunc(c.links.aliases(path), func(alias string) bool { return slices.Contains(c.matcher.match(alias), int32(d.list)) })
}
