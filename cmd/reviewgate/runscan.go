package main

import (
	"context"
	"errors"
	"iter"

	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/app/source"
	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/all"
)

// batchBytes is how much of a whole tree is in memory at a time. Each batch costs a worker that compiles the rules: a fifth of a second for some
// hundreds of them.
const batchBytes = 12 << 20

// runScan hands the contents of a snapshot to the scan: a change in one piece, a whole tree in batches. reg answers what the checks ask; nil: nobody does.
func runScan(ctx context.Context, snap *source.Snapshot, in *scan.Input, opt scan.Options, wholeTree bool, reg *lookUp) (*scan.Result, error) {
	further, err := readFurther(ctx, snap, in, wholeTree)
	if err != nil {
		return nil, err
	}
	if wholeTree {
		whole := *in
		whole.All = true
		further.into(&whole) // all that is asked about
		if in.Facts, err = facts(ctx, &whole, opt, reg); err != nil {
			return nil, err
		}
		before := 0 // files of the batches that are done
		if told := opt.Progress; told != nil {
			opt.Progress = func(done, _ int) { told(before+done, len(snap.Files)) }
		}
		return scan.RunAll(ctx, batches(ctx, snap, in, further, &before), all.Checks, opt)
	}
	contents, err := snap.Contents(ctx)
	if err != nil {
		return nil, err
	}
	in.Contents, in.Search = scanContents(contents), snap.Search
	further.into(in)
	if in.Facts, err = facts(ctx, in, opt, reg); err != nil {
		return nil, err
	}
	return scan.Run(ctx, in, all.Checks, opt)
}

// facts asks the checks what they want to know, and the registries for it.
func facts(ctx context.Context, in *scan.Input, opt scan.Options, reg *lookUp) (checks.Facts, error) {
	if reg == nil {
		return checks.Facts{}, nil
	}
	asked, err := scan.Ask(ctx, in, all.Checks, scan.Options{Sandbox: opt.Sandbox})
	if err != nil || len(asked) == 0 {
		return checks.Facts{}, err
	}
	return reg.Facts(ctx, asked, reg.private...), nil
}

// batches cuts a whole tree into inputs that differ in nothing but their files, and counts the files of those that are done.
func batches(ctx context.Context, snap *source.Snapshot, in *scan.Input, further *furtherReading, done *int) iter.Seq2[*scan.Input, error] {
	return func(yield func(*scan.Input, error) bool) {
		byPath := make(map[string]*checks.File, len(snap.Files))
		for _, f := range snap.Files {
			byPath[f.Path] = f
		}
		given, some := map[string]bool{}, false
		err := snap.ContentsBatch(ctx, batchBytes, func(contents []source.Content) error {
			batch := *in
			batch.Files, batch.Contents = nil, scanContents(contents)
			for _, c := range contents {
				batch.Files, given[c.Path] = append(batch.Files, byPath[c.Path]), true
			}
			some = true
			further.into(&batch)
			if !yield(&batch, nil) {
				return errStopped
			}
			*done += len(batch.Files)
			return nil
		})
		if errors.Is(err, errStopped) {
			return
		}
		if err != nil {
			yield(nil, err)
			return
		}
		// What could not be given is part of the result too: it was not scanned.
		rest := *in
		rest.Files, rest.Contents = nil, nil
		for _, f := range snap.Files {
			if !given[f.Path] {
				rest.Files = append(rest.Files, f)
			}
		}
		if len(rest.Files) > 0 || !some { // each scan starts a worker
			yield(&rest, nil)
		}
	}
}

var errStopped = errors.New("the scan stopped")

func scanContents(contents []source.Content) []scan.Content {
	out := make([]scan.Content, len(contents))
	for i, c := range contents {
		out[i] = scan.Content{Side: c.Side, Path: c.Path, Data: c.Data}
	}
	return out
}
