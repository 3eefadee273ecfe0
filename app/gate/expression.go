package gate

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"unicode/utf8"
)

// MaxExpression bounds what one regular expression of a policy is compiled to, in steps; every step may be tried on every byte of every path.
const MaxExpression = 500

// An expression is a regular expression (RE2's syntax, so its time is bounded) that must match a whole path.
type expression struct{ exact, folded *regexp.Regexp }

// newExpression compiles what stands behind "re:".
func newExpression(expr string) (*expression, error) {
	switch {
	case expr == "":
		return nil, errors.New("an empty pattern matches nothing")
	case len(expr) > MaxGlob:
		return nil, fmt.Errorf("the pattern is longer than %d bytes", MaxGlob)
	case !utf8.ValidString(expr):
		return nil, errors.New("the pattern is not valid UTF-8")
	}
	// By itself first: "a)|(b" would break out of what is put around it.
	parsed, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		var bad *syntax.Error
		if errors.As(err, &bad) {
			return nil, fmt.Errorf("the regular expression cannot be read: %s: %q", bad.Code, clip(bad.Expr))
		}
		return nil, fmt.Errorf("the regular expression cannot be read: %w", err)
	}
	if program, err := syntax.Compile(parsed.Simplify()); err != nil || len(program.Inst) > MaxExpression {
		return nil, errors.New("the regular expression is too large: repeat less, or write several")
	}
	// The dot also stands for a line break: a file's name may have one.
	exact, err := regexp.Compile(`\A(?s:` + expr + `)\z`)
	if err != nil {
		return nil, fmt.Errorf("the regular expression cannot be read: %w", err)
	}
	folded, err := regexp.Compile(`\A(?si:` + expr + `)\z`)
	if err != nil {
		return nil, fmt.Errorf("the regular expression cannot be read: %w", err)
	}
	return &expression{exact, folded}, nil
}

func (e *expression) match(path string) bool { return e.exact.MatchString(path) }

// matchFolded is asked of inclusions only: folding may only add matches.
func (e *expression) matchFolded(folded string) bool { return e.folded.MatchString(folded) }
