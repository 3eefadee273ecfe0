package sample

import (
	"math/rand"
)

func hits() {
	// ruleid: go-predictable-random
	a := rand.Int()
	// ruleid: go-predictable-random
	b := rand.Intn(10)
	// ruleid: go-predictable-random
	c := rand.Float64()
	// ok: go-predictable-random
	rand.Shuffle(10, swap)
	// ok: go-predictable-random
	d := random.Int()
	// ok: go-predictable-random
	e := crand.Text()
}
