package sandbox

import (
	"bufio"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// dropStartPages unmaps the pages of the program's own file. Its start touches most of them, since every package has something to set up, and
// the work of a worker needs a third: what it needs comes back from the page cache. It gives the bytes of address space that were unmapped.
// Where the kernel does not tell the mappings, they stay.
func dropStartPages() int {
	exe, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return 0
	}
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		return 0
	}
	defer f.Close()
	dropped := 0
	var start, end uint64 // of the mapping that is told of, if it is one of the program's that cannot be written
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		switch {
		case len(fields) >= 6 && strings.Contains(fields[0], "-"):
			start, end = 0, 0
			if from, to, _ := strings.Cut(fields[0], "-"); fields[1][1] == '-' && strings.Join(fields[5:], " ") == exe {
				start, _ = strconv.ParseUint(from, 16, 64)
				end, _ = strconv.ParseUint(to, 16, 64)
			}
		case len(fields) >= 2 && fields[0] == "Anonymous:" && end > start:
			// A page that was written before the mapping was closed for writing, by the dynamic linker, is nowhere but in memory.
			if fields[1] != "0" {
				continue
			}
			if _, _, errno := unix.Syscall(unix.SYS_MADVISE, uintptr(start), uintptr(end-start), unix.MADV_DONTNEED); errno == 0 {
				dropped += int(end - start)
			}
		}
	}
	return dropped
}
