package dashboard

import (
	"cmp"
	"slices"
)

// overviewData is what the first page of an administrator shows.
type overviewData struct {
	*Overview
	Jobs   []count
	Quotas []Quota // the least of what the processes heard
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
	for _, name := range []string{"running", "available", "scheduled", "retryable", "pending"} {
		data.Jobs = append(data.Jobs, count{name, o.Queue[name]})
	}
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
