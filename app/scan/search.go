package scan

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/reviewgate-app/reviewgate/checks"
)

// A Search looks through the files of head that did not change, for what checks want: source.Snapshot's. It reads nothing but the tree that the input's
// Head names, so that a result stays a function of its input.
type Search func(ctx context.Context, wants []checks.Want) (found map[string][]byte, lacks string, err error)

const (
	maxWants     = 1000
	maxWantsSize = 1 << 20 // of all wants, as JSON
	maxFoundSize = 16 << 20
)

// search asks the checks what they want, and gives it to the change. A check that fails in it fails as if it had done so in Run.
func search(ctx context.Context, in *Input, running []*checks.Check, change *checks.Change, limit time.Duration, costs *profile) ([]*checks.Check, error) {
	if in.All {
		change.Found = &checks.Found{}
	}
	if in.Search == nil || in.All {
		return running, nil
	}
	running = slices.Clone(running)
	var wants []checks.Want
	for i, c := range running {
		if c.Wants == nil {
			continue
		}
		var asked []checks.Want
		p := &pass{side: checks.Head, grace: graceTime, check: &checks.Check{Name: c.Name, Run: func(ctx context.Context, pass *checks.Pass) (err error) {
			asked, err = c.Wants(ctx, pass)
			return err
		}}}
		before := costs.inside(c.Name)
		p.run(ctx, change, limit)
		if costs != nil {
			costs.add(c.Name, "", p.took-(costs.inside(c.Name)-before), 0)
		}
		if p.err != nil {
			failed := *c
			failed.Run = func(context.Context, *checks.Pass) error { return p.err }
			running[i] = &failed
			continue
		}
		wants = append(wants, asked...)
	}
	change.Found = &checks.Found{}
	if len(wants) == 0 {
		return running, nil
	}
	start := time.Now()
	found, lacks, err := in.Search(ctx, wants)
	if err != nil {
		return nil, fmt.Errorf("searching the tree: %w", err)
	}
	if costs != nil {
		costs.add("", Searching, time.Since(start), len(found))
	}
	change.Found.Lacks = text(lacks, maxMessage)
	head := change.Head.(*tree).sides
	for _, p := range slices.Sorted(maps.Keys(found)) {
		if head.changed[checks.Head][p] || head.changed[checks.Base][p] {
			continue
		}
		change.Found.Paths = append(change.Found.Paths, p)
		head.contents[checks.Head][p] = found[p]
	}
	return running, nil
}

// foundHeader goes before the contents of what was found.
type foundHeader struct {
	Paths []string
	Lacks string
}

// overPipe is the Search of a worker: its parent has the tree.
func overPipe(in io.Reader, out io.Writer) Search {
	return func(_ context.Context, wants []checks.Want) (map[string][]byte, string, error) {
		body, err := json.Marshal(wants)
		if err != nil {
			return nil, "", err
		}
		if len(wants) > maxWants || len(body) > maxWantsSize {
			return nil, fmt.Sprintf("%d things are to be looked for, over the limit of %d", len(wants), maxWants), nil
		}
		if err := writeFrame(out, frameWants, body); err != nil {
			return nil, "", err
		}
		if f, ok := out.(interface{ Flush() error }); ok {
			if err := f.Flush(); err != nil {
				return nil, "", err
			}
		}
		return readFound(in)
	}
}

func readWants(body []byte) ([]checks.Want, error) {
	var wants []checks.Want
	if err := json.Unmarshal(body, &wants); err != nil {
		return nil, fmt.Errorf("decoding what the checks want: %w", err)
	}
	if len(wants) > maxWants {
		return nil, fmt.Errorf("the checks want %d things, over the limit of %d", len(wants), maxWants)
	}
	return wants, nil
}

func writeFound(w io.Writer, found map[string][]byte, lacks string) error {
	h := foundHeader{Lacks: lacks}
	paths := slices.Sorted(maps.Keys(found))
	for _, p := range paths {
		h.Paths = append(h.Paths, packPath(p))
	}
	body, err := json.Marshal(h)
	if err != nil {
		return err
	}
	if err := writeFrame(w, frameFound, body); err != nil {
		return err
	}
	for _, p := range paths {
		if err := writeFrame(w, frameContent, found[p]); err != nil {
			return err
		}
	}
	return nil
}

func readFound(r io.Reader) (found map[string][]byte, lacks string, err error) {
	_, body, err := readFrame(r, map[byte]uint32{frameFound: maxFoundSize})
	if err != nil {
		return nil, "", cut(err)
	}
	var h foundHeader
	if err := json.Unmarshal(body, &h); err != nil {
		return nil, "", fmt.Errorf("decoding what was found: %w", err)
	}
	if len(h.Paths) > checks.MaxFound {
		return nil, "", errors.New("more files than may be found")
	}
	found = make(map[string][]byte, len(h.Paths))
	left := maxFoundSize
	for _, p := range h.Paths {
		_, body, err := readFrame(r, map[byte]uint32{frameContent: uint32(left)})
		if err != nil {
			return nil, "", cut(err)
		}
		left -= len(body)
		if err := unpackPath(&p); err != nil {
			return nil, "", err
		}
		found[p] = body
	}
	return found, h.Lacks, nil
}
