package source

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// limitMemory bounds the memory of a process and of those that it has started or will start. One that has ended already needs no bound.
func limitMemory(pid int, bytes int64) {
	l := unix.Rlimit{Cur: uint64(bytes), Max: uint64(bytes)}
	_ = unix.Prlimit(pid, unix.RLIMIT_DATA, &l, nil)
	// From here on the limit is inherited. Those that were started before are few, if any: the process is a moment old.
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, list := range lists {
		text, _ := os.ReadFile(list)
		for child := range strings.FieldsSeq(string(text)) {
			if id, err := strconv.Atoi(child); err == nil {
				limitMemory(id, bytes)
			}
		}
	}
}
