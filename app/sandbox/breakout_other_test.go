//go:build !linux

package sandbox

import (
	"fmt"
	"io"
)

// breakOut has no walls to try outside of Linux.
func breakOut(task, _ string, _ io.Writer) error { return fmt.Errorf("unknown task %q", task) }
