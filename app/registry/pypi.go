package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/reviewgate-app/reviewgate/checks"
)

// askPyPI reads the page of a project in an index: its JSON form (PEP 691, with times since PEP 700) where the index has one, or else HTML (PEP 503),
// which proves no more than that there is the project. When its files came, such an index may say in the older JSON form of the same host.
func askPyPI(ctx context.Context, c client, at address, name string) (a checks.Answer, err error) {
	const accept = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"
	err = c.get(ctx, at.join(name, ""), accept, func(r reply) error {
		if r.status != http.StatusOK {
			a.State = checks.Absent
			return nil
		}
		kind, _, _ := mime.ParseMediaType(r.header.Get("Content-Type"))
		page := &pypiPage{}
		var err error
		if strings.HasSuffix(kind, "json") {
			err = page.readJSON(r.body)
		} else {
			err = page.readHTML(r.body, name)
		}
		if err != nil || pyName(page.name) != name {
			return strange("a page of a package index", err)
		}
		a = page.answer()
		return nil
	})
	if err == nil && a.State == checks.Exists && a.First == "" {
		oldPyPI(ctx, c, at, name, &a)
	}
	return a, err
}

type pypiPage struct {
	name   string
	status string // PEP 792
	count  int    // of versions
	files  int
	yanked int
	first  time.Time
}

func (p *pypiPage) answer() checks.Answer {
	switch {
	case p.status == "quarantined":
		return checks.Answer{State: checks.Removed, Why: "it is in quarantine"}
	case p.files == 0:
		return checks.Answer{State: checks.Removed, Why: "it has no files"}
	case p.yanked == p.files:
		return checks.Answer{State: checks.Removed, Why: "all of its files are yanked"}
	}
	return checks.Answer{State: checks.Exists, First: day(p.first), Releases: p.count}
}

func (p *pypiPage) readJSON(r io.Reader) error {
	dec := json.NewDecoder(r)
	spoken := false
	err := object(dec, func(key string) error {
		switch key {
		case "meta":
			spoken = true
		case "name":
			return dec.Decode(&p.name)
		case "versions":
			return list(dec, func() error {
				p.count++
				return skip(dec)
			})
		case "project-status":
			var s struct {
				Status string `json:"status"`
			}
			err := dec.Decode(&s)
			p.status = s.Status
			return err
		case "files":
			return list(dec, func() error {
				var f struct {
					Uploaded string `json:"upload-time"`
					Yanked   any    `json:"yanked"` // a truth value, or the reason
				}
				if err := dec.Decode(&f); err != nil {
					return err
				}
				p.file(f.Uploaded, f.Yanked != nil && f.Yanked != false)
				return nil
			})
		}
		return skip(dec)
	})
	if err == nil && !spoken {
		err = errors.New("JSON: it has no meta")
	}
	return err
}

func (p *pypiPage) file(uploaded string, yanked bool) {
	p.files++
	if yanked {
		p.yanked++
	}
	if t, err := time.Parse(time.RFC3339, uploaded); err == nil && (p.first.IsZero() || t.Before(p.first)) {
		p.first = t
	}
}

var anchor = regexp.MustCompile(`(?is)<a\s([^>]*)>\s*([^<]*)</a>`)

// readHTML takes the anchors whose text is a file of the project: an error page has none.
func (p *pypiPage) readHTML(r io.Reader, name string) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	for _, m := range anchor.FindAllSubmatch(data, -1) {
		if file := pyName(string(m[2])); strings.HasPrefix(file, name+"-") {
			p.name = name
			p.file("", strings.Contains(strings.ToLower(string(m[1])), "data-yanked"))
		}
	}
	if p.files == 0 {
		return fmt.Errorf("HTML: no file of %s", name)
	}
	return nil
}

// oldPyPI asks the JSON form that is older than the simple one: beside ".../simple" lies ".../pypi/NAME/json". What it does not say stays unknown.
func oldPyPI(ctx context.Context, c client, at address, name string, a *checks.Answer) {
	path := strings.TrimSuffix(at.url.Path, "/")
	root, ok := strings.CutSuffix(path, "/simple")
	if !ok {
		return
	}
	beside := *at.url
	beside.Path, beside.RawPath = root, ""
	page := &pypiPage{}
	err := c.get(ctx, address{url: &beside}.join("pypi", name, "json"), "application/json", func(r reply) error {
		if r.status != http.StatusOK {
			return errors.New("it has none")
		}
		dec := json.NewDecoder(r.body)
		return object(dec, func(key string) error {
			if key != "releases" {
				return skip(dec)
			}
			return object(dec, func(string) error {
				page.count++
				return list(dec, func() error {
					var f struct {
						Uploaded string `json:"upload_time_iso_8601"`
					}
					err := dec.Decode(&f)
					page.file(f.Uploaded, false)
					return err
				})
			})
		})
	})
	if err == nil && page.files > 0 {
		a.First, a.Releases = day(page.first), page.count
	}
}
