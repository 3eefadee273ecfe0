package sandbox

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// breakOut tries to get out, and answers with the error it met or with "done".
func breakOut(task, argument string, out io.Writer) error {
	var err error
	switch task {
	case "read":
		_, err = os.ReadFile(argument)
	case "write":
		err = os.WriteFile(argument, []byte("x"), 0o600)
	case "list":
		_, err = os.ReadDir(argument)
	case "stat":
		_, err = os.Stat(argument)
	case "dial":
		network, address, _ := strings.Cut(argument, " ")
		var c net.Conn
		if c, err = net.DialTimeout(network, address, 5*time.Second); err == nil {
			c.Close()
		}
	case "socketpair":
		_, err = unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	case "exec":
		err = exec.Command(argument).Run()
	case "execve":
		err = unix.Exec(argument, []string{argument}, nil)
	case "fork":
		err = fork(unix.SYS_CLONE, uintptr(unix.SIGCHLD))
	case "fork3":
		args := [8]uint64{4: uint64(unix.SIGCHLD)} // struct clone_args; the exit signal is its fifth field
		err = fork(unix.SYS_CLONE3, uintptr(unsafe.Pointer(&args)), unsafe.Sizeof(args))
	case "namespace":
		err = unix.Unshare(unix.CLONE_NEWUSER | unix.CLONE_NEWNET)
	case "kill-parent":
		err = unix.Kill(os.Getppid(), 0)
	case "kill-all":
		err = unix.Kill(-1, 0)
	case "tgkill":
		pid, parseErr := strconv.Atoi(argument)
		if parseErr != nil {
			return parseErr
		}
		err = unix.Tgkill(pid, pid, 0)
	case "ptrace":
		err = unix.PtraceAttach(os.Getppid())
	case "raise-limit":
		err = unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 1, Max: 1})
	case "read-limit":
		var l unix.Rlimit
		err = unix.Prlimit(0, unix.RLIMIT_FSIZE, nil, &l)
	case "executable-memory":
		_, err = unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE|unix.PROT_EXEC, unix.MAP_ANON|unix.MAP_PRIVATE)
	case "protect-executable":
		var page []byte
		if page, err = unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE); err == nil {
			err = unix.Mprotect(page, unix.PROT_READ|unix.PROT_EXEC)
		}
	case "prctl":
		err = unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0)
	case "io_uring":
		var params [128]byte
		if _, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, 4, uintptr(unsafe.Pointer(&params)), 0); errno != 0 {
			err = errno
		}
	case "x32":
		if _, _, errno := unix.RawSyscall(1<<30|39, 0, 0, 0); errno != 0 {
			err = errno
		}
	case "set-owner":
		_, err = unix.FcntlInt(0, unix.F_SETOWN, 1)
	case "memfd":
		_, err = unix.MemfdCreate("x", 0)
	case "call":
		number, known := calls[argument]
		if !known {
			return fmt.Errorf("unknown call %q", argument)
		}
		// Arguments that make most calls fail in another way, if they are let through.
		if _, _, errno := unix.RawSyscall6(number, 0, 0, 0, 0, 0, 0); errno != 0 {
			err = errno
		}
	case "descriptors":
		// Whatever can be read or written beside the three pipes would be a way out. fcntl does not need the file system.
		var open []string
		for fd := 3; fd < 4096; fd++ {
			if flags, e := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0); e == nil {
				var st unix.Stat_t
				// The runtime's poller has no type; its view of the cgroup is a file of a device that the argument names.
				if unix.Fstat(fd, &st) == nil && st.Mode&unix.S_IFMT != 0 && !slices.Contains(strings.Fields(argument), fmt.Sprint(st.Dev)) {
					open = append(open, fmt.Sprintf("%d (mode %o, flags %x)", fd, st.Mode, flags))
				}
			}
		}
		if len(open) > 0 {
			fmt.Fprint(out, strings.Join(open, ", "))
			return nil
		}
	default:
		return fmt.Errorf("unknown task %q", task)
	}
	var errno unix.Errno
	switch {
	case err == nil:
		fmt.Fprint(out, "done")
	case errors.As(err, &errno):
		fmt.Fprint(out, unix.ErrnoName(errno))
	default:
		fmt.Fprint(out, err)
	}
	return nil
}

