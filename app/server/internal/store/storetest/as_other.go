//go:build !linux

package storetest

import "os/exec"

// as does nothing here: the server runs as whoever runs the test, who must not be root.
func as(*exec.Cmd, *account) {}
