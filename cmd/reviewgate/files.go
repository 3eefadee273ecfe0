package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/reviewgate-app/reviewgate/app/report"
)

// The files that a command line names: read with a bound, written whole or not at all, and never waited for beyond an interrupt.

// maxInput is the most that is read of a policy or of a pull request's text. GitHub's own limit for the latter is 65,536 characters.
const maxInput = 4 << 20

// unlessStopped does something that cannot be interrupted, such as opening a pipe that nobody writes to, and leaves it behind when ctx ends.
func unlessStopped(ctx context.Context, do func() error) error {
	done := make(chan error, 1)
	go func() { done <- do() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// readFile reads a file or pipe that the command line names. The error does not repeat the name.
func readFile(ctx context.Context, path string) (data []byte, err error) {
	err = unlessStopped(ctx, func() error {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		data, err = io.ReadAll(io.LimitReader(f, maxInput+1))
		if err == nil && len(data) > maxInput {
			return fmt.Errorf("it is over the limit of %d MB", maxInput>>20)
		}
		return err
	})
	if err != nil {
		return nil, reason(err)
	}
	return data, nil
}

// reason takes the operation and the path off an error, for messages that name the file as the user did.
func reason(err error) error {
	var pathErr *fs.PathError
	var linkErr *os.LinkError
	switch {
	case errors.As(err, &pathErr):
		return pathErr.Err
	case errors.As(err, &linkErr):
		return linkErr.Err
	}
	return err
}

// destination looks whether the file of --output can be written, before a long scan ends in vain. Nil: standard output.
func (f *scanFlags) destination(ctx context.Context) (*outputFile, error) {
	if f.output == "" {
		return nil, nil
	}
	out, err := newOutput(f.output)
	if err != nil {
		return nil, outputError(f.output, err)
	}
	return out, ctx.Err()
}

func outputError(path string, err error) error {
	return usage(fmt.Errorf("--output %s: %w", path, reason(err)), "name a file that can be written, in a folder that exists")
}

// write renders into memory first, so that a report is whole or absent.
func (f *scanFlags) write(ctx context.Context, format *report.Format, in *report.Input, stdout io.Writer, out *outputFile) error {
	var buf bytes.Buffer
	if err := format.Write(&buf, in, f.device(stdout)); err != nil {
		return unsure(fmt.Errorf("writing the %s report: %w", format.Name, err))
	}
	if out == nil {
		if _, err := stdout.Write(buf.Bytes()); err != nil {
			return unsure(fmt.Errorf("writing the %s report to standard output: %w", format.Name, reason(err)))
		}
		return nil
	}
	if err := unlessStopped(ctx, func() error { return out.write(buf.Bytes()) }); err != nil {
		if errors.Is(err, context.Canceled) {
			return unsure(err)
		}
		return outputError(f.output, err)
	}
	return nil
}

// writeFile writes a report's file.
func writeFile(path string, data []byte) error {
	out, err := newOutput(path)
	if err != nil {
		return err
	}
	return out.write(data)
}

// An outputFile is a file to be written in one go: by rename, so that nobody ever reads half of it and the old one stays until the new one is
// whole; a device or pipe directly, and so is a file in a folder that takes no new ones.
type outputFile struct {
	path   string
	old    fs.FileInfo // of the file that is there already, or nil
	direct bool
}

// newOutput says what stands in the way of writing a file, and changes nothing.
func newOutput(path string) (*outputFile, error) {
	out := &outputFile{path: path}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return nil, errors.New("it is a folder")
	case err == nil && !info.Mode().IsRegular():
		out.direct = true // opening a pipe waits for its reader: that is for later
		return out, nil
	case err == nil:
		f, err := os.OpenFile(path, os.O_WRONLY, 0) // a rename would get around a file that must not be written
		if err != nil {
			return nil, err
		}
		if err := f.Close(); err != nil {
			return nil, err
		}
		out.old = info
		if out.path, err = filepath.EvalSymlinks(path); err != nil { // a link stays one
			return nil, err
		}
		tmp, err := out.temporary()
		if err != nil {
			out.direct = true
			return out, nil
		}
		return out, errors.Join(tmp.Close(), os.Remove(tmp.Name()))
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	if _, err := os.Lstat(path); err == nil { // a link to a file that is not there yet
		out.direct = true
		return out, nil
	}
	tmp, err := out.temporary()
	if err != nil {
		return nil, err
	}
	return out, errors.Join(tmp.Close(), os.Remove(tmp.Name()))
}

// temporary makes a new file beside the one that it is to become, with the mode that the user's umask says.
func (o *outputFile) temporary() (*os.File, error) {
	return os.OpenFile(filepath.Join(filepath.Dir(o.path), ".reviewgate-"+rand.Text()), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
}

func (o *outputFile) write(data []byte) error {
	if o.direct {
		return os.WriteFile(o.path, data, 0o666)
	}
	tmp, err := o.temporary()
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // fails, as it should, once it has been renamed
	_, err = tmp.Write(data)
	if o.old != nil {
		err = errors.Join(err, tmp.Chmod(o.old.Mode().Perm()))
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	err = os.Rename(tmp.Name(), o.path)
	if err != nil && o.old != nil { // a file that is mounted by itself cannot be replaced
		err = os.WriteFile(o.path, data, 0o666)
	}
	return err
}
