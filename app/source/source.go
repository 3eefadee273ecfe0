package source

import (
	"context"
	"errors"
	"os"
	"sync"

	"github.com/reviewgate-app/reviewgate/checks"
)

// Limits bounds what is read. A zero field means its default.
type Limits struct {
	FileBytes   int64 // one file; more is Opaque. 2 MB
	TotalBytes  int64 // the contents of all changed files, both sides; what comes after (by path) is Opaque. 256 MB. Not for All
	Files       int   // changed files; more is an Error of kind Limit. 50,000; for All and Paths twenty times that
	RenameFiles int   // deleted and added files up to which renames with changes are looked for; equal content always. 500
	Commits     int   // commits of a change; more is an Error of kind Limit. 10,000
	Merges      int   // merge commits of a change that are recomputed; the others are not CleanMerge. 100
	FetchBytes  int64 // one download. 1 GB
	CacheBytes  int64 // the cache folder of one repository; above it is emptied. 4 GB
	GitMemory   int64 // one git process, on Linux; more is an Error of kind Limit. 2 GB
}

func (l Limits) withDefaults() Limits {
	or := func(v *int64, d int64) {
		if *v <= 0 {
			*v = d
		}
	}
	orInt := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	or(&l.FileBytes, 2_000_000)
	or(&l.TotalBytes, 256_000_000)
	orInt(&l.Files, 50_000)
	orInt(&l.RenameFiles, 500)
	orInt(&l.Commits, 10_000)
	orInt(&l.Merges, 100)
	or(&l.FetchBytes, 1_000_000_000)
	or(&l.CacheBytes, 4_000_000_000)
	or(&l.GitMemory, 2_000_000_000)
	return l
}

// A Snapshot is a change as it was when it was read. Close it. Its methods may be called concurrently.
type Snapshot struct {
	Base      string // SHA of what was named (or found) to compare with; "" for plain folders, All and a repository without commits
	Head      string // SHA; "" for a work tree and for plain folders
	MergeBase string // SHA of what is compared with; "" where Base is
	Against   string // what is compared with, for people: "origin/main"; "" for All and folders
	Doubt     string // why Against, which nobody named, may not be what was meant, as one clause for people; "": it is
	Prefix    string // the folder of the repository that the change is restricted to, "sub/"; "" is all of it
	// Files are the changed files, sorted by path.
	Files []*checks.File

	limits  Limits
	view    *view       // nil for plain folders
	repo    *repository // of Local
	remote  *remote     // nil: missing objects cannot be fetched
	headRev string      // the commit that Commits starts from: Head, or HEAD of the work tree
	all     bool
	work    bool        // head is the work tree or a folder
	roots   [2]*os.Root // by side: where files that are not objects are read
	cache   *os.File    // held (shared) while the cache folder is read

	mu       sync.Mutex
	contents []Content             // of all files that are not Opaque; not for All
	sides    map[*checks.File]side // head sides of All, until they are read
	pathMemo [2]*[]string
}

// A Content is one side of one changed file. Data must not be changed.
type Content struct {
	Side checks.Side
	Path string // on that side
	Data []byte
}

// Close removes what the snapshot holds beside memory: a temporary folder and open folders.
func (s *Snapshot) Close() error {
	var errs []error
	for _, r := range s.roots {
		if r != nil {
			errs = append(errs, r.Close())
		}
	}
	if s.view != nil {
		errs = append(errs, s.view.close())
	}
	if s.cache != nil {
		errs = append(errs, s.cache.Close())
	}
	return errors.Join(errs...)
}

// Contents gives both sides of every changed file that is not Opaque, in the order of Files, base before head. With All it reads the
// whole tree into memory: use ContentsBatch there.
func (s *Snapshot) Contents(ctx context.Context) ([]Content, error) {
	if !s.all {
		return s.contents, ctx.Err()
	}
	var all []Content
	err := s.ContentsBatch(ctx, s.limits.TotalBytes, func(part []Content) error {
		all = append(all, part...)
		return nil
	})
	return all, err
}

// ContentsBatch hands the contents to fn in parts of about maxBytes (at least one file each; both sides of a file are in one part).
// With All, this is when a file turns out to be binary or generated: Opaque, Encoding and Class of the files in a part are final
// when fn gets it, and only then.
func (s *Snapshot) ContentsBatch(ctx context.Context, maxBytes int64, fn func([]Content) error) error {
	if s.all {
		return s.allContents(ctx, maxBytes, fn)
	}
	var part []Content
	var size int64
	for i, c := range s.contents {
		if c.Side == checks.Base || i == 0 || s.contents[i-1].Side == checks.Head { // first content of a file
			if len(part) > 0 && size >= maxBytes {
				if err := errors.Join(ctx.Err(), fn(part)); err != nil {
					return err
				}
				part, size = nil, 0
			}
		}
		part = append(part, c)
		size += int64(len(c.Data))
	}
	if len(part) == 0 {
		return ctx.Err()
	}
	return errors.Join(ctx.Err(), fn(part))
}
