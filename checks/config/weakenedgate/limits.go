package weakenedgate

import (
	"path"
	"strconv"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks/internal/regexp"
)

// A limit is a number or word in a configuration that decides when a gate fails.
type limit struct {
	key   string
	value string
	rank  float64 // the higher, the stricter
	firm  bool    // taking the whole line away is worth telling too
}

var (
	atLeast   = regexp.MustCompile(`(?i)(--cov-fail-under|--fail-under(?:-\w+)?|\bfail[_-]under\b|\bcoverage[_-]?threshold\b|\bmin(?:imum)?[_-]?coverage\b|\bcovered_?ratio_?minimum\b|\bmutation[_-]?threshold\b)["']?\s*[:=> ]\s*["']?(-?\d+(?:\.\d+)?)`)
	jsLimit   = regexp.MustCompile(`^\s*["']?(branches|functions|lines|statements)["']?\s*:\s*(-?\d+(?:\.\d+)?)`)
	jacoco    = regexp.MustCompile(`(?:<(minimum)>|\b(minimum)\s*=\s*)\s*(\d+(?:\.\d+)?)`)
	codecov   = regexp.MustCompile(`^\s*(target|threshold)\s*:\s*["']?(\d+(?:\.\d+)?)%?`)
	atMost    = regexp.MustCompile(`(--max-warnings)[= ]+(\d+)`)
	levels    = regexp.MustCompile(`(fail-on-severity|--audit-level|--severity-threshold|--fail-on)["']?\s*[:= ]\s*["']?(low|moderate|medium|high|critical)\b`)
	weakTrue  = regexp.MustCompile(`(?i)\b(testFailureIgnore|maven\.test\.(?:skip|failure\.ignore)|skipTests|skipITs|ignoreFailures|allow_failure)\b["']?\s*[:=>]\s*["']?(true|false)\b`)
	weakFalse = regexp.MustCompile(`(?i)(\bcheck-coverage|\bfailOnViolation|\bfailsOnError|\bfailOnWarning|\bhaltOnFailure|\berrorOnUnmatched|\bwarn_unused_ignores|\bdisallow_untyped_defs|\bstrict|\bnoImplicitAny|\bstrictNullChecks)["']?\s*[:=>]\s*["']?(true|false)\b`)
)

var ranks = map[string]float64{"low": 0, "moderate": -1, "medium": -1, "high": -2, "critical": -3}

// limitOf reads a line of a configuration file. text is the whole file, which tells words apart that mean something in some files only.
func limitOf(name, text, line string) (limit, bool) {
	if m := atLeast.FindStringSubmatch(line); m != nil {
		return limit{key: strings.ToLower(m[1]), value: m[2], rank: number(m[2]), firm: true}, true
	}
	base := path.Base(name)
	script := strings.HasSuffix(base, "s") && strings.Contains(base, "config.") || base == "package.json" || strings.HasPrefix(base, ".nyc") || strings.HasPrefix(base, ".c8")
	if m := jsLimit.FindStringSubmatch(line); m != nil && (script && (strings.Contains(text, "hreshold") || strings.Contains(text, "check-coverage"))) {
		return limit{key: m[1], value: m[2], rank: number(m[2])}, true
	}
	if m := jacoco.FindStringSubmatch(line); m != nil && strings.Contains(strings.ToLower(text), "jacoco") {
		return limit{key: m[1] + m[2], value: m[3], rank: number(m[3])}, true
	}
	if m := codecov.FindStringSubmatch(line); m != nil && strings.Contains(base, "codecov") {
		rank := number(m[2])
		if m[1] == "threshold" {
			rank = -rank
		}
		return limit{key: m[1], value: m[2] + "%", rank: rank}, true
	}
	if m := atMost.FindStringSubmatch(line); m != nil {
		return limit{key: m[1], value: m[2], rank: -number(m[2])}, true
	}
	if m := levels.FindStringSubmatch(line); m != nil {
		return limit{key: m[1], value: m[2], rank: ranks[m[2]]}, true
	}
	if m := weakTrue.FindStringSubmatch(line); m != nil {
		rank := 1.0
		if strings.EqualFold(m[2], "true") {
			rank = 0
		}
		return limit{key: m[1], value: m[2], rank: rank}, true
	}
	if m := weakFalse.FindStringSubmatch(line); m != nil {
		rank := 0.0
		if strings.EqualFold(m[2], "true") {
			rank = 1
		}
		return limit{key: m[1], value: m[2], rank: rank}, true
	}
	return limit{}, false
}

func number(s string) float64 {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0 // the patterns let digits through only
	}
	if f > 0 && f <= 1 {
		return f * 100 // a share
	}
	return f
}
