package quality

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/reviewgate-app/reviewgate/app/gate"
)

// A CostPattern finds tokens or money in the text of a change. Operators configure them; without any nothing is read.
type CostPattern struct {
	What     CostWhat
	Currency string // of money: an ISO 4217 code
	re       *regexp.Regexp
}

// A CostWhat is what a pattern finds.
type CostWhat string

// What patterns find.
const (
	CostTokens CostWhat = "tokens"
	CostMoney  CostWhat = "money"
)

var currency = regexp.MustCompile(`^[A-Z]{3}$`)

// Bounds of cost patterns.
const (
	maxPattern   = 300
	MaxPatterns  = 20
	maxTokens    = 1e12
	maxMoney     = 1e6
	maxCostLines = 2000
)

// ParseCostPattern reads one: "tokens: ^Tokens: ([0-9,]+)$", "USD: ^Cost: \$([0-9.]+)$". The regular expression has one group, the number; it is tried on each
// line of the description and of the commits' messages.
func ParseCostPattern(s string) (CostPattern, error) {
	what, expr, ok := strings.Cut(s, ":")
	what, expr = strings.TrimSpace(what), strings.TrimSpace(expr)
	switch {
	case !ok || expr == "" || len(expr) > maxPattern:
		return CostPattern{}, fmt.Errorf("%q is not WHAT: EXPRESSION, with WHAT tokens or a currency such as USD", s)
	case what != string(CostTokens) && !currency.MatchString(what):
		return CostPattern{}, fmt.Errorf("%q is neither tokens nor a currency such as USD", what)
	}
	re, err := regexp.Compile(expr)
	if err != nil {
		return CostPattern{}, fmt.Errorf("the expression of %q: %w", what, err)
	}
	if re.NumSubexp() != 1 {
		return CostPattern{}, errors.New("the expression needs one group in brackets: the number")
	}
	if what == string(CostTokens) {
		return CostPattern{What: CostTokens, re: re}, nil
	}
	return CostPattern{What: CostMoney, Currency: what, re: re}, nil
}

// Stated adds up what a change states. Each line is read by the first pattern that fits; a line that is there twice (a description that a commit repeats) counts
// once. Money in two currencies is not added: then no money is stated.
func Stated(patterns []CostPattern, f *gate.Facts) Cost {
	var c Cost
	if len(patterns) == 0 {
		return c
	}
	texts := []string{f.Body}
	for i := range f.Commits {
		texts = append(texts, f.Commits[i].Message)
	}
	seen, mixed := map[string]bool{}, false
	for _, text := range texts {
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if line == "" || len(line) > maxPattern || seen[line] || len(seen) == maxCostLines {
				continue
			}
			seen[line] = true
			for i := range patterns {
				p := &patterns[i]
				m := p.re.FindStringSubmatch(line)
				if m == nil {
					continue
				}
				n, err := strconv.ParseFloat(strings.NewReplacer(",", "", "_", "", " ", "").Replace(m[1]), 64)
				switch {
				case err != nil || !(n > 0): // it says nothing
				case p.What == CostTokens && n <= maxTokens:
					c.Tokens += int64(n)
				case p.What == CostMoney && n <= maxMoney:
					mixed = mixed || c.Currency != "" && c.Currency != p.Currency
					c.Money, c.Currency = c.Money+n, p.Currency
				}
				break
			}
		}
	}
	if mixed {
		c.Money, c.Currency = 0, ""
	}
	return c
}
