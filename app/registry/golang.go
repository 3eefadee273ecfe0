package registry

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/reviewgate-app/reviewgate/checks"
)

// askGo asks a module proxy for the versions of a module, and when the lowest was made. That time is the commit's: who makes it can choose it.
func askGo(ctx context.Context, c client, at address, name string) (a checks.Answer, err error) {
	escaped, err := module.EscapePath(name)
	if err != nil {
		return a, failure{"it is no path of a module", nil}
	}
	var tagged []string
	err = c.get(ctx, at.join(escaped, "@v", "list"), "text/plain", func(r reply) error {
		if r.status != http.StatusOK {
			a.State = checks.Absent
			return nil
		}
		data, err := io.ReadAll(r.body)
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(data)) {
			v, _, _ := strings.Cut(strings.TrimSpace(line), " ")
			switch {
			case v == "":
			case !semver.IsValid(v):
				return strange("a list of versions", nil)
			default:
				tagged = append(tagged, v)
			}
		}
		a.State = checks.Exists
		return nil
	})
	var f failure
	if err != nil && !errors.As(err, &f) {
		return a, err
	}
	if err != nil || len(tagged) == 0 {
		// One without tags is known by its newest commit; some proxies refuse to list.
		switch _, known, latest := goInfo(ctx, c, at, escaped, "@latest"); {
		case latest != nil:
			return a, cmpError(err, latest)
		case !known:
			return checks.Answer{State: checks.Absent}, nil
		}
		return checks.Answer{State: checks.Exists}, nil
	}
	semver.Sort(tagged)
	a.Releases = len(tagged)
	if v, err := module.EscapeVersion(tagged[0]); err == nil {
		if made, known, err := goInfo(ctx, c, at, escaped, "@v", v+".info"); err == nil && known {
			a.First = day(made)
		}
	}
	return a, nil
}

// cmpError gives the first of two errors that there is.
func cmpError(first, second error) error {
	if first != nil {
		return first
	}
	return second
}

func goInfo(ctx context.Context, c client, at address, escaped string, rest ...string) (made time.Time, known bool, err error) {
	err = c.get(ctx, at.join(append([]string{escaped}, rest...)...), "application/json", func(r reply) error {
		if r.status != http.StatusOK {
			return nil
		}
		var info struct {
			Version string
			Time    time.Time
		}
		if err := json.NewDecoder(r.body).Decode(&info); err != nil || !semver.IsValid(info.Version) {
			return strange("one about a version", err)
		}
		made, known = info.Time, true
		return nil
	})
	return made, known, err
}
