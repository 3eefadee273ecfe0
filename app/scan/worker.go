package scan

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/reviewgate-app/reviewgate/app/sandbox"
)

// inWorker has the scan done by a worker. That it crashed, ran out of memory or time, or was refused is told by *sandbox.Error.
func inWorker(ctx context.Context, in *Input, size int64, opt Options) (*Result, error) {
	var result *Result
	o := sandbox.Options{Mode: opt.Sandbox, InputSize: size, Timeout: opt.Timeout, MaxAnswer: maxAnswer}
	layers, err := sandbox.Run(ctx, o,
		func(w io.Writer) error { return writeRequest(w, in) },
		func(r io.Reader) (err error) {
			result, err = readAnswer(r, opt.Progress)
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
	// Half as much memory for a twentieth more time: what is parsed is soon garbage.
	debug.SetGCPercent(50)
	input, err := readRequest(in)
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
	result, err := judge(context.Background(), input, list, progress)
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