// calls are those that have led out of sandboxes: into another process, the kernel's rarely walked parts, or more rights.
var calls = map[string]uintptr{
	"process_vm_readv": unix.SYS_PROCESS_VM_READV, "process_vm_writev": unix.SYS_PROCESS_VM_WRITEV, "pidfd_open": unix.SYS_PIDFD_OPEN, "pidfd_getfd": unix.SYS_PIDFD_GETFD,
	"pidfd_send_signal": unix.SYS_PIDFD_SEND_SIGNAL, "rt_sigqueueinfo": unix.SYS_RT_SIGQUEUEINFO, "kcmp": unix.SYS_KCMP,
	"shmget": unix.SYS_SHMGET, "shmat": unix.SYS_SHMAT, "mq_open": unix.SYS_MQ_OPEN, "msgget": unix.SYS_MSGGET, "semget": unix.SYS_SEMGET,
	"openat2": unix.SYS_OPENAT2, "name_to_handle_at": unix.SYS_NAME_TO_HANDLE_AT, "open_by_handle_at": unix.SYS_OPEN_BY_HANDLE_AT, "statx": unix.SYS_STATX, "symlinkat": unix.SYS_SYMLINKAT,
	"mount": unix.SYS_MOUNT, "fsopen": unix.SYS_FSOPEN, "move_mount": unix.SYS_MOVE_MOUNT, "pivot_root": unix.SYS_PIVOT_ROOT, "chroot": unix.SYS_CHROOT, "setns": unix.SYS_SETNS,
	"bpf": unix.SYS_BPF, "perf_event_open": unix.SYS_PERF_EVENT_OPEN, "userfaultfd": unix.SYS_USERFAULTFD, "keyctl": unix.SYS_KEYCTL, "add_key": unix.SYS_ADD_KEY,
	"seccomp": unix.SYS_SECCOMP, "personality": unix.SYS_PERSONALITY, "setuid": unix.SYS_SETUID, "capset": unix.SYS_CAPSET, "setsid": unix.SYS_SETSID,
	"ioctl": unix.SYS_IOCTL, "dup": unix.SYS_DUP, "splice": unix.SYS_SPLICE, "vmsplice": unix.SYS_VMSPLICE, "sendmsg": unix.SYS_SENDMSG, "recvmsg": unix.SYS_RECVMSG,
	"inotify_init1": unix.SYS_INOTIFY_INIT1, "fanotify_init": unix.SYS_FANOTIFY_INIT, "init_module": unix.SYS_INIT_MODULE, "kexec_load": unix.SYS_KEXEC_LOAD, "reboot": unix.SYS_REBOOT,
	"settimeofday": unix.SYS_SETTIMEOFDAY, "swapon": unix.SYS_SWAPON, "execveat": unix.SYS_EXECVEAT, "memfd_secret": unix.SYS_MEMFD_SECRET, "pkey_mprotect": unix.SYS_PKEY_MPROTECT,
}

// fork starts a process that ends at once, so that a fork that is not denied does no harm.
func fork(call uintptr, arguments ...uintptr) error {
	arguments = append(arguments, 0, 0, 0, 0, 0)
	pid, _, errno := unix.RawSyscall6(call, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], 0)
	if errno != 0 {
		return errno
	}
	if pid == 0 {
		unix.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
	}
	return nil
}

