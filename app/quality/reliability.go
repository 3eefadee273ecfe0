package quality

import (
	"math/rand/v2"
	"slices"
)

// A Pair is what people and the measure say of one change by one criterion, each from 0 to 100.
type Pair struct {
	People  []float64 // what each said
	Measure float64
}

// A Reliability says how far two views of the same changes agree: Krippendorff's alpha for interval data (Krippendorff 2011), 1 where they always do, 0 where they
// agree as often as by chance, below 0 where they contradict each other. The interval is a bootstrap over changes.
type Reliability struct {
	Changes int     `json:"changes"`
	Alpha   float64 `json:"alpha"`
	Low     float64 `json:"low"`
	High    float64 `json:"high"`
	// Known is false where too little was judged, or everything has the same score: then nothing can be said.
	Known bool `json:"known"`
	Small bool `json:"small,omitempty"`
}

// Bounds of an agreement.
const (
	reliableLeast = 5    // changes
	reliableFirm  = 20   // with fewer it is shown as small
	resamples     = 1000 // of the bootstrap
	reliableMost  = 2000 // changes that are looked at
)

// PeopleReliability says how far people agree among each other, over the changes that two or more of them judged.
func PeopleReliability(pairs []Pair) Reliability {
	var units [][]float64
	for _, p := range pairs {
		if len(p.People) > 1 {
			units = append(units, p.People)
		}
	}
	return reliability(units)
}

// MeasureReliability says how far the measure agrees with the mean of what people say.
func MeasureReliability(pairs []Pair) Reliability {
	var units [][]float64
	for _, p := range pairs {
		if len(p.People) > 0 {
			units = append(units, []float64{sumOf(p.People) / float64(len(p.People)), p.Measure})
		}
	}
	return reliability(units)
}

func sumOf(list []float64) (sum float64) {
	for _, v := range list {
		sum += v
	}
	return sum
}

func reliability(units [][]float64) Reliability {
	units = units[:min(len(units), reliableMost)]
	a := Reliability{Changes: len(units), Low: -1, High: 1, Small: len(units) < reliableFirm}
	if len(units) < reliableLeast {
		return a
	}
	if a.Alpha, a.Known = alpha(units); !a.Known {
		return a
	}
	r := rand.New(rand.NewPCG(1, uint64(len(units)))) //nolint:gosec // the same changes have the same interval
	var all []float64
	again := make([][]float64, len(units))
	for range resamples {
		for i := range again {
			again[i] = units[r.IntN(len(units))]
		}
		if v, ok := alpha(again); ok {
			all = append(all, v)
		}
	}
	if len(all) < resamples/2 { // nearly everything has the same score
		a.Known = false
		return a
	}
	slices.Sort(all)
	a.Low, a.High = all[len(all)*25/1000], all[min(len(all)*975/1000, len(all)-1)]
	return a
}

// alpha is 1 - observed/expected disagreement, with squared differences. ok is false where nothing differs at all.
func alpha(units [][]float64) (v float64, ok bool) {
	var n, sum, squares, observed float64
	for _, u := range units {
		m := float64(len(u))
		var s, q float64
		for _, x := range u {
			s += x
			q += x * x
		}
		n, sum, squares = n+m, sum+s, squares+q
		observed += 2 * (m*q - s*s) / (m - 1) // all ordered pairs of the unit
	}
	expected := 2 * (n*squares - sum*sum) / (n - 1)
	if expected <= 1e-9 {
		return 0, false
	}
	return 1 - observed/expected, true
}
