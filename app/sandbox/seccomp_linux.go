//go:build linux && (amd64 || arm64)

package sandbox

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The allow-list: what the Go runtime, cgo's threads and glibc's or musl's allocator need for computing, and reading and writing
// the pipes that are open. No call that opens, names, creates, connects, executes, traces or signals anything outside of the process
// is in it, so this layer holds by itself, without Landlock. Those that a kernel adds later are denied because they are not listed.
//
// Each is tested by the worker doing real work (see the tests here and in app/scan), with and without the race detector.
var allowed = []uint32{
	// reading and writing what is open, and the runtime's poller
	unix.SYS_READ, unix.SYS_WRITE, unix.SYS_READV, unix.SYS_WRITEV, unix.SYS_CLOSE, unix.SYS_FSTAT, unix.SYS_LSEEK,
	unix.SYS_EPOLL_CREATE1, unix.SYS_EPOLL_CTL, unix.SYS_EPOLL_PWAIT, unix.SYS_EVENTFD2, unix.SYS_PPOLL,
	unix.SYS_PREAD64, // the runtime re-reads how many processors its cgroup may use
	// memory
	unix.SYS_MUNMAP, unix.SYS_MREMAP, unix.SYS_MADVISE, unix.SYS_MINCORE, unix.SYS_BRK,
	// threads
	unix.SYS_FUTEX, unix.SYS_SET_ROBUST_LIST, unix.SYS_RSEQ, unix.SYS_EXIT, unix.SYS_EXIT_GROUP, unix.SYS_SCHED_YIELD,
	unix.SYS_SCHED_GETAFFINITY, unix.SYS_GETPID, unix.SYS_GETTID, unix.SYS_MEMBARRIER,
	// signals to itself
	unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_SIGALTSTACK, unix.SYS_RESTART_SYSCALL,
	// time and randomness
	unix.SYS_NANOSLEEP, unix.SYS_CLOCK_NANOSLEEP, unix.SYS_CLOCK_GETTIME, unix.SYS_CLOCK_GETRES, unix.SYS_GETTIMEOFDAY, unix.SYS_GETRANDOM,
	unix.SYS_GETRUSAGE,
}

// A test compares the low half of an argument, on the loaded system call.
type test struct {
	argument int
	op       uint16 // unix.BPF_JEQ, unix.BPF_JGT, unix.BPF_JSET
	value    uint32
	want     bool // what the comparison must give
}

// Calls that are allowed for some arguments only.
var allowedIf = []struct {
	call  uint32
	tests func(pid int) []test
}{
	// A new thread, never a new process or namespace.
	{unix.SYS_CLONE, func(int) []test {
		const namespaces = unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNET
		return []test{{0, unix.BPF_JSET, unix.CLONE_THREAD, true}, {0, unix.BPF_JSET, unix.CLONE_VM, true}, {0, unix.BPF_JSET, namespaces, false}}
	}},
	// Memory that can be executed would let injected code in.
	{unix.SYS_MMAP, func(int) []test { return []test{{2, unix.BPF_JSET, unix.PROT_EXEC, false}} }},
	{unix.SYS_MPROTECT, func(int) []test { return []test{{2, unix.BPF_JSET, unix.PROT_EXEC, false}} }},
	// The runtime interrupts its own threads.
	{unix.SYS_TGKILL, func(pid int) []test { return []test{{0, unix.BPF_JEQ, uint32(pid), true}} }},
	// Reading a limit (glibc asks for the size of stacks), never setting one: the new limit, a pointer, must be nil in both halves.
	{unix.SYS_PRLIMIT64, func(int) []test {
		return []test{{2, unix.BPF_JEQ, 0, true}, {2 + highHalf, unix.BPF_JEQ, 0, true}}
	}},
	// Flags of open files (1 to 4: F_GETFD, F_SETFD, F_GETFL, F_SETFL); no locks, no owner that signals are sent to.
	{unix.SYS_FCNTL, func(int) []test {
		return []test{{1, unix.BPF_JGT, 0, true}, {1, unix.BPF_JGT, 4, false}}
	}},
}

const (
	highHalf = 6 // added to an argument's number: its high half

	offsetCall, offsetArch, offsetArguments = 0, 4, 16 // in struct seccomp_data; both processors are little-endian
)

// filter assembles the list into a BPF program.
//
// It is written here, not with a library: the one at hand does not load the system call's number again after it has compared an
// argument, so that the call after a conditional one is compared with that argument (fork's flags, 17, would pass as pread64).
// Here every conditional call ends in its own verdict.
func filter(pid int) []unix.SockFilter {
	var p []unix.SockFilter
	load := func(offset uint32) {
		p = append(p, unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset})
	}
	// jump goes on with the next instruction if the comparison gives want, else it skips some.
	jump := func(op uint16, value uint32, want bool, skip int) {
		in := unix.SockFilter{Code: unix.BPF_JMP | op | unix.BPF_K, K: value}
		if want {
			in.Jf = uint8(skip)
		} else {
			in.Jt = uint8(skip)
		}
		p = append(p, in)
	}
	answer := func(action uint32) { p = append(p, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: action}) }
	const (
		allow = unix.SECCOMP_RET_ALLOW
		deny  = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
		none  = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
	)
	load(offsetArch)
	jump(unix.BPF_JEQ, auditArch, false, 1)
	answer(unix.SECCOMP_RET_KILL_PROCESS) // calls of another architecture have other numbers
	load(offsetCall)
	for _, call := range append(append([]uint32{}, allowed...), allowedHere...) {
		jump(unix.BPF_JEQ, call, true, 1)
		answer(allow)
	}
	// The C library then falls back to clone, whose flags can be looked at; clone3 keeps them behind a pointer.
	jump(unix.BPF_JEQ, unix.SYS_CLONE3, true, 1)
	answer(none)
	for _, one := range allowedIf {
		tests := one.tests(pid)
		jump(unix.BPF_JEQ, one.call, true, 3*len(tests)+1)
		for _, t := range tests {
			half := uint32(0)
			if t.argument >= highHalf {
				half = 4
			}
			load(offsetArguments + 8*uint32(t.argument%highHalf) + half)
			jump(t.op, t.value, !t.want, 1) // go on to the denial if it is not what it must be
			answer(deny)
		}
		answer(allow)
	}
	answer(deny)
	return p
}

// restrictCalls installs the filter on every thread.
func restrictCalls() error {
	p := filter(unix.Getpid())
	program := unix.SockFprog{Len: uint16(len(p)), Filter: &p[0]}
	// Both calls have to come from one thread. Landlock has done the first already, where there is Landlock.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("giving up new privileges: %w", err)
	}
	// With TSYNC the answer is 0, or the id of a thread that could not be brought in line; no_new_privs is brought over too.
	thread, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program)))
	switch {
	case errno == unix.ENOSYS || errno == unix.EINVAL:
		return fmt.Errorf("not supported by this kernel: %w", errno)
	case errno != 0:
		return fmt.Errorf("installing the filter: %w", errno)
	case thread != 0:
		return fmt.Errorf("thread %d could not be restricted", thread)
	}
	return nil
}