// TestBreakOut tries every way out from inside of a worker with all layers on. A way that is open reads "done".
func TestBreakOut(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	secret := filepath.Join(folder, "secret")
	if err := os.WriteFile(secret, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tcp.Close() })
	socket := filepath.Join(folder, "s")
	local, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { local.Close() })

	for _, test := range []struct{ task, want string }{
		{"read /etc/passwd", "EPERM"},
		{"read /proc/self/environ", "EPERM"},
		{fmt.Sprintf("read /proc/%d/environ", os.Getpid()), "EPERM"},
		{"read " + secret, "EPERM"},
		{"write " + filepath.Join(folder, "new"), "EPERM"},
		{"write " + secret, "EPERM"},
		{"write /dev/null", "EPERM"},
		{"list /", "EPERM"},
		{"stat /etc/passwd", "EPERM"},
		{fmt.Sprintf("read /proc/%d/mem", os.Getpid()), "EPERM"},
		{fmt.Sprintf("list /proc/%d/fd", os.Getpid()), "EPERM"},
		{"write /proc/self/mem", "EPERM"},
		{"write /dev/shm/reviewgate-must-not-exist", "EPERM"},
		{"dial tcp " + tcp.Addr().String(), "EPERM"},
		{"dial tcp 169.254.169.254:80", "EPERM"},
		{"dial udp 127.0.0.1:53", "EPERM"},
		{"dial unix " + socket, "EPERM"},
		{"socketpair", "EPERM"},
		{"exec /bin/true", "EPERM"},
		{"execve /bin/true", "EPERM"},
		{"fork", "EPERM"},
		{"fork3", "ENOSYS"},
		{"namespace", "EPERM"},
		{"kill-parent", "EPERM"},
		{"kill-all", "EPERM"},
		{fmt.Sprintf("tgkill %d", os.Getpid()), "EPERM"},
		{"ptrace", "EPERM"},
		{"raise-limit", "EPERM"},
		{"read-limit", "done"}, // glibc asks for the size of stacks
		{"executable-memory", "EPERM"},
		{"protect-executable", "EPERM"},
		{"prctl", "EPERM"},
		{"io_uring", "EPERM"},
		{"set-owner", "EPERM"},
		{"memfd", "EPERM"},
		{"x32", "EPERM"},
	} {
		t.Run(strings.ReplaceAll(test.task, "/", "_"), func(t *testing.T) {
			t.Parallel()
			answer, layers, err := ask(t, Options{Mode: Require}, test.task)
			if err != nil {
				t.Fatal(err)
			}
			if len(layers.Held) != 3 || len(layers.Missing) != 0 {
				t.Errorf("layers: %+v", layers)
			}
			if answer != test.want {
				t.Errorf("got %q, want %q", answer, test.want)
			}
		})
	}
	if _, err := os.Stat(filepath.Join(folder, "new")); err == nil {
		t.Error("the worker wrote a file")
	}
}

// TestCalls makes, from inside of a worker with all layers on, the system calls that have led out of other sandboxes.
func TestCalls(t *testing.T) {
	t.Parallel()
	for name := range calls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer, _, err := ask(t, Options{Mode: Require}, "call "+name)
			if err != nil || answer != "EPERM" {
				t.Errorf("got %q, %v; want EPERM", answer, err)
			}
		})
	}
}

// TestEachLayerAlone holds the file system, or what it covers, shut with every other layer absent.
func TestEachLayerAlone(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ only, task, want string }{
		{"landlock", "read /etc/passwd", "EACCES"},
		{"landlock", "write /tmp/reviewgate-must-not-exist", "EACCES"},
		{"landlock", "list /", "EACCES"},
		{"landlock", "kill-parent", "EPERM"},
		{"seccomp", "read /etc/passwd", "EPERM"},
		{"seccomp", "fork", "EPERM"},
		{"seccomp", "dial tcp 127.0.0.1:1", "EPERM"},
		{"rlimits", "write /dev/null", "done"}, // no barrier to reading or to devices: the other layers are needed
	} {
		t.Run(test.only+" "+strings.ReplaceAll(test.task, "/", "_"), func(t *testing.T) {
			t.Parallel()
			o := Options{Mode: Auto}
			l := limitsFor(o)
			l.Only = test.only
			answer, layers, err := askWith(t, o, l, test.task)
			if err != nil {
				t.Fatal(err)
			}
			if len(layers.Held) != 1 || layers.Held[0] != test.only || len(layers.Missing) != 2 {
				t.Errorf("layers: %+v", layers)
			}
			if answer != test.want {
				t.Errorf("got %q, want %q", answer, test.want)
			}
		})
	}
}

