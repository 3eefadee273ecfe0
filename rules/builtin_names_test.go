package rules_test

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/rules"
)

// measured are the names of packages, helpers and files of the sets that detection is measured on, in lower case and hashed, so that they
// stand nowhere in this repository.
var measured = map[string]bool{
	"60d91739b091": true,
	"d69aedf24191": true,
	"29600c992cc3": true,
	"8660050ace95": true,
	"e274fffa0e9a": true,
	"5e57be2b9694": true,
	"d6e8c3ddb4c5": true,
	"4822cc825592": true,
	"1b9218840af2": true,
	"ccd484249934": true,
	"1cfcb1b8f0b5": true,
	"e0bf4bd3eadd": true,
	"73ed8eaa3f90": true,
	"0d8b3a6a6748": true,
	"36d0b12c876e": true,
	"76fca52f92a2": true,
	"22cbe69566cd": true,
	"6cbfe292a84e": true,
	"33aaa7158ea5": true,
}

var word = regexp.MustCompile(`[a-z]+`)

// No rule knows what it is measured on.
func TestBuiltinNamesNoBenchmark(t *testing.T) {
	t.Parallel()
	for _, src := range rules.Builtin() {
		for _, w := range word.FindAllString(strings.ToLower(string(src.Data)), -1) {
			sum := sha256.Sum256([]byte(w))
			if measured[hex.EncodeToString(sum[:6])] {
				t.Errorf("%s names %q, which belongs to a set that rules are measured on", src.Name, w)
			}
		}
	}
}
