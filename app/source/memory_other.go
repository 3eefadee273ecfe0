//go:build !linux

package source

// limitMemory does nothing: only Linux limits the memory of another process.
func limitMemory(int, int64) {}
