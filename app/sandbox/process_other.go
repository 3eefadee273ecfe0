//go:build !unix

package sandbox

import (
	"errors"
	"os"
	"syscall"
)

const killedSignal = "killed"

func attributes() *syscall.SysProcAttr { return nil }

// killGroup ends the child.
func killGroup(p *os.Process) error {
	if err := p.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

// signalOf has no signals to name here.
func signalOf(*os.ProcessState) string { return "" }
