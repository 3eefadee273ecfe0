package checks

import (
	"sync"
	"time"

	"github.com/reviewgate-app/reviewgate/checks/diff"
)

// A Change is what the author wants to merge, seen as two trees and their difference. A scan of a whole tree
// (`scan --all`) is a Change with an empty base in which every file is added.
type Change struct {
	Base, Head Tree
	Files      []*File // the changed files, sorted by Path
	Text       PRText
	Facts      Facts
	Found      *Found // nil: nobody looked through the rest of the tree
	Meter      Meter  // nil: nobody asks what work costs

	memoMu sync.Mutex
	memo   map[any]*memoEntry
}

type memoEntry struct {
	once  sync.Once
	value any
}

// A Meter is told what work took: of a rule or of another part of a check, or, with no check, of what all share ("parsing"). Only one check runs at a
// time where there is one, and a check's own parts run one after the other.
type Meter func(check, part string, took time.Duration, matches int)

// Memo returns make's value for key, made once per Change and shared by all checks (parsed trees, mostly).
// Keys are of a type private to the caller's package.
func (c *Change) Memo(key any, make func() any) any {
	c.memoMu.Lock()
	if c.memo == nil {
		c.memo = map[any]*memoEntry{}
	}
	e := c.memo[key]
	if e == nil {
		e = &memoEntry{}
		c.memo[key] = e
	}
	c.memoMu.Unlock()
	e.once.Do(func() { e.value = make() })
	return e.value
}

// Tree gives the tree of a side.
func (c *Change) Tree(side Side) Tree {
	if side == Base {
		return c.Base
	}
	return c.Head
}

// A Tree is one side of a change. Paths are raw bytes, so this is not an fs.FS, whose names must be UTF-8.
type Tree interface {
	// Open returns a file's bytes; the caller must not change them. It answers ErrNotFetched for a file that exists but was not
	// fetched, and an error wrapping fs.ErrNotExist for one that does not exist.
	Open(path string) ([]byte, error)
	// Paths lists all files of the tree, sorted; nil if the listing was not asked for (no check has Reads).
	Paths() []string
}

// PRText is the text of the pull request. It can add requirements, never remove one.
type PRText struct {
	Title    string   `json:"title,omitempty"`
	Body     string   `json:"body,omitempty"`
	Trailers []string `json:"trailers,omitempty"` // of all commits: "Co-authored-by: ..."
}

// Status says what happened to a file.
type Status string

// The statuses.
const (
	Added    Status = "added"
	Modified Status = "modified"
	Deleted  Status = "deleted"
	Renamed  Status = "renamed" // with or without a change of content
)

// Git's file modes, as far as they matter here.
const (
	ModeFile       uint32 = 0o100644
	ModeExecutable uint32 = 0o100755
	ModeSymlink    uint32 = 0o120000
	ModeSubmodule  uint32 = 0o160000
)

// A File is one changed file.
type File struct {
	Path    string `json:"path"`               // at head; at base for a deletion
	OldPath string `json:"old_path,omitempty"` // at base, if it was renamed
	Status  Status `json:"status"`
	OldMode uint32 `json:"old_mode,omitempty"` // 0: no such file at base
	Mode    uint32 `json:"mode,omitempty"`     // 0: no such file at head
	OldBlob string `json:"old_blob,omitempty"` // object id at base; empty where there is none (work tree, plain folders)
	Blob    string `json:"blob,omitempty"`
	Class   Class  `json:"class,omitempty"`
	// Opaque says why the content is not given to checks ("binary", "symbolic link", "submodule", "52 MB, over the limit of 2 MB"). Empty: it is given.
	Opaque string `json:"opaque,omitempty"`
	// BaseOpaque says why only the base side is not given, in the same words: base is then given as empty, so that everything at head is new.
	BaseOpaque string `json:"base_opaque,omitempty"`
	// Encoding names the original encoding at head if it was not UTF-8 ("utf-16le", "utf-16be"); the content given is UTF-8.
	Encoding string `json:"encoding,omitempty"`
	// Lines maps the lines of base and head onto each other; nil for a file with Opaque set. Computed where checks run.
	Lines *diff.Map `json:"-"`
}

// PathOn gives the file's path on a side; ok is false if it does not exist there.
func (f *File) PathOn(side Side) (path string, ok bool) {
	if side == Base {
		if f.Status == Added {
			return "", false
		}
		if f.OldPath != "" {
			return f.OldPath, true
		}
		return f.Path, true
	}
	return f.Path, f.Status != Deleted
}

// Class says what kind of file a path is, where that changes what is worth reporting. It is judged by what held at base or by the
// path itself, never by a mark that the change adds (B75).
type Class string

// The classes. Empty is product code.
const (
	ClassProduct   Class = ""
	ClassTest      Class = "test"
	ClassExample   Class = "example"
	ClassVendored  Class = "vendored"
	ClassGenerated Class = "generated"
	ClassDocs      Class = "docs"
)
