package report

import "github.com/reviewgate-app/reviewgate/checks"

// levels maps a severity, once for all outputs, to SARIF's level and to the security-severity score that GitHub sorts by
// (docs.github.com, "SARIF support for code scanning": over 9.0 critical, 7.0-8.9 high, 4.0-6.9 medium, 0.1-3.9 low).
var levels = map[checks.Severity]struct{ sarif, score, annotation, workflow string }{
	checks.Critical: {"error", "9.5", "failure", "error"},
	checks.High:     {"error", "8.0", "failure", "error"},
	checks.Medium:   {"warning", "5.5", "warning", "warning"},
	checks.Low:      {"note", "2.0", "notice", "notice"},
	checks.Info:     {"note", "0.5", "notice", "notice"},
}
