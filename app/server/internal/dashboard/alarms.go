package dashboard

import (
	"context"
	"net/url"
	"slices"
	"strconv"

	"github.com/reviewgate-app/reviewgate/app/quality"
)

// maxAlarms bounds the page of alarms.
const maxAlarms = 100

// An alarmView is one alarm as the page shows it.
type alarmView struct {
	quality.Alarm
	Says          string
	Before, After cell
	Times         cell // how much more often
	Path          string
	Names         map[int64]string // of repositories
}

type alarmsView struct {
	Open, Ended []alarmView
	Hidden      bool // the viewer does not read everything, and may not see every alarm
}

// loadAlarms shows alarms. One counts every repository in which the agent works, so whoever does not read all of those is not told that it exists.
func (d *Dashboard) loadAlarms(r *Request) (any, error) {
	list, err := d.opt.Quality.Alarms(r.Context(), maxAlarms)
	if err != nil {
		return nil, err
	}
	names, err := d.opt.Quality.OutcomeRepos(r.Context())
	if err != nil {
		return nil, err
	}
	v := &alarmsView{Hidden: !r.Viewer.Admin}
	reads := map[string]bool{}
	for i := range list {
		a := &list[i]
		if _, known := reads[a.Agent]; !known {
			if reads[a.Agent], err = d.readsAll(r.Context(), r.Viewer, a.Agent); err != nil {
				return nil, err
			}
		}
		if !reads[a.Agent] {
			continue
		}
		one := alarmView{Alarm: *a, Says: a.String(), Before: rateCell(a.Before, true, "changes"), After: rateCell(a.After, true, "changes"), Names: names,
			Times: cell{Value: number(a.Ratio), Range: number(a.Low) + " to " + number(a.High)},
			Path:  address("/agents", url.Values{"since": {"all"}, "agent": {a.Agent}, "group": {string(a.Group)}})}
		if a.Ended.IsZero() {
			v.Open = append(v.Open, one)
		} else {
			v.Ended = append(v.Ended, one)
		}
	}
	return v, nil
}

// readsAll says whether a viewer may read every repository in which an agent works.
func (d *Dashboard) readsAll(ctx context.Context, v Viewer, agent string) (bool, error) {
	if v.Admin {
		return true, nil
	}
	repos, err := d.opt.Quality.Quality(ctx, quality.Filter{Agent: agent}, quality.ByRepo)
	if err != nil {
		return false, err
	}
	return !slices.ContainsFunc(repos, func(g quality.GroupRates) bool {
		id, err := strconv.ParseInt(g.Key, 10, 64)
		return err != nil || !v.Sees(id)
	}), nil
}
