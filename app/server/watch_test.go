package server_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// What the dashboard and the alert rules ask for.
const (
	dashboardFile = "../../deploy/grafana/reviewgate.json"
	alertsFile    = "../../deploy/prometheus/alerts.yml"
	alertsTest    = "../../deploy/prometheus/alerts_test.yml"
	runbook       = "https://github.com/reviewgate-app/reviewgate/blob/main/docs/incident.md#"
)

var (
	metricForm = regexp.MustCompile(`\b((?:reviewgate|go|process)_[a-z_]+)(\{[^}]*\})?`)
	labelForm  = regexp.MustCompile(`([a-z_]+)(?:=~|!~|!=|=)"`)
	byForm     = regexp.MustCompile(`\bby \(([a-z_, ]+)\)`)
)

type alertRules struct {
	Groups []struct {
		Rules []struct {
			Alert, Expr         string
			Labels, Annotations map[string]string
		}
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	must(t, err)
	return string(data)
}

// TestWatch: every metric and label that the dashboard and the alert rules name is one that a server has which judged a pull request.
func TestWatch(t *testing.T) {
	t.Parallel()
	w := newEmptyWorld(t)
	w.cfg.Metrics = "127.0.0.1:0"
	w.start()
	w.inst = w.app.Install(w.org, w.alice)
	w.expect(w.open("topic", pay), "action_required")
	w.idle()
	there := map[string]map[string]bool{}
	for line := range strings.SplitSeq(w.get("http://"+w.srv.MetricsAddr()+"/metrics"), "\n") {
		m := metricForm.FindStringSubmatch(line)
		if m == nil || strings.HasPrefix(line, "#") {
			continue
		}
		if there[m[1]] == nil {
			there[m[1]] = map[string]bool{}
		}
		for _, l := range labelForm.FindAllStringSubmatch(m[2], -1) {
			there[m[1]][l[1]] = true
		}
	}
	// The tests' server has no sandbox, and its secrets come from no files.
	there["reviewgate_sandbox_layer"] = map[string]bool{"layer": true}
	there["reviewgate_secret_file_ok"] = map[string]bool{"secret": true}

	var exprs []string
	var board any
	must(t, json.Unmarshal([]byte(readFile(t, dashboardFile)), &board))
	collect(board, &exprs)
	if len(exprs) < 20 {
		t.Errorf("the dashboard asks only %d questions", len(exprs))
	}
	var alerts alertRules
	must(t, yaml.Unmarshal([]byte(readFile(t, alertsFile)), &alerts))
	for _, r := range alerts.Groups[0].Rules {
		exprs = append(exprs, r.Expr)
	}
	for _, expr := range exprs {
		known := []string{"job", "instance"} // Prometheus adds them
		for _, m := range metricForm.FindAllStringSubmatch(expr, -1) {
			labels, ok := there[m[1]]
			if !ok {
				t.Errorf("there is no metric %s: %s", m[1], expr)
			}
			for l := range labels {
				known = append(known, l)
			}
			for _, l := range labelForm.FindAllStringSubmatch(m[2], -1) {
				if l[1] != "job" && !labels[l[1]] {
					t.Errorf("%s has no label %s: %s", m[1], l[1], expr)
				}
			}
		}
		for _, m := range byForm.FindAllStringSubmatch(expr, -1) {
			for l := range strings.SplitSeq(m[1], ", ") {
				if !slices.Contains(known, l) {
					t.Errorf("no metric has the label %s: %s", l, expr)
				}
			}
		}
	}
}

// collect finds the questions of a dashboard, wherever they stand in it.
func collect(v any, into *[]string) {
	switch v := v.(type) {
	case map[string]any:
		if expr, ok := v["expr"].(string); ok {
			*into = append(*into, expr)
		}
		for _, inner := range v {
			collect(inner, into)
		}
	case []any:
		for _, inner := range v {
			collect(inner, into)
		}
	}
}

// TestAlerts: each has a story in which it fires (promtool plays them: make test-tools), and says where to read on.
func TestAlerts(t *testing.T) {
	t.Parallel()
	var alerts alertRules
	must(t, yaml.Unmarshal([]byte(readFile(t, alertsFile)), &alerts))
	stories, page := readFile(t, alertsTest), readFile(t, "../../docs/incident.md")
	for _, r := range alerts.Groups[0].Rules {
		if !strings.HasPrefix(r.Alert, "Reviewgate") || !slices.Contains([]string{"critical", "warning"}, r.Labels["severity"]) || r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
			t.Errorf("%s lacks a name of ours, a severity, a summary or a description", r.Alert)
		}
		if want := runbook + strings.ToLower(r.Alert); r.Annotations["runbook_url"] != want {
			t.Errorf("%s: its runbook is %s, not %s", r.Alert, r.Annotations["runbook_url"], want)
		}
		if !strings.Contains(page, "\n### "+r.Alert+"\n") {
			t.Errorf("docs/incident.md does not say what to do about %s", r.Alert)
		}
		if !strings.Contains(stories, "alertname: "+r.Alert+"\n") {
			t.Errorf("%s has no story in which it fires", r.Alert)
		}
	}
}
