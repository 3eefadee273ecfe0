package dashboard

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// overviewData is what the first page of an administrator shows.
type overviewData struct {
	*Overview
	Jobs   []count
	Quotas []Quota // the least of what the processes heard
	Health []healthLine
}

// A healthLine says how one of the things is that the server stands on.
type healthLine struct {
	Name, Says, More string
	Since            time.Time
	Good, Unsure     bool
}

// Times after which something is not well.
const (
	writeLate = 40 * time.Second // every process writes each ten seconds
	readLate  = 30 * time.Minute // GitHub's log of deliveries is read with the sweeps
)

// health looks at the database, GitHub and the sandbox.
func (d *Dashboard) health(o *Overview) []healthLine {
	now := d.opt.Now()
	db := healthLine{Name: "Database", Says: "takes writes", Good: true}
	box := healthLine{Name: "Sandbox", Says: "holds", Good: true}
	workers := 0
	for _, p := range o.Processes {
		if p.Seen.After(db.Since) {
			db.Since = p.Seen
		}
		if p.Sandbox == "" {
			continue
		}
		workers++
		switch {
		case p.Sandbox == "off":
			box.Says, box.Good = "is off", false
		case len(p.Missing) > 0:
			box.Says, box.Good, box.More = "lacks layers", false, strings.Join(p.Missing, ", ")
		}
	}
	if now.Sub(db.Since) > writeLate {
		db.Says, db.Good = "was written last", false
	}
	if workers == 0 {
		box = healthLine{Name: "Sandbox", Says: "no process takes jobs"}
	}
	hub := healthLine{Name: "GitHub", Says: "answered", Good: true, Since: o.GitHubRead}
	switch {
	case o.GitHubRead.IsZero():
		hub.Says, hub.Good, hub.Unsure = "its log of deliveries was not read yet", false, true
	case now.Sub(o.GitHubRead) > readLate:
		hub.Says, hub.Good = "its log of deliveries was read last", false
	}
	return []healthLine{db, hub, box}
}

type count struct {
	Name string
	N    int
}

func (d *Dashboard) loadOverview(r *Request) (any, error) {
	o, err := d.opt.Facts.Overview(r.Context())
	if err != nil {
		return nil, err
	}
	data := &overviewData{Overview: o}
	data.Jobs = []count{{"running", o.Queue["running"]}, {"waiting", o.Queue["available"] + o.Queue["pending"]}, {"to be tried again", o.Queue["retryable"]}, {"for later", o.Queue["scheduled"]}}
	data.Health = d.health(o)
	least := map[int64]Quota{}
	for _, p := range o.Processes {
		for _, q := range p.Quotas {
			if was, ok := least[q.Installation]; d.opt.Now().Before(q.Reset) && (!ok || q.Remaining < was.Remaining) {
				least[q.Installation] = q
			}
		}
	}
	for _, q := range least {
		data.Quotas = append(data.Quotas, q)
	}
	slices.SortFunc(data.Quotas, func(a, b Quota) int { return cmp.Compare(a.Installation, b.Installation) })
	return data, nil
}
