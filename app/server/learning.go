package server

import (
	"fmt"
	"net/url"
	"time"

	"github.com/reviewgate-app/reviewgate/app/quality"
)

type fileQuality struct {
	Keep  *string  `yaml:"keep"`  // REVIEWGATE_QUALITY_KEEP
	Costs []string `yaml:"costs"` // in the file only
}

type fileAlarms struct {
	URL    *string `yaml:"webhook_url"`         // REVIEWGATE_ALARMS_WEBHOOK_URL
	Secret *string `yaml:"webhook_secret_file"` // REVIEWGATE_ALARMS_WEBHOOK_SECRET_FILE, or the secret itself in REVIEWGATE_ALARMS_WEBHOOK_SECRET
}

// minKeep is the least time that outcomes are kept: what follows a merge takes a month.
const minKeep = 60 * 24 * time.Hour

// learning reads the settings of what the gate learns.
func (l *loader) learning(f *file, c *Config) {
	keep, _ := l.value(f.Quality.Keep, "REVIEWGATE_QUALITY_KEEP", "forever")
	if keep != "forever" {
		days, err := time.ParseDuration(keep)
		if err != nil || days < minKeep {
			l.bad("quality.keep", "REVIEWGATE_QUALITY_KEEP", fmt.Sprintf("%q is neither forever nor a time of 1440h (60 days) or more", keep), "17520h is two years")
		}
		c.KeepOutcomes = days
	}
	if len(f.Quality.Costs) > quality.MaxPatterns {
		l.bad("quality.costs", "no variable", fmt.Sprintf("there are %d patterns, over the limit of %d", len(f.Quality.Costs), quality.MaxPatterns), "keep those that your agents write")
		return
	}
	for _, text := range f.Quality.Costs {
		p, err := quality.ParseCostPattern(text)
		if err != nil {
			l.bad("quality.costs", "no variable", err.Error(), `write it as "tokens: ^Tokens: ([0-9,]+)$" or "USD: ^Cost: \$([0-9.]+)$"`)
			continue
		}
		c.Costs = append(c.Costs, p)
	}
	c.Alarms.URL, _ = l.value(f.Alarms.URL, "REVIEWGATE_ALARMS_WEBHOOK_URL", "")
	before := len(l.problems)
	c.Alarms.Secret = l.secret("alarms.webhook_secret_file", f.Alarms.Secret, "REVIEWGATE_ALARMS_WEBHOOK_SECRET")
	if c.Alarms.URL == "" || len(l.problems) > before {
		return
	}
	if why := checkHook(c.Alarms.URL); why != "" {
		l.bad("alarms.webhook_url", "REVIEWGATE_ALARMS_WEBHOOK_URL", fmt.Sprintf("%q %s", withoutPassword(c.Alarms.URL), why), "write it as https://HOST/PATH")
	}
	if len(c.Alarms.Secret) < minSecret {
		l.bad("alarms.webhook_secret_file", "REVIEWGATE_ALARMS_WEBHOOK_SECRET_FILE", fmt.Sprintf("it has %d bytes and could be guessed", len(c.Alarms.Secret)), "use at least 32 random characters, and give them to the receiver")
	}
}

// checkHook says what is wrong with the address of a webhook, in which, other than in GitHub's, a query may stand.
func checkHook(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Fragment != "" {
		return "is not an address"
	}
	u.RawQuery = ""
	if why := checkURL(u.String()); why != "would send tokens in the clear" {
		return why
	}
	return "would send what was found in the clear"
}
