//go:build !unix

package source

import (
	"context"
	"errors"
	"os"
	"os/exec"
)

func ownGroup(*exec.Cmd) {}

func lockFile(context.Context, string, bool, bool) (*os.File, error) {
	return nil, errors.New("this system has no file locks that reviewgate knows")
}

const openFlags = 0

func isNotDir(error) bool { return false }
