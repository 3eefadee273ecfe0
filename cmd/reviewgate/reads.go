package main

import (
	"context"
	"fmt"

	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/app/source"
	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/all"
)

// A furtherReading is what checks read beyond the changed files: the listing of head, and the files that they name.
type furtherReading struct {
	paths    []string
	contents []scan.Content
}

// readFurther asks the checks what they read, and reads it from both sides in one batch each; of a whole tree there is no base.
func readFurther(ctx context.Context, snap *source.Snapshot, in *scan.Input, wholeTree bool) (*furtherReading, error) {
	list, _ := all.Checks(nil) // rules read nothing further
	var reads []string
	r := &furtherReading{}
	if len(in.Imports) > 0 { // which files the head has says which results are about it
		var err error
		if r.paths, err = snap.Paths(ctx, checks.Head); err != nil {
			return nil, fmt.Errorf("listing the files: %w", err)
		}
	}
	for _, c := range list {
		if c.Reads == nil || in.NoBuiltin {
			continue
		}
		if r.paths == nil {
			var err error
			if r.paths, err = snap.Paths(ctx, checks.Head); err != nil {
				return nil, fmt.Errorf("listing the files: %w", err)
			}
		}
		reads = append(reads, c.Reads(r.paths)...)
	}
	sides := []checks.Side{checks.Base, checks.Head}
	if wholeTree {
		sides = sides[1:]
	}
	for _, side := range sides {
		files, err := snap.Read(ctx, side, reads)
		if err != nil {
			return nil, fmt.Errorf("reading the files that checks ask for: %w", err)
		}
		for _, path := range reads {
			if data, ok := files[path]; ok {
				r.contents = append(r.contents, scan.Content{Side: side, Path: path, Data: data})
				delete(files, path) // two checks may name it
			}
		}
	}
	return r, nil
}

// into adds what was read to an input, but for what that has already.
func (r *furtherReading) into(in *scan.Input) {
	type place struct {
		side checks.Side
		path string
	}
	have := make(map[place]bool, len(in.Contents))
	for _, c := range in.Contents {
		have[place{c.Side, c.Path}] = true
	}
	in.HeadPaths = r.paths
	for _, c := range r.contents {
		if !have[place{c.Side, c.Path}] {
			in.Contents = append(in.Contents, c)
		}
	}
}
