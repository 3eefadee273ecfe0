package scan

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/reviewgate-app/reviewgate/app/sandbox"
	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/rules"
)

// inWorker has the scan done by a worker. That it crashed, ran out of memory or time, or was refused is told by *sandbox.Error.
func inWorker(ctx context.Context, in *Input, size int64, opt Options) (*Result, error) {
	var result *Result
	o := sandbox.Options{Mode: opt.Sandbox, InputSize: size, Timeout: opt.Timeout, MaxAnswer: maxAnswer}
	replies := make(chan func(io.Writer) error, 1) // to what the worker wants; closed once it will want nothing more
	var wanted func([]checks.Want) error
	if in.Search != nil {
		wanted = func(wants []checks.Want) error {
			found, lacks, err := in.Search(ctx, wants)
			if err != nil {
				return fmt.Errorf("searching the tree: %w", err)
			}
			replies <- func(w io.Writer) error { return writeFound(w, found, lacks) }
			return nil
		}
	}
	layers, err := sandbox.Run(ctx, o,
		func(w io.Writer) error {
			if err := writeRequest(w, in); err != nil {
				return err
			}
			for reply := range replies {
				if err := reply(w); err != nil {
					return err
				}
			}
			return nil
		},
		func(r io.Reader) (err error) {
			defer close(replies)
			result, err = readAnswer(r, opt.Progress, wanted)
			return err
		})
	if err != nil {
		return nil, err
	}
	result.Sandbox = layers
	return result, nil
}

// Worker is what the sandboxed child does: it reads a request of Run from in, scans, and writes the answer to out. list is the same as Run's.
func Worker(in io.Reader, out io.Writer, list Lister) error {
	// Reading rules is what makes most garbage for its size, and with few files the peak; what is parsed later is soon garbage, so that a larger
	// heap saves a tenth of the time.
	debug.SetGCPercent(50)
	lean := func(rs []*rules.Rule) ([]*checks.Check, error) {
		defer debug.SetGCPercent(100)
		return list(rs)
	}
	input, offered, err := readRequest(in)
	if err != nil {
		err = fmt.Errorf("reading the request: %w", err)
		return errOr(writeAnswer(out, nil, err), err)
	}
	if input.AskOnly {
		asked, err := ask(context.Background(), input, list)
		if err := writeAsked(out, asked, err); err != nil {
			return fmt.Errorf("sending what the checks ask: %w", err)
		}
		return nil
	}
	if offered {
		input.Search = overPipe(in, out)
	}
	flusher, _ := out.(interface{ Flush() error })
	var broken error // the parent is gone; it has been told to nobody else's harm
	progress := func(done, total int) {
		var body [8]byte
		binary.BigEndian.PutUint32(body[:], uint32(done))
		binary.BigEndian.PutUint32(body[4:], uint32(total))
		if broken == nil {
			broken = writeFrame(out, frameProgress, body[:])
		}
		if broken == nil && flusher != nil {
			broken = flusher.Flush()
		}
	}
	// This process has no other work, and its parent ends it: there is no context above.
	result, err := judge(context.Background(), input, lean, progress)
	if broken != nil {
		return fmt.Errorf("sending progress: %w", broken)
	}
	if err := writeAnswer(out, result, err); err != nil {
		return fmt.Errorf("sending the answer: %w", err)
	}
	return nil
}

// errOr gives the first error if there is one: a failure to tell outweighs what was to be told, which then counts as told.
func errOr(first, second error) error {
	if first != nil {
		return fmt.Errorf("%w (%w)", first, second)
	}
	return nil
}
