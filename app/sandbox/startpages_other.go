//go:build !linux

package sandbox

func dropStartPages() int { return 0 }