func TestResourceLimits(t *testing.T) {
	t.Parallel()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		if raceDetector {
			return // the race detector maps terabytes: no limit can be set
		}
		l := limitsFor(Options{Mode: Require})
		l.Memory = 256 << 20
		_, _, err := askWith(t, Options{Mode: Require}, l, "allocate")
		var e *Error
		if !errors.As(err, &e) || e.Kind != OutOfMemory {
			t.Errorf("got %v", err)
		}
	})
	t.Run("processor time", func(t *testing.T) {
		t.Parallel()
		l := limitsFor(Options{Mode: Require})
		l.CPU = 1
		_, _, err := askWith(t, Options{Mode: Require}, l, "spin")
		var e *Error
		if !errors.As(err, &e) || e.Kind != TimedOut || !strings.Contains(e.Message, "1 s of CPU time") {
			t.Errorf("got %v", err)
		}
	})
}

// TestWorkerDiesWithItsParent kills a program that has a worker, and waits for the worker's end.
func TestWorkerDiesWithItsParent(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), parentVariable+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, len("ready\n"))
	if _, err := io.ReadFull(out, line); err != nil || string(line) != "ready\n" {
		t.Fatalf("the parent says %q, %v", line, err)
	}
	worker := childOf(t, cmd.Process.Pid)
	fd, err := unix.PidfdOpen(worker, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the parent ended well")
	}
	poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	if n, err := unix.Poll(poll, 20_000); n != 1 {
		t.Errorf("the worker outlives its parent: %v", err)
		_ = unix.Kill(worker, unix.SIGKILL) // it is ours
	}
}

func childOf(t *testing.T, parent int) int {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range stats {
		data, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		pid, _, _ := strings.Cut(string(data), " ")
		fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:])) // state, parent, ...
		if id, err := strconv.Atoi(pid); err == nil && len(fields) > 1 && fields[1] == strconv.Itoa(parent) {
			return id
		}
	}
	t.Fatal("the parent has no child")
	return 0
}

// TestInheritedFilesAreClosed gives the child what a careless parent would: a file without close-on-exec.
func TestInheritedFilesAreClosed(t *testing.T) {
	file, err := os.Open("/etc/passwd")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	leaked, err := unix.Dup(int(file.Fd())) // dup clears close-on-exec
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(leaked)
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	task := "descriptors"
	for _, entry := range entries {
		var st unix.Stat_t
		name := "/proc/self/fd/" + entry.Name()
		if target, err := os.Readlink(name); err == nil && strings.HasPrefix(target, "/sys/fs/cgroup/") && unix.Stat(name, &st) == nil {
			task += fmt.Sprint(" ", st.Dev)
		}
	}
	answer, _, err := ask(t, Options{Mode: Require}, task)
	if err != nil || answer != "done" {
		t.Errorf("the worker holds %q, %v", answer, err)
	}
}

