package source

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A rawLine is one line of `git diff-* --raw -z --no-renames --no-abbrev`. An id of all zeros ("look at the work tree") and the id of an
// absent side are empty.
type rawLine struct {
	oldMode, newMode uint32
	oldID, newID     string
	status           byte // A D M T U
	path             string
}

// parseRaw reads git's table of changed paths. It accepts exactly what the commands of this package print and fails on anything else,
// because a line that is misread or lost would hide a change.
func parseRaw(data []byte) ([]rawLine, error) {
	var lines []rawLine
	for len(data) > 0 {
		head, rest, ok := bytes.Cut(data, []byte{0})
		if !ok {
			return nil, errors.New("git's list of changed files is cut off")
		}
		path, rest, ok := bytes.Cut(rest, []byte{0})
		if !ok || len(path) == 0 {
			return nil, errors.New("git's list of changed files is cut off")
		}
		data = rest
		l, err := parseRawHead(string(head))
		if err != nil {
			return nil, err
		}
		l.path = string(path)
		lines = append(lines, l)
	}
	return lines, nil
}

// parseRawHead reads ":100644 100755 <id> <id> M".
func parseRawHead(s string) (rawLine, error) {
	var l rawLine
	bad := fmt.Errorf("git's list of changed files has an odd line: %q", clip(s, 200))
	fields := strings.Split(s, " ")
	if len(fields) != 5 || len(fields[0]) != 7 || fields[0][0] != ':' || len(fields[1]) != 6 || len(fields[4]) != 1 {
		return l, bad
	}
	oldMode, err1 := strconv.ParseUint(fields[0][1:], 8, 32)
	newMode, err2 := strconv.ParseUint(fields[1], 8, 32)
	if err1 != nil || err2 != nil || !isHash(fields[2]) || !isHash(fields[3]) || len(fields[2]) != len(fields[3]) {
		return l, bad
	}
	if !strings.Contains("ADMTU", fields[4]) {
		return l, bad
	}
	l = rawLine{oldMode: uint32(oldMode), newMode: uint32(newMode), oldID: fields[2], newID: fields[3], status: fields[4][0]}
	if zeroHash(l.oldID) {
		l.oldID = ""
	}
	if zeroHash(l.newID) {
		l.newID = ""
	}
	return l, nil
}

// isHash says whether s is an object id in full: 40 (SHA-1) or 64 (SHA-256) lower-case hex digits.
func isHash(s string) bool {
	if len(s) != 40 && len(s) != 64 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func zeroHash(s string) bool { return strings.Trim(s, "0") == "" }
