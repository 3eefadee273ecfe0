package checks

import "math"

// Interval bounds the share that k of n stand for, with 95 % confidence. It is Wilson's score interval, which holds for small numbers and for shares near 0
// and 1. Of nothing nothing is known: 0 to 1.
func Interval(k, n int) (low, high float64) {
	if n <= 0 {
		return 0, 1
	}
	const z = 1.959964
	p, m := float64(k)/float64(n), float64(n)
	centre := (p + z*z/(2*m)) / (1 + z*z/m)
	half := z * math.Sqrt(p*(1-p)/m+z*z/(4*m*m)) / (1 + z*z/m)
	return max(centre-half, 0), min(centre+half, 1)
}
