package dashboard

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// Records are the signed records.
type Records interface {
	// Records lists those of the repositories (nil: of all), the newest first, that are older than before (0: all).
	Records(ctx context.Context, repos []int64, before int64, limit int) ([]Record, error)
	// RecordFile gives the envelope of a record, and the repository that it is about.
	RecordFile(ctx context.Context, id int64) (repo int64, envelope []byte, err error)
	Signing(ctx context.Context) (Signing, error)
}

// A Record is one, as the page lists it.
type Record struct {
	ID, Sequence int64
	RepoID       int64
	Repo         string // "owner/name"
	Number       int
	Kind, State  string
	Head, Merged string
	Made         time.Time
	Digest, Key  string
}

// Signing says who signs.
type Signing struct {
	Key, Algorithm string // of what signs now; "": nothing is signed
	Chains         []RecordChain
}

// A RecordChain is how far the records of an installation go.
type RecordChain struct {
	Installation, Sequence int64
	Digest                 string
}

// recordsPage is how many records a page lists.
const recordsPage = 50

func (d *Dashboard) recordPages() []Page {
	if d.opt.Records == nil {
		return nil
	}
	return []Page{{Path: "/records", Title: "Records", Nav: "Records", Template: "records.html", Load: d.loadRecords}}
}

type recordsView struct {
	Signing Signing
	List    []Record
	Repo    string // the repository that is chosen
}

func (d *Dashboard) loadRecords(r *Request) (any, error) {
	repos := readable(r.Viewer)
	v := &recordsView{}
	if chosen := r.Get("repo"); chosen != "" {
		id, err := strconv.ParseInt(chosen, 10, 64)
		if err != nil || !r.Viewer.Sees(id) {
			return nil, ErrNotFound
		}
		repos, v.Repo = []int64{id}, chosen
	}
	before := int64(0)
	if after := r.Get("after"); after != "" {
		var err error
		if before, err = strconv.ParseInt(after, 10, 64); err != nil || before < 1 {
			return nil, ErrNotFound
		}
	}
	var err error
	if v.Signing, err = d.opt.Records.Signing(r.Context()); err != nil {
		return nil, err
	}
	if !r.Viewer.Admin {
		v.Signing.Chains = nil // their lengths count what the viewer may not see
	}
	if v.List, err = d.opt.Records.Records(r.Context(), repos, before, recordsPage+1); err != nil {
		return nil, err
	}
	if len(v.List) > recordsPage {
		v.List = v.List[:recordsPage]
		r.Next = r.With("after", strconv.FormatInt(v.List[recordsPage-1].ID, 10))
	}
	return v, nil
}

func (d *Dashboard) recordData(r *Request) (*file, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return nil, ErrNotFound
	}
	repo, envelope, err := d.opt.Records.RecordFile(r.Context(), id)
	if err != nil {
		return nil, err
	}
	if !r.Viewer.Sees(repo) {
		return nil, ErrNotFound
	}
	return &file{fmt.Sprintf("record-%d.json", id), "application/json", envelope}, nil
}
