package simulate

import (
	"cmp"
	"crypto/sha1" //nolint:gosec // git's name of a blob, not a secret
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/checks"
)

// An Entry is one file of a tree.
type Entry struct {
	Mode    uint32
	Content string // of a link the target, of a submodule the commit
	Blob    string
}

// A Tree holds the files of one commit by path.
type Tree map[string]Entry

var modes = map[string]uint32{"": checks.ModeFile, "file": checks.ModeFile, "executable": checks.ModeExecutable, "symlink": checks.ModeSymlink, "submodule": checks.ModeSubmodule}

func blob(content string) string {
	sum := sha1.Sum(fmt.Appendf(nil, "blob %d\x00%s", len(content), content)) //nolint:gosec // as above
	return hex.EncodeToString(sum[:])
}

// maxTree bounds the files of a tree.
const maxTree = 100_000

// with puts files on top of a tree.
func (t Tree) with(files map[string]*File) (Tree, error) {
	if len(files) == 0 {
		return t, nil
	}
	out := maps.Clone(t)
	if out == nil {
		out = Tree{}
	}
	for _, p := range sortedKeys(files) {
		f := files[p]
		if p == "" || strings.HasPrefix(p, "/") || strings.Contains(p, "\x00") || len(p) > 4096 || slices.Contains(strings.Split(p, "/"), "..") {
			return nil, fmt.Errorf("%q is no path of a file", clip(p))
		}
		if f == nil {
			if _, ok := out[p]; !ok {
				return nil, fmt.Errorf("%q is deleted but not there", clip(p))
			}
			delete(out, p)
			continue
		}
		mode, ok := modes[f.Mode]
		if !ok {
			return nil, fmt.Errorf("%q has the mode %q", clip(p), clip(f.Mode))
		}
		e := Entry{Mode: mode, Content: f.Content}
		if f.From != "" {
			old, ok := t[f.From]
			if !ok {
				return nil, fmt.Errorf("%q is renamed from %q, which is not there", clip(p), clip(f.From))
			}
			if f.Content == "" {
				e.Content = old.Content
			}
			if f.Mode == "" {
				e.Mode = old.Mode
			}
			delete(out, f.From)
		}
		if e.Blob = blob(e.Content); e.Mode == checks.ModeSubmodule {
			e.Blob = e.Content
		}
		out[p] = e
	}
	if len(out) > maxTree {
		return nil, fmt.Errorf("the tree has more than %d files", maxTree)
	}
	return out, nil
}

func (t Tree) paths() []string { return slices.Sorted(maps.Keys(t)) }

// commit is a commit of the world.
type commit struct {
	name    string
	parents []string
	tree    Tree
	facts   gate.Commit // without accounts
	author  *account
	by      *account // the committer
	co      []*account
	scan    *Scan
	n       int // in the order of making
}

// graph holds all commits.
type graph map[string]*commit

// ancestors gives everything reachable from the commits, themselves included.
func (g graph) ancestors(names ...string) map[string]bool {
	seen := map[string]bool{}
	for len(names) > 0 {
		name := names[len(names)-1]
		names = names[:len(names)-1]
		if seen[name] {
			continue
		}
		seen[name] = true
		names = append(names, g[name].parents...)
	}
	return seen
}

// mergeBase gives the best common ancestor; where there are several, the newest. Empty: the histories are not related.
func (g graph) mergeBase(a, b string) string {
	of := g.ancestors(a)
	var common []*commit
	for name := range g.ancestors(b) {
		if of[name] {
			common = append(common, g[name])
		}
	}
	slices.SortFunc(common, func(x, y *commit) int { return cmp.Compare(y.n, x.n) })
	if len(common) == 0 {
		return ""
	}
	return common[0].name // a commit is always made after its ancestors
}

// between lists what is reachable from head and not from base, oldest first.
func (g graph) between(base, head string) []*commit {
	old := g.ancestors(base)
	var out []*commit
	for name := range g.ancestors(head) {
		if !old[name] {
			out = append(out, g[name])
		}
	}
	slices.SortFunc(out, func(x, y *commit) int { return cmp.Compare(x.n, y.n) })
	return out
}

// errConflict says that a merge needs a human.
var errConflict = errors.New("conflict")

// merge computes the tree of a merge of two commits, file by file: a file that both sides changed in different ways is a conflict.
func (g graph) merge(a, b string) (Tree, error) {
	base := Tree{}
	if name := g.mergeBase(a, b); name != "" {
		base = g[name].tree
	}
	ours, theirs := g[a].tree, g[b].tree
	out := maps.Clone(ours)
	if out == nil {
		out = Tree{}
	}
	for p, e := range theirs {
		switch old, was := base[p]; {
		case out[p] == e, was && old == e:
		case out[p] == old: // also where neither has it
			out[p] = e
		default:
			return nil, fmt.Errorf("%s: %w", clip(p), errConflict)
		}
	}
	for p, old := range base {
		if _, there := theirs[p]; there {
			continue
		}
		switch e, mine := ours[p]; {
		case !mine:
		case e == old:
			delete(out, p)
		default:
			return nil, fmt.Errorf("%s: %w", clip(p), errConflict)
		}
	}
	return out, nil
}

// diff lists what differs between two trees, sorted by path. A file that is gone and one that came with the same content is a rename.
func diff(old, now Tree) []gate.FileChange {
	var out []gate.FileChange
	gone := map[string][]string{} // by blob
	for _, p := range old.paths() {
		if _, ok := now[p]; !ok {
			gone[old[p].Blob] = append(gone[old[p].Blob], p)
		}
	}
	renamed := map[string]bool{}
	for _, p := range now.paths() {
		e := now[p]
		was, ok := old[p]
		switch {
		case ok && was.Mode == e.Mode && was.Blob == e.Blob:
		case ok:
			out = append(out, gate.FileChange{Path: p, OldMode: was.Mode, OldBlob: was.Blob, Mode: e.Mode, Blob: e.Blob})
		case len(gone[e.Blob]) > 0 && e.Content != "":
			from := gone[e.Blob][0]
			gone[e.Blob] = gone[e.Blob][1:]
			renamed[from] = true
			out = append(out, gate.FileChange{Path: p, OldPath: from, OldMode: old[from].Mode, OldBlob: e.Blob, Mode: e.Mode, Blob: e.Blob})
		default:
			out = append(out, gate.FileChange{Path: p, Mode: e.Mode, Blob: e.Blob})
		}
	}
	for _, p := range old.paths() {
		if _, ok := now[p]; !ok && !renamed[p] {
			out = append(out, gate.FileChange{Path: p, OldMode: old[p].Mode, OldBlob: old[p].Blob})
		}
	}
	slices.SortFunc(out, func(a, b gate.FileChange) int { return cmp.Compare(a.Path, b.Path) })
	return out
}

// tip names the first commit of a branch.
func tip(branch string) string { return strings.ReplaceAll(path.Clean(branch), "/", "-") + "-0" }
