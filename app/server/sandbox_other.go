//go:build !linux

package server

// defaultSandbox is the mode where none is configured: this system has no layers beside the separate process, and the result says so.
const defaultSandbox = "auto"
