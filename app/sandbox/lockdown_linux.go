package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"unsafe"

	"github.com/landlock-lsm/go-landlock/landlock"
	landlocksys "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

func lockDown(l limits) Layers {
	name := []byte("reviewgate-scan\x00")
	_ = unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(&name[0])), 0, 0, 0) // for ps only
	return apply(l, []layer{
		// Files have to be closed, and the present size read from /proc, before Landlock shuts the file system.
		{"rlimits", func(l limits) error {
			if err := closeInherited(); err != nil {
				return err
			}
			if err := restrictResources(l); err != nil {
				return err
			}
			// A process that cannot be dumped cannot be read through /proc or traced by another of the same user.
			return unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
		}},
		{"landlock", func(limits) error { return restrictFiles() }},
		// Last: it takes away the calls that the layers before it need.
		{"seccomp", func(limits) error { return restrictCalls() }},
	})
}

// closeInherited closes every descriptor that is neither ours nor the Go runtime's: one that the parent inherited without
// close-on-exec would be a way out.
func closeInherited() error {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return fmt.Errorf("listing open files: %w", err)
	}
	for _, entry := range entries {
		fd, err := strconv.Atoi(entry.Name())
		if err != nil || fd <= 2 {
			continue
		}
		target, err := os.Readlink("/proc/self/fd/" + entry.Name())
		// The runtime holds its poller, and the cgroup file that says how many processors there are.
		if err != nil || strings.HasPrefix(target, "anon_inode:[event") || strings.HasPrefix(target, "/sys/fs/cgroup/") {
			continue
		}
		if err := unix.Close(fd); err != nil && !errors.Is(err, unix.EBADF) {
			return fmt.Errorf("closing an inherited file: %w", err)
		}
	}
	return nil
}

func restrictResources(l limits) error {
	set := func(name string, resource int, soft, hard uint64) error {
		if err := unix.Setrlimit(resource, &unix.Rlimit{Cur: soft, Max: hard}); err != nil {
			return fmt.Errorf("limiting %s: %w", name, err)
		}
		return nil
	}
	limits := []struct {
		name       string
		resource   int
		soft, hard uint64
	}{
		{"CPU time", unix.RLIMIT_CPU, uint64(l.CPU), uint64(l.CPU) + 1},
		{"file size", unix.RLIMIT_FSIZE, 0, 0},
		{"open files", unix.RLIMIT_NOFILE, 32, 32},
		{"core dumps", unix.RLIMIT_CORE, 0, 0},
	}
	if !raceDetector { // it maps terabytes of shadow memory
		mapped, err := mappedBytes()
		if err != nil {
			return err
		}
		most := mapped + uint64(l.Memory)
		limits = append(limits, struct {
			name       string
			resource   int
			soft, hard uint64
		}{"memory", unix.RLIMIT_AS, most, most})
	}
	for _, one := range limits {
		if err := set(one.name, one.resource, one.soft, one.hard); err != nil {
			return err
		}
	}
	return nil
}

// mappedBytes is the address space in use now. The Go runtime reserves more than a gigabyte that it never touches, so a limit
// only means something on top of it.
func mappedBytes() (uint64, error) {
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, fmt.Errorf("reading the size of the process: %w", err)
	}
	first, _, _ := bytes.Cut(data, []byte{' '})
	pages, err := strconv.ParseUint(string(first), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("reading the size of the process: %w", err)
	}
	return pages * uint64(os.Getpagesize()), nil
}

// restrictFiles takes away every access to files. BestEffort alone would return nil and restrict nothing where the kernel lacks
// Landlock, so the version is asked first.
func restrictFiles() error {
	version, err := landlocksys.LandlockGetABIVersion()
	switch {
	case errors.Is(err, unix.ENOSYS):
		return errors.New("not supported by this kernel (or hidden by the container)")
	case errors.Is(err, unix.EOPNOTSUPP):
		return errors.New("switched off at boot")
	case err != nil:
		return fmt.Errorf("asking for its version: %w", err)
	case version < 1:
		return errors.New("not supported by this kernel")
	}
	// No rule: nothing is allowed. What a kernel's version does not know is left to seccomp.
	if err := landlock.V11.BestEffort().Restrict(); err != nil {
		return fmt.Errorf("restricting: %w", err)
	}
	return nil
}
