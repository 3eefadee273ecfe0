package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestTerminal runs a scan at a terminal, which the scripts cannot: colours and folding, and who asks for neither.
// progressLine is the line that a scan of some length shows, and takes away again.
var progressLine = regexp.MustCompile(`\r\x1b\[K(scanning: [^\r]*)?`)

func TestTerminal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "app.py"), []byte("def load(cur, uid):\n    cur.execute(f\"SELECT name, street, town FROM users WHERE id = {uid}\")\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const plain = "high[python-sql-string-build]: SQL built from strings\n"
	for _, c := range []struct {
		name    string
		columns uint16
		env     string
		colour  bool
	}{
		{"wide", 200, "TERM=xterm", true},
		{"narrow", 60, "TERM=xterm", true},
		{"very narrow", 10, "TERM=xterm", true},
		{"NO_COLOR", 80, "NO_COLOR=1", false},
		{"dumb", 80, "TERM=dumb", false},
		{"of unknown size", 0, "TERM=xterm", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			out := atTerminal(t, c.columns, []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", c.env}, "scan", "--all", dir)
			out = progressLine.ReplaceAllString(out, "") // which a slow machine sees, in colour or not
			if strings.Contains(out, "\x1b[") != c.colour {
				t.Errorf("colour: want %v\n%q", c.colour, out)
			}
			if !c.colour && !strings.HasPrefix(out, plain) {
				t.Errorf("want it to start with %q:\n%s", plain, out)
			}
			for line := range strings.Lines(out) {
				line = strings.TrimSuffix(colourCodes.Replace(line), "\n")
				if most := int(c.columns); len(line) > most && most >= 60 {
					t.Errorf("%d columns in a terminal of %d: %q", len(line), most, line)
				}
			}
		})
	}
}

var colourCodes = strings.NewReplacer("\x1b[0m", "", "\x1b[0;22m", "", "\x1b[1m", "", "\x1b[2m", "", "\x1b[22m", "", "\x1b[36m", "", "\x1b[31;1m", "", "\x1b[32;1m", "")

// atTerminal runs reviewgate with both outputs at a terminal of that many columns, and gives what the terminal shows.
func atTerminal(t *testing.T, columns uint16, env []string, args ...string) string {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	fd := int(master.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Col: columns, Row: 50}); err != nil {
		t.Fatal(err)
	}
	tty, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Args = append([]string{"reviewgate"}, args...) // testscript.Main runs what this names
	cmd.Env, cmd.Stdout, cmd.Stderr = env, tty, tty
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	tty.Close()
	var shown bytes.Buffer
	_, _ = io.Copy(&shown, master) // ends with an error when the last one lets go of the terminal
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != exitBlocked {
		t.Errorf("exit code %d: %s", cmd.ProcessState.ExitCode(), shown.String())
	}
	return strings.ReplaceAll(shown.String(), "\r\n", "\n")
}
