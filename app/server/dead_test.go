package server_test

import (
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
)

// TestDeadDelivery: a webhook that an older program could not read is taken in once a newer one can, and only then.
func TestDeadDelivery(t *testing.T) {
	t.Parallel()
	w := newEmptyWorld(t)
	w.start()
	w.inst = w.app.Install(w.org, w.alice)
	p := w.open("topic", pay)
	w.expect(p, "action_required")
	ctx := t.Context()
	for guid, body := range map[string]string{"bad": "{", "good": `{"action":"created","installation":{"id":99},"repositories":[],"sender":{"id":1,"login":"alice","type":"User"}}`} {
		must(t, w.srv.KeepUnreadable(ctx, guid, "installation", []byte(body)))
	}
	list, err := w.srv.DeadLetters(ctx)
	if err != nil || len(list) != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	if found, err := w.srv.RetryDead(ctx, store.DeadDelivery, "bad", "alice"); err == nil || found || !strings.Contains(err.Error(), "still cannot be read") {
		t.Errorf("bad: %v, %v", found, err)
	}
	for try := range 2 {
		if found, err := w.srv.RetryDead(ctx, store.DeadDelivery, "good", "alice"); err != nil || found != (try == 0) {
			t.Errorf("good, try %d: %v, %v", try, found, err)
		}
	}
	if found, err := w.srv.DropDead(ctx, store.DeadDelivery, "bad", "alice"); err != nil || !found {
		t.Errorf("drop: %v, %v", found, err)
	}
	dump, err := w.srv.Dump(ctx)
	must(t, err)
	if !strings.Contains(dump, `["good" "installation" "created"`) || strings.Count(dump, `"dead letter retried"`) != 1 || strings.Count(dump, `"dead letter dropped"`) != 1 {
		t.Error(dump)
	}
	w.idle()
}
