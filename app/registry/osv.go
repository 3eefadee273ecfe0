package registry

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"time"

	"github.com/reviewgate-app/reviewgate/checks"
)

const (
	perQuery     = 500 // packages of one batch; the protocol allows 1,000
	maxPages     = 10
	maxRecords   = 500 // advisories that are read whole
	keepQueries  = 6 * time.Hour
	keepRecords  = 7 * 24 * time.Hour // an advisory that changes has another mark
	osvNothing   = "no advisories are given"
	osvUnusable  = "the advisories cannot be read"
	osvEcosystem = "OSV"
)

// advisories answers the versions, from files and from an address that speaks OSV's protocol. The records that speak of them become facts.
func (r *Registry) advisories(ctx context.Context, asked []*checks.Answer, facts *checks.Facts) {
	if len(asked) == 0 {
		return
	}
	records := map[string]*record{}
	given := false
	if r.cfg.Advisories != "" {
		given = true
		about := map[string]bool{}
		for _, a := range asked {
			about[a.Ecosystem+" "+a.Name] = true
		}
		found, err := r.local.about(ctx, about)
		if err != nil {
			r.cfg.Tell("advisories: " + err.Error())
			answerAll(asked, osvUnusable)
		}
		for _, one := range found {
			records[one.ID] = one
		}
	}
	if addresses := r.cfg.addresses[osvEcosystem]; len(addresses) > 0 {
		given = true
		for _, at := range addresses {
			r.query(ctx, at, asked, records)
		}
	}
	if !given {
		answerAll(asked, osvNothing)
	}
	for _, a := range asked {
		a.State = cmp.Or(a.State, checks.Exists)
		slices.Sort(a.IDs)
		a.IDs = slices.Compact(a.IDs)
	}
	facts.Advisories = marshal(records, asked)
}

func answerAll(asked []*checks.Answer, why string) {
	for _, a := range asked {
		if a.State == "" {
			a.State, a.Why = checks.Unknown, why
		}
	}
}

// A hit is an advisory that speaks of a version, with the time of its last change.
type hit struct {
	ID       string    `json:"id"`
	Modified time.Time `json:"modified"`
}

// query asks one address: first which advisories speak of the versions, in batches, then what they say.
func (r *Registry) query(ctx context.Context, at address, asked []*checks.Answer, records map[string]*record) {
	hits := map[*checks.Answer][]hit{}
	var ask []*checks.Answer
	for _, a := range asked {
		var known []hit
		if r.cache.get("query", at.String()+" "+a.Ecosystem+" "+a.Name+" "+a.Version, &known) {
			hits[a] = known
		} else {
			ask = append(ask, a)
		}
	}
	for batch := range slices.Chunk(ask, perQuery) {
		found, err := r.batch(ctx, at, batch)
		if err != nil {
			answerAll(batch, r.say(osvEcosystem, err))
			continue
		}
		for i, a := range batch {
			hits[a] = found[i]
			r.cache.put("query", at.String()+" "+a.Ecosystem+" "+a.Name+" "+a.Version, found[i], keepQueries)
		}
	}
	read := 0
	for _, a := range asked {
		for _, h := range hits[a] {
			if !advisoryID.MatchString(h.ID) {
				continue
			}
			a.IDs = append(a.IDs, h.ID)
			if records[h.ID] != nil || read >= maxRecords {
				continue
			}
			read++
			// That a version is affected is known; without the record only the version that mends it is not.
			if one, err := r.record(ctx, at, h); err != nil {
				r.say(osvEcosystem, err)
			} else if one.Withdrawn == "" {
				records[h.ID] = one
			} else {
				a.IDs = a.IDs[:len(a.IDs)-1]
			}
		}
	}
}

var advisoryID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$`)

type osvQuery struct {
	Package struct {
		Ecosystem string `json:"ecosystem"`
		Name      string `json:"name"`
	} `json:"package"`
	Version string `json:"version"`
	Page    string `json:"page_token,omitempty"`
}

// batch asks which advisories speak of each version; an answer may come in pages.
func (r *Registry) batch(ctx context.Context, at address, asked []*checks.Answer) ([][]hit, error) {
	out := make([][]hit, len(asked))
	queries, of := make([]osvQuery, len(asked)), make([]int, len(asked))
	for i, a := range asked {
		queries[i].Package.Ecosystem, queries[i].Package.Name, queries[i].Version, of[i] = a.Ecosystem, a.Name, a.Version, i
	}
	for page := 0; len(queries) > 0; page++ {
		if page == maxPages {
			return nil, failure{"its answer does not end", nil}
		}
		body, err := json.Marshal(map[string]any{"queries": queries})
		if err != nil {
			return nil, err
		}
		var answer struct {
			Results []struct {
				Vulns []hit  `json:"vulns"`
				Next  string `json:"next_page_token"`
			} `json:"results"`
		}
		err = r.http.do(ctx, http.MethodPost, at.join("v1", "querybatch"), "application/json", string(body), func(reply reply) error {
			if err := json.NewDecoder(reply.body).Decode(&answer); err != nil || reply.status != http.StatusOK || len(answer.Results) != len(queries) {
				return strange("one of OSV", err)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		var next []osvQuery
		var nextOf []int
		for i, one := range answer.Results {
			out[of[i]] = append(out[of[i]], one.Vulns...)
			if one.Next != "" {
				q := queries[i]
				q.Page = one.Next
				next, nextOf = append(next, q), append(nextOf, of[i])
			}
		}
		queries, of = next, nextOf
	}
	return out, nil
}

// record reads an advisory whole.
func (r *Registry) record(ctx context.Context, at address, h hit) (*record, error) {
	key := at.String() + " " + h.ID + " " + h.Modified.UTC().Format(time.RFC3339Nano)
	one := &record{}
	if r.cache.get("record", key, one) && one.ID == h.ID {
		return one, nil
	}
	one = &record{}
	err := r.http.get(ctx, at.join("v1", "vulns", url.PathEscape(h.ID)), "application/json", func(reply reply) error {
		if err := json.NewDecoder(reply.body).Decode(one); err != nil || reply.status != http.StatusOK || one.ID != h.ID {
			return strange("an advisory", err)
		}
		return nil
	})
	if err == nil {
		r.cache.put("record", key, one, keepRecords)
	}
	return one, err
}
