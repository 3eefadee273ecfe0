package quality

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestAlpha: by hand, for three changes of two people: 0 and 0, 50 and 100, 100 and 100. Observed: 2·(2·12500-22500)/1 = 5000 over 6 values;
// expected: 2·(6·32500-350²)/5 = 29000.
func TestAlpha(t *testing.T) {
	t.Parallel()
	got, ok := alpha([][]float64{{0, 0}, {50, 100}, {100, 100}})
	if want := 1 - 5000.0/29000; !ok || math.Abs(got-want) > 1e-12 {
		t.Errorf("%v, want %v", got, want)
	}
	if _, ok := alpha([][]float64{{50, 50}, {50, 50}}); ok {
		t.Error("nothing differs, and an agreement is claimed")
	}
}

func TestAgreement(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	make := func(n int, noise float64) (out []Pair) {
		for range n {
			truth := float64(r.IntN(101))
			say := func() float64 { return min(100, max(0, truth+noise*(2*r.Float64()-1))) }
			out = append(out, Pair{People: []float64{say(), say()}, Measure: say()})
		}
		return out
	}
	for _, c := range []struct {
		name      string
		pairs     []Pair
		low, high float64 // of alpha
		known     bool
	}{
		{"the same", make(50, 0), 1, 1, true},
		{"nearly", make(50, 20), 0.75, 0.999, true},
		{"by chance", make(200, 10000), -0.2, 0.2, true},
		{"too few", make(4, 0), 0, 0, false},
	} {
		for who, a := range map[string]Reliability{"people": PeopleReliability(c.pairs), "measure": MeasureReliability(c.pairs)} {
			if a.Known != c.known || c.known && (a.Alpha < c.low || a.Alpha > c.high || a.Low > a.Alpha || a.High < a.Alpha) {
				t.Errorf("%s, %s: %+v", c.name, who, a)
			}
		}
	}
	if a := PeopleReliability([]Pair{{People: []float64{1}}, {People: []float64{2}}}); a.Changes != 0 || a.Known {
		t.Errorf("one person alone: %+v", a)
	}
	pairs := make(60, 30)
	if a, b := MeasureReliability(pairs), MeasureReliability(pairs); a != b {
		t.Errorf("the same changes have two intervals: %+v, %+v", a, b)
	}
}
