package engine_test

import (
	"testing"

	"github.com/reviewgate-app/reviewgate/rules/engine"
)

func TestBacktracks(t *testing.T) {
	t.Parallel()
	for expr, want := range map[string]bool{
		`(?!a)(b+)+c`:          true,
		`(?!a)(?:b+)+c`:        true,
		`(?!a)(b*c?)*d`:        true,
		`(?!a)(x|b+)*d`:        true,
		`(?!(b+)+c)x`:          true,
		`(?<=y)([\w]+)+$`:      true,
		`(a)\1(b+)+`:           false, // back references cannot be told
		`(?!a)(\w+\.)*_?[A-Z]`: false, // a dot stands between
		`(?!a)b+c`:             false,
		`(?!a)(b{1,3})+c`:      false,
		`(?![(b+)+])c`:         false, // a class
		`(?!\(b+\)+)c`:         false,
		`(b+)+c`:               false, // the linear engine runs it
		`(?!a`:                 false, // cannot be read
		`(?!a)[]x](b+)[^]]*`:   false,
	} {
		if got := engine.Backtracks(expr); got != want {
			t.Errorf("%s: %v, want %v", expr, got, want)
		}
	}
}
