package quality

import "math"

// Poisson gives the exact 95 % interval of the mean that a count of k stands for (Garwood 1936).
func Poisson(k int) (low, high float64) {
	const tail = 0.025
	if k > 0 {
		low = root(func(mean float64) float64 { return tail - (1 - poissonBelow(k-1, mean)) }, 0, float64(k))
	}
	top := float64(k) + 10*math.Sqrt(float64(k)+1) + 10
	return low, root(func(mean float64) float64 { return poissonBelow(k, mean) - tail }, float64(k), top)
}

// poissonBelow is the probability of k or fewer events.
func poissonBelow(k int, mean float64) float64 {
	if mean <= 0 {
		return 1
	}
	// Summed from the largest term that counts downwards: each is the one above it times i/mean.
	lg, _ := math.Lgamma(float64(k) + 1)
	term := math.Exp(float64(k)*math.Log(mean) - mean - lg)
	sum := 0.0
	for i := k; i >= 0 && (term > 1e-18 || float64(i) > mean); i-- {
		sum += term
		term *= float64(i) / mean
	}
	return math.Min(sum, 1)
}

// root finds where a function that falls from above 0 to below it is 0.
func root(f func(float64) float64, low, high float64) float64 {
	for range 100 {
		mid := (low + high) / 2
		if f(mid) > 0 {
			low = mid
		} else {
			high = mid
		}
	}
	return (low + high) / 2
}
