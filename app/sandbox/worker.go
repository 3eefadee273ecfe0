package sandbox

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// IsWorker says whether this process was started by Run: the hidden argument, the variable that only Run sets, and pipes on both
// ends. Nothing else may happen in main before it is asked.
func IsWorker() bool {
	return os.Getenv(envName) != "" && len(os.Args) == 2 && os.Args[1] == argument && isPipe(os.Stdin) && isPipe(os.Stdout)
}

func isPipe(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeNamedPipe != 0
}

// Serve locks this process down, tells the parent which layers hold, and does the work: it reads the request from in and writes the
// answer to out. The result is the exit code for os.Exit. Whatever the work prints goes to stderr, of which the parent shows one line.
func Serve(work func(in io.Reader, out io.Writer) error) int {
	out := os.Stdout
	os.Stdout = os.Stderr // a stray print must not end up in the answer
	fail := func(err error) int {
		fmt.Fprintln(os.Stderr, "fatal:", err)
		return 1
	}
	var l limits
	if err := json.Unmarshal([]byte(os.Getenv(envName)), &l); err != nil {
		return fail(fmt.Errorf("reading the worker's limits: %w", err))
	}
	dropStartPages() // while the kernel may still be asked
	layers := lockDown(l)
	if err := greet(out, layers); err != nil {
		return fail(err)
	}
	if l.Mode == Require && len(layers.Missing) > 0 {
		return 0 // the parent says why
	}
	answer := bufio.NewWriterSize(out, 64<<10)
	if err := work(bufio.NewReaderSize(os.Stdin, 64<<10), answer); err != nil {
		return fail(err)
	}
	if err := answer.Flush(); err != nil {
		return fail(fmt.Errorf("sending the answer: %w", err))
	}
	return 0
}

func greet(out io.Writer, layers Layers) error {
	body, err := json.Marshal(layers)
	if err != nil {
		return fmt.Errorf("encoding the greeting: %w", err)
	}
	message := binary.BigEndian.AppendUint32([]byte(magic), uint32(len(body)))
	if _, err := out.Write(append(message, body...)); err != nil {
		return fmt.Errorf("sending the greeting: %w", err)
	}
	return nil
}

// A layer is one part of the lock-down. It returns nil if it holds.
type layer struct {
	name  string
	apply func(limits) error
}

// apply puts the layers on, in order, and says which hold. A layer that fails does not keep the later ones from being tried.
func apply(l limits, all []layer) Layers {
	layers := Layers{Mode: string(l.Mode)}
	for _, one := range all {
		var err error
		if l.Only == "" || l.Only == one.name {
			err = one.apply(l)
		} else {
			err = errors.New("not asked for")
		}
		if err != nil {
			layers.Missing = append(layers.Missing, one.name+": "+err.Error())
		} else {
			layers.Held = append(layers.Held, one.name)
		}
	}
	return layers
}

// Weaker gives what held in both of two runs, and what was missing in either.
func Weaker(a, b Layers) Layers {
	out := Layers{Mode: a.Mode}
	for _, name := range a.Held {
		if slices.Contains(b.Held, name) {
			out.Held = append(out.Held, name)
		}
	}
	out.Missing = slices.Clone(a.Missing)
	for _, missing := range b.Missing {
		if !slices.Contains(out.Missing, missing) {
			out.Missing = append(out.Missing, missing)
		}
	}
	return out
}
