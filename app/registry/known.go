package registry

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
)

// knownPackages is the operator's list: a line for each package, "npm lodash".
type knownPackages struct{ file }

// of keeps of the list what the questions are about: a line for each ecosystem that it speaks of, and one for each name that it has.
func (k *knownPackages) of(names []*checks.Answer) (list []byte, err error) {
	f, err := k.open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	asked := map[string]bool{}
	for _, a := range names {
		asked[a.Ecosystem+" "+a.Name] = true
	}
	found := map[string]bool{}
	in := bufio.NewScanner(io.LimitReader(f, maxAdvisoryFile))
	for n := 1; in.Scan(); n++ {
		line := strings.TrimSpace(in.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		ecosystem, name, ok := strings.Cut(line, " ")
		name = strings.TrimSpace(name)
		if !ok || name == "" {
			return nil, fmt.Errorf("%s:%d: %.60q is not an ecosystem (npm, PyPI, Go, Maven), a space and a name", k.path, n, line)
		}
		for known := range ecosystems {
			if strings.EqualFold(known, ecosystem) {
				ecosystem = known
			}
		}
		if ecosystem == "PyPI" {
			name = pyName(name)
		}
		found[ecosystem] = true
		if asked[ecosystem+" "+name] {
			found[ecosystem+" "+name] = true
		}
	}
	if err := in.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			err = errors.New("a line of it is too long")
		}
		return nil, fmt.Errorf("%s: %w", k.path, err)
	}
	var lines []string
	for line := range found {
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return []byte(strings.Join(lines, "\n") + "\n"), nil
}
