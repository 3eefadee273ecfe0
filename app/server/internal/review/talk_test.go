package review_test

import (
	"context"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/server/internal/review"
)

// Comments, heads and steps, as a review sees them.

func (w *world) Talk(_ context.Context, _, _ string, number int) ([]github.Remark, bool, error) {
	w.say("talk %d", number)
	return w.talk[number], !w.talkCut, w.talkErr
}

func (w *world) Contributed(context.Context, string, string, gate.Person) (bool, error) {
	w.say("contributed")
	return true, nil
}

func (w *world) Heads(context.Context, review.Ref) ([]review.Head, error) { return w.heads, nil }

func (w *world) Said(_ context.Context, ref review.Ref) ([]review.Said, error) {
	return w.said[ref.Number], nil
}

func (w *world) CompleteSaid(_ context.Context, ref review.Ref, e gate.LedgerEntry) error {
	for i := range w.said[ref.Number] {
		if w.said[ref.Number][i].ReviewID == e.ReviewID {
			w.said[ref.Number][i].LedgerEntry = e
		}
	}
	return nil
}

func (w *world) Answers(context.Context, review.Ref) ([]review.Answer, error) { return w.answers, nil }

func (w *world) Step(context.Context, int64, string, string) ([]string, bool, error) {
	return nil, false, nil
}

func (w *world) SaveStep(_ context.Context, _ int64, from, to string, paths []string) error {
	w.say("step %s..%s %q", from, to, paths)
	return nil
}

func (w *world) Answer(context.Context, review.Ref) error {
	for _, d := range w.pending {
		if d.GitHub.Kind == github.Edit {
			w.edit(d)
			continue
		}
		w.done[d.Name] = true
		w.answers = append(w.answers, review.Answer{Number: d.GitHub.Number, Name: d.Name})
		w.say("%s %s", d.GitHub.Kind, d.Name)
	}
	w.pending = nil
	return nil
}

// The histories of the model have no comments.

func (*play) Talk(context.Context, string, string, int) ([]github.Remark, bool, error) {
	return nil, true, nil
}

func (*play) Comments(context.Context, string, string, int) ([]github.PostedComment, error) {
	return nil, nil
}

func (*play) Contributed(context.Context, string, string, gate.Person) (bool, error) {
	return true, nil
}
func (*play) Heads(context.Context, review.Ref) ([]review.Head, error)         { return nil, nil }
func (*play) Said(context.Context, review.Ref) ([]review.Said, error)          { return nil, nil }
func (*play) CompleteSaid(context.Context, review.Ref, gate.LedgerEntry) error { return nil }
func (*play) Answers(context.Context, review.Ref) ([]review.Answer, error)     { return nil, nil }
func (*play) SaveStep(context.Context, int64, string, string, []string) error  { return nil }
func (*play) Answer(context.Context, review.Ref) error                         { return nil }
func (*play) Step(context.Context, int64, string, string) ([]string, bool, error) {
	return nil, false, nil
}

func (g *tree) Links(_ context.Context, sha string, _ int) (map[string][]byte, error) {
	return g.w.links[sha], g.w.linksErr
}

func (*clone) Links(context.Context, string, int) (map[string][]byte, error) { return nil, nil }

func (w *world) Mentions(context.Context, review.Ref) ([]gate.Mention, error) { return w.mentions, nil }
func (*play) Mentions(context.Context, review.Ref) ([]gate.Mention, error)    { return nil, nil }
