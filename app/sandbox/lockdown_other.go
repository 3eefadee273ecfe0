//go:build !linux

package sandbox

import (
	"errors"
	"runtime"
)

// lockDown has nothing to offer outside of Linux; every layer is named as missing.
func lockDown(l limits) Layers {
	missing := func(limits) error { return errors.New("only on Linux, this is " + runtime.GOOS) }
	return apply(l, []layer{{"rlimits", missing}, {"landlock", missing}, {"seccomp", missing}})
}
