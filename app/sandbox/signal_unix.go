//go:build unix

package sandbox

import (
	"errors"
	"os"
	"syscall"
)

const killedSignal = "killed"

// killGroup ends the child and whatever it started.
func killGroup(p *os.Process) error {
	if err := syscall.Kill(-p.Pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return nil
}

// signalOf names the signal that ended a process; "" for one that exited.
func signalOf(state *os.ProcessState) string {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return status.Signal().String()
	}
	return ""
}
