package language_test

import (
	"cmp"
	"os"
	"testing"

	"github.com/reviewgate-app/reviewgate/rules/language"
)

// FuzzLanguage reads files of the language that REVIEWGATE_FUZZ_LANGUAGE names, python without it. `make fuzz` goes through all there are.
func FuzzLanguage(f *testing.F) {
	name := cmp.Or(os.Getenv("REVIEWGATE_FUZZ_LANGUAGE"), "python")
	if language.ForName(name) == nil {
		f.Fatalf("REVIEWGATE_FUZZ_LANGUAGE=%s: there is no such language", name)
	}
	fuzz(f, name, "", "a", "f(a)", "a: b", "\xff\xfe\x00")
}
