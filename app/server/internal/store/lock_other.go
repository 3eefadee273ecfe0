//go:build !unix

package store

import (
	"errors"
	"os"
)

// lockFile is not written for this system; the server is not run on it.
func lockFile(string) (*os.File, error) {
	return nil, errors.New("the server needs a Unix system: file locks of this one are not supported")
}

func unlock(f *os.File) error { return f.Close() }
