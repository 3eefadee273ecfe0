package sandbox

import "testing"

// What was unmapped comes back by itself: the test goes on running in it.
func TestDropStartPages(t *testing.T) {
	for range 2 {
		if dropped := dropStartPages(); dropped < 1<<20 {
			t.Fatalf("%d bytes of the program were unmapped", dropped)
		}
	}
}
