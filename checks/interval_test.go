package checks

import (
	"math"
	"testing"
)

// The expected bounds are those of the formula as Brown, Cai and DasGupta tabulate it (2001), computed by hand.
func TestInterval(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		k, n      int
		low, high float64
	}{
		{0, 0, 0, 1},
		{0, 10, 0, 0.2775},
		{10, 10, 0.7225, 1},
		{5, 10, 0.2366, 0.7634},
		{19, 20, 0.7639, 0.9911},
		{1, 1, 0.2065, 1},
	} {
		low, high := Interval(c.k, c.n)
		if math.Abs(low-c.low) > 0.0001 || math.Abs(high-c.high) > 0.0001 {
			t.Errorf("Interval(%d, %d) = %.4f, %.4f, want %.4f, %.4f", c.k, c.n, low, high, c.low, c.high)
		}
	}
}
