package model_test

import (
	"math/rand/v2"
	"testing"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/model"
	"github.com/reviewgate-app/reviewgate/app/simulate"
)

type throws struct{ *rand.Rand }

func (d throws) Int(_ string, max int) int { return d.IntN(max + 1) }

// TestStory plays histories in the model alone, writes down what happened to each pull request, and has `policy simulate` play that: every story
// must be one, and where it holds everything, simulate must say what the oracle says.
func TestStory(t *testing.T) {
	t.Parallel()
	exact, passed := 0, 0
	for seed := range uint64(300) {
		d := throws{rand.New(rand.NewPCG(seed, 1))} //nolint:gosec // the same seed, the same history
		h := model.Draw(d)
		w := model.NewWorld(h)
		floor := []byte(w.Floor)
		if w.Floor == "" {
			floor = nil
		}
		for range d.IntN(25) {
			w.Apply(model.DrawStep(d))
		}
		for _, p := range w.Pulls {
			text, whole := w.Story(p.Number)
			pull, problems := simulate.Parse("pull.yml", []byte(text))
			if len(problems) > 0 {
				t.Fatalf("history %d, #%d: %v\n%s", seed, p.Number, problems[0], text)
			}
			r, err := simulate.Run(t.Context(), &simulate.Input{Floor: floor, Pull: pull, File: "pull.yml"})
			if err != nil {
				t.Fatalf("history %d, #%d: %v\n%s", seed, p.Number, err, text)
			}
			last := r.Steps[len(r.Steps)-1]
			if !whole || p.State != "open" || last.Lost {
				continue
			}
			exact++
			green := last.Conclusion == "success"
			if miss := w.Missing(p, model.View{}); green && len(miss) > 0 {
				t.Errorf("history %d: simulate lets #%d pass, but: %q\n%s", seed, p.Number, miss, text)
			}
			if len(w.Missing(p, model.View{Honest: true})) == 0 && model.CheckName(p.Base) != "" && last.Decision.State != gate.Pass {
				t.Errorf("history %d: #%d has all that it needs, and simulate says %s: %s\n%s", seed, p.Number, last.Decision.State, last.Decision.Title, text)
			}
			if green {
				passed++
			}
		}
	}
	if exact < 100 || passed < 15 {
		t.Errorf("%d stories held everything, and %d of them passed", exact, passed)
	}
}
