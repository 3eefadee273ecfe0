package storetest

import (
	"os/exec"
	"syscall"
)

// as has the command run as the user, in a group of its own, and end with us.
func as(cmd *exec.Cmd, who *account) {
	// SIGQUIT: at once, without waiting for those who are connected.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGQUIT}
	if who != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(who.uid), Gid: uint32(who.gid)} //nolint:gosec // they are numbers of users
	}
}