// TestFilter runs the program in the kernel's language against calls that must and must not pass, for mistakes that no break-out shows.
func TestFilter(t *testing.T) {
	t.Parallel()
	const pid = 4242
	p := filter(pid)
	for _, test := range []struct {
		name string
		call uint32
		args [6]uint64
		want uint32
	}{
		{"read", unix.SYS_READ, [6]uint64{}, unix.SECCOMP_RET_ALLOW},
		{"the last of the list", allowed[len(allowed)-1], [6]uint64{}, unix.SECCOMP_RET_ALLOW},
		{"openat", unix.SYS_OPENAT, [6]uint64{}, unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)},
		{"clone3", unix.SYS_CLONE3, [6]uint64{}, unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)},
		{"a thread", unix.SYS_CLONE, [6]uint64{0x3d0f00}, unix.SECCOMP_RET_ALLOW},
		{"the runtime's thread", unix.SYS_CLONE, [6]uint64{0x50f00}, unix.SECCOMP_RET_ALLOW},
		{"a fork whose flags are the number of an allowed call", unix.SYS_CLONE, [6]uint64{uint64(unix.SYS_READ)}, unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)},
		{"a fork", unix.SYS_CLONE, [6]uint64{17}, unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)},
		{"a thread in a new namespace", unix.SYS_CLONE, [6]uint64{0x3d0f00 | unix.CLONE_NEWUSER}, unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)},
		{"own thread", unix.SYS_TGKILL, [6]uint64{pid}, unix.SECCOMP_RET_ALLOW},
		{"another process", unix.SYS_TGKILL, [6]uint64{pid + 1}, unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)},
		{"reading a limit", unix.SYS_PRLIMIT64, [6]uint64{0, 7, 0, 1}, unix.SECCOMP_RET_ALLOW},
		{"setting a limit", unix.SYS_PRLIMIT64, [6]uint64{0, 7, 1}, unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)},
		{"setting a limit from high memory", unix.SYS_PRLIMIT64, [6]uint64{0, 7, 1 << 32}, unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)},
		{"F_GETFL", unix.SYS_FCNTL, [6]uint64{0, unix.F_GETFL}, unix.SECCOMP_RET_ALLOW},
		{"F_DUPFD", unix.SYS_FCNTL, [6]uint64{0, unix.F_DUPFD}, unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)},
		{"F_SETOWN", unix.SYS_FCNTL, [6]uint64{0, unix.F_SETOWN}, unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)},
		{"data memory", unix.SYS_MMAP, [6]uint64{0, 4096, 3}, unix.SECCOMP_RET_ALLOW},
		{"executable memory", unix.SYS_MMAP, [6]uint64{0, 4096, 7}, unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)},
	} {
		if got := interpret(t, p, test.call, auditArch, test.args); got != test.want {
			t.Errorf("%s: got %#x, want %#x", test.name, got, test.want)
		}
	}
	if got := interpret(t, p, unix.SYS_READ, unix.AUDIT_ARCH_I386, [6]uint64{}); got != unix.SECCOMP_RET_KILL_PROCESS {
		t.Errorf("another architecture: got %#x", got)
	}
}

// interpret executes the instructions that filter uses.
func interpret(t *testing.T, p []unix.SockFilter, call, arch uint32, args [6]uint64) uint32 {
	t.Helper()
	var data [16]uint32
	data[0], data[1] = call, arch
	for i, a := range args {
		data[4+2*i], data[5+2*i] = uint32(a), uint32(a>>32)
	}
	var a uint32
	for pc := 0; pc < len(p); pc++ {
		in := p[pc]
		holds := false
		switch in.Code {
		case unix.BPF_LD | unix.BPF_W | unix.BPF_ABS:
			a = data[in.K/4]
			continue
		case unix.BPF_RET | unix.BPF_K:
			return in.K
		case unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K:
			holds = a == in.K
		case unix.BPF_JMP | unix.BPF_JGT | unix.BPF_K:
			holds = a > in.K
		case unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K:
			holds = a&in.K != 0
		default:
			t.Fatalf("instruction %d: unknown code %#x", pc, in.Code)
		}
		if holds {
			pc += int(in.Jt)
		} else {
			pc += int(in.Jf)
		}
	}
	t.Fatal("the program ends without a verdict")
	return 0
}
