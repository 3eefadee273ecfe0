package dashboard

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/reviewgate-app/reviewgate/app/quality"
)

// downloads mounts what is answered as JSON or CSV, under the rules of the pages: whoever is signed in gets what they may read.
func (d *Dashboard) downloads() {
	if d.opt.Quality != nil {
		d.mux.HandleFunc("GET /api/v1/quality/{by}", d.api(d.qualityData))
	}
	if d.opt.Records != nil {
		d.mux.HandleFunc("GET /api/v1/records/{id}", d.api(d.recordData))
	}
}

// A file is an answer that is no page.
type file struct {
	name, kind string
	data       []byte
}

// api answers a request for data. Errors are JSON, and nobody is led to sign-in.
func (d *Dashboard) api(load func(*Request) (*file, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, hr *http.Request) {
		fail := func(status int, text string) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_ = json.NewEncoder(w).Encode(map[string]string{"message": text}) // whoever asked may be gone
		}
		v := Viewer{Login: "this machine", Admin: true, Local: true}
		var err error
		if !d.opt.Loopback {
			v, _, err = d.signedIn(hr)
		}
		var f *file
		if err == nil {
			f, err = load(&Request{Request: hr, Viewer: v})
		}
		var refusal *Refusal
		var away *awayError
		switch {
		case err == nil:
			w.Header().Set("Content-Type", f.kind)
			w.Header().Set("Content-Disposition", `attachment; filename="`+f.name+`"`)
			_, _ = w.Write(f.data) // whoever asked may be gone
		case errors.Is(err, errNobody):
			fail(http.StatusUnauthorized, "sign in first")
		case errors.Is(err, ErrNotFound):
			fail(http.StatusNotFound, "it does not exist, or GitHub does not let you see it")
		case errors.As(err, &refusal):
			fail(http.StatusBadRequest, refusal.Message)
		case errors.As(err, &away):
			fail(http.StatusServiceUnavailable, "GitHub does not answer, and what you may see is not known")
		default:
			if hr.Context().Err() == nil {
				d.opt.Log.Error().Err(err).Str("path", clip(hr.URL.Path, 200)).Msg("data cannot be given")
			}
			fail(http.StatusInternalServerError, "something went wrong; the server's log says why")
		}
	}
}

// qualityData gives the numbers of the tables, by what the address says.
func (d *Dashboard) qualityData(r *Request) (*file, error) {
	what := r.PathValue("by")
	f, err := d.form(r)
	if err != nil {
		return nil, err
	}
	format := r.Get("format")
	if format != "" && format != "json" && format != "csv" {
		return nil, &Refusal{"The format is json or csv."}
	}
	if what == "rule" {
		list, err := d.opt.Quality.RuleTallies(r.Context(), f.filter)
		if err != nil {
			return nil, err
		}
		if format == "csv" {
			return ruleCSV(list)
		}
		return jsonFile("rules.json", map[string]any{"rules": append([]quality.RuleTally{}, list...), "proposals": append([]quality.Proposal{}, quality.Proposals(list, rolloutsOf(list), quality.DefaultBounds)...)})
	}
	by := quality.By(what)
	if what == "all" {
		by = quality.ByAll
	} else if by == quality.ByAll || !slices.Contains(quality.Bys(), by) {
		return nil, ErrNotFound
	}
	groups, err := d.opt.Quality.Quality(r.Context(), f.filter, by)
	if err != nil {
		return nil, err
	}
	for i := range groups { // sums of seconds depend on the order in which a database adds
		groups[i].Compute = math.Round(groups[i].Compute*1000) / 1000
	}
	if format == "csv" {
		return groupCSV(what, groups)
	}
	return jsonFile("quality-"+what+".json", map[string]any{"by": what, "groups": append([]quality.GroupRates{}, groups...)})
}

func jsonFile(name string, v any) (*file, error) {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing %s: %w", name, err)
	}
	return &file{name, "application/json", append(data, '\n')}, nil
}

// groupCSV has one line for each group, with each rate as its value, interval, count and denominator.
func groupCSV(what string, groups []quality.GroupRates) (*file, error) {
	heads := []string{"key", "name", "changes", "lines", "merged"}
	for i := range metrics {
		m := &metrics[i]
		heads = append(heads, m.Key)
		if m.rate != nil {
			heads = append(heads, m.Key+"_low", m.Key+"_high", m.Key+"_count", m.Key+"_of", m.Key+"_small")
		}
	}
	rows := [][]string{heads}
	exact := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	for i := range groups {
		g := &groups[i]
		line := []string{text(g.Key), text(g.Name), strconv.Itoa(g.Changes), strconv.Itoa(g.Lines), strconv.Itoa(g.Merged)}
		for j := range metrics {
			m := &metrics[j]
			if m.rate == nil {
				v := m.mean(&g.Rates)
				if v < 0 {
					line = append(line, "")
					continue
				}
				line = append(line, exact(v))
				continue
			}
			r := m.rate(&g.Rates)
			line = append(line, exact(r.Value), exact(r.Low), exact(r.High), strconv.Itoa(r.Count), exact(r.Of), strconv.FormatBool(r.Small))
		}
		rows = append(rows, line)
	}
	return csvFile("quality-"+what+".csv", rows)
}

func ruleCSV(list []quality.RuleTally) (*file, error) {
	rows := [][]string{{"rule", "group", "changes", "findings", "blocking", "told", "false_positives", "waived", "fixed", "ignored", "suppressed"}}
	for _, t := range list {
		line := []string{text(t.Rule), text(string(t.Group))}
		for _, n := range []int{t.Changes, t.Findings, t.Blocking, t.Told, t.False, t.Waived, t.Fixed, t.Ignored, t.Suppressed} {
			line = append(line, strconv.Itoa(n))
		}
		rows = append(rows, line)
	}
	return csvFile("rules.csv", rows)
}

// text keeps a name of a stranger's from being a formula where a table opens the file.
func text(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

func csvFile(name string, rows [][]string) (*file, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.WriteAll(rows); err != nil {
		return nil, fmt.Errorf("writing %s: %w", name, err)
	}
	return &file{name, "text/csv; charset=utf-8", b.Bytes()}, nil
}
