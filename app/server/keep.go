package server

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
)

// Keep says how long what can be made again, or is no longer needed, is kept. 0: the default; negative: for ever.
type Keep struct {
	Deliveries time.Duration // bodies of webhooks; their ids stay
	Scans      time.Duration // scans, configurations, changed paths, fetched repositories
	Decisions  time.Duration // the facts of decisions that newer ones have followed; the decisions stay
	Deeds      time.Duration // the content of deeds that newer ones have followed; that they were done stays
	Audit      time.Duration // the audit log
}

const (
	day       = 24 * time.Hour
	leastKept = day
	mostKept  = 100 * 365 * day
	forever   = -1
)

// defaultKeep is what is kept where nothing is said.
var defaultKeep = Keep{Deliveries: 30 * day, Scans: 30 * day, Decisions: 90 * day, Deeds: 30 * day, Audit: forever}

type fileKeep struct {
	Deliveries *string `yaml:"deliveries"` // REVIEWGATE_KEEP_DELIVERIES
	Scans      *string `yaml:"scans"`      // REVIEWGATE_KEEP_SCANS
	Decisions  *string `yaml:"decisions"`  // REVIEWGATE_KEEP_DECISIONS
	Deeds      *string `yaml:"deeds"`      // REVIEWGATE_KEEP_DEEDS
	Audit      *string `yaml:"audit"`      // REVIEWGATE_KEEP_AUDIT
}

func (l *loader) keep(f *file, c *Config) {
	for _, one := range []struct {
		key, variable, def string
		file               *string
		to                 *time.Duration
	}{
		{"keep.deliveries", "REVIEWGATE_KEEP_DELIVERIES", "30d", f.Keep.Deliveries, &c.Keep.Deliveries},
		{"keep.scans", "REVIEWGATE_KEEP_SCANS", "30d", f.Keep.Scans, &c.Keep.Scans},
		{"keep.decisions", "REVIEWGATE_KEEP_DECISIONS", "90d", f.Keep.Decisions, &c.Keep.Decisions},
		{"keep.deeds", "REVIEWGATE_KEEP_DEEDS", "30d", f.Keep.Deeds, &c.Keep.Deeds},
		{"keep.audit", "REVIEWGATE_KEEP_AUDIT", "forever", f.Keep.Audit, &c.Keep.Audit},
	} {
		text, _ := l.value(one.file, one.variable, one.def)
		d, ok := keepTime(text)
		if !ok {
			l.bad(one.key, one.variable, fmt.Sprintf("%q is not a time from 1d to 36500d", text), one.def+" is a good start; forever keeps it")
		}
		*one.to = d
	}
}

// keepTime reads "30d" or "forever".
func keepTime(text string) (time.Duration, bool) {
	if text == "forever" {
		return forever, true
	}
	number, ok := strings.CutSuffix(text, "d")
	n, err := strconv.Atoi(number)
	d := time.Duration(min(max(n, 0), int(mostKept/day)+1)) * day
	return d, ok && err == nil && d >= leastKept && d <= mostKept
}

// fill sets what nothing was said of.
func (k *Keep) fill() {
	for _, one := range []struct{ to, def *time.Duration }{
		{&k.Deliveries, &defaultKeep.Deliveries}, {&k.Scans, &defaultKeep.Scans}, {&k.Decisions, &defaultKeep.Decisions}, {&k.Deeds, &defaultKeep.Deeds}, {&k.Audit, &defaultKeep.Audit},
	} {
		if *one.to == 0 {
			*one.to = *one.def
		}
	}
}

// before gives the moments before which things are dropped; zero: nothing is.
func (k Keep) before(now time.Time) store.Before {
	at := func(d time.Duration) time.Time {
		if d < 0 {
			return time.Time{}
		}
		return now.Add(-d)
	}
	return store.Before{Deliveries: at(k.Deliveries), Scans: at(k.Scans), Decisions: at(k.Decisions), Deeds: at(k.Deeds)}
}
