package knownvulnerable

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks/supply/internal/manifest"
)

// advisories by ecosystem and package: "npm lodash".
type advisories map[string][]affected

// affected is what one advisory says of one package.
type affected struct {
	id       string
	versions []string
	ranges   [][]event
}

// An event is where a range begins or ends; one of the fields is set.
type event struct {
	Introduced   string `json:"introduced"`
	Fixed        string `json:"fixed"`
	LastAffected string `json:"last_affected"`
}

type record struct {
	ID        string `json:"id"`
	Withdrawn string `json:"withdrawn"`
	Affected  []struct {
		Package struct {
			Ecosystem string `json:"ecosystem"`
			Name      string `json:"name"`
		} `json:"package"`
		Ranges []struct {
			Type   string  `json:"type"`
			Events []event `json:"events"`
		} `json:"ranges"`
		Versions []string `json:"versions"`
	} `json:"affected"`
}

// readAdvisories reads JSON objects one after another, or arrays of them.
func readAdvisories(data []byte) (advisories, error) {
	out := advisories{}
	dec := json.NewDecoder(bytes.NewReader(data))
	for {
		var raw json.RawMessage
		if err := dec.Decode(&raw); errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return nil, fmt.Errorf("JSON: %w", err)
		}
		var list []record
		if raw[0] == '[' {
			if err := json.Unmarshal(raw, &list); err != nil {
				return nil, fmt.Errorf("JSON: %w", err)
			}
		} else {
			var one record
			if err := json.Unmarshal(raw, &one); err != nil {
				return nil, fmt.Errorf("JSON: %w", err)
			}
			list = append(list, one)
		}
		for _, r := range list {
			out.add(&r)
		}
	}
}

func (l advisories) add(r *record) {
	if r.Withdrawn != "" || r.ID == "" {
		return
	}
	for _, p := range r.Affected {
		ecosystem, _, _ := strings.Cut(p.Package.Ecosystem, ":")
		name := p.Package.Name
		if ecosystem == string(manifest.PyPI) {
			name = manifest.PyName(name)
		}
		a := affected{id: r.ID, versions: p.Versions}
		for _, g := range p.Ranges {
			if g.Type == "SEMVER" || g.Type == "ECOSYSTEM" {
				a.ranges = append(a.ranges, g.Events)
			}
		}
		key := ecosystem + " " + name
		l[key] = append(l[key], a)
	}
}

// holds tells whether a version is affected, and the first version after it that is not.
func (a *affected) holds(version string) (hit bool, fixed string) {
	for _, events := range a.ranges {
		if in, fix := within(events, version); in {
			return true, fix
		}
	}
	return slices.Contains(a.versions, version), ""
}

// lastFix gives the newest version that mends one of the ranges; "" if there is none, or one that cannot be compared.
func (a *affected) lastFix() (fixed string) {
	for _, events := range a.ranges {
		for _, e := range events {
			switch {
			case e.Fixed == "":
			case !numeric.MatchString(e.Fixed):
				return ""
			case fixed == "" || compare(e.Fixed, fixed) > 0:
				fixed = e.Fixed
			}
		}
	}
	return fixed
}

// within walks the events of one range in the order of their versions. What is no version of numbers is not compared.
func within(events []event, version string) (in bool, fixed string) {
	if !numeric.MatchString(version) {
		return false, ""
	}
	for _, e := range events {
		if v := e.Introduced + e.Fixed + e.LastAffected; !numeric.MatchString(v) {
			return false, ""
		}
	}
	events = slices.Clone(events)
	slices.SortStableFunc(events, func(a, b event) int {
		return compare(a.Introduced+a.Fixed+a.LastAffected, b.Introduced+b.Fixed+b.LastAffected)
	})
	for _, e := range events {
		switch {
		case e.Introduced != "" && compare(version, e.Introduced) >= 0:
			in = true
		case e.Fixed != "" && compare(version, e.Fixed) >= 0, e.LastAffected != "" && compare(version, e.LastAffected) > 0:
			in = false
		case e.Fixed != "" && in:
			return true, e.Fixed
		}
	}
	return in, ""
}

var numeric = regexp.MustCompile(`^v?\d{1,9}(\.\d{1,9}){0,5}$`)

// compare orders versions of numbers.
func compare(a, b string) int {
	x, y := strings.Split(strings.TrimPrefix(a, "v"), "."), strings.Split(strings.TrimPrefix(b, "v"), ".")
	for i := range max(len(x), len(y)) {
		m, n := 0, 0
		if i < len(x) {
			m, _ = strconv.Atoi(x[i]) // numeric has looked
		}
		if i < len(y) {
			n, _ = strconv.Atoi(y[i])
		}
		if m != n {
			return m - n
		}
	}
	return 0
}
