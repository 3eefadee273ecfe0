package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/reviewgate-app/reviewgate/app/gate"
)

// What the methods of this package say in the audit log of what they write, in the same transaction.

// lastDecided is the newest decision on a pull request, without its facts; nil if there is none.
func (t *Tx) lastDecided(ctx context.Context, k Key) (*gate.Decision, error) {
	var text string
	err := wrap(t.tx.QueryRowContext(ctx, `SELECT decision FROM decisions WHERE repo_id = $1 AND number = $2 ORDER BY id DESC LIMIT 1`, k.RepoID, k.Number).Scan(&text), "reading the last decision")
	if errors.Is(err, ErrNotFound) {
		return nil, nil //nolint:nilnil // there is none
	}
	if err != nil {
		return nil, err
	}
	d := new(gate.Decision)
	if err := json.Unmarshal([]byte(text), d); err != nil {
		return nil, fmt.Errorf("reading the last decision: %w", err)
	}
	return d, nil
}

// auditDecision tells a decision, and the words of people that count in it and did not in the one before.
func (t *Tx) auditDecision(ctx context.Context, d *Decision, before *gate.Decision, decision, facts []byte) error {
	digest := func(data []byte) string {
		sum := sha256.Sum256(data)
		return hex.EncodeToString(sum[:])
	}
	e := AuditEntry{At: d.Made, Actor: ByServer, Kind: AuditDecision, RepoID: d.RepoID, Number: d.Number, Subject: string(d.Decision.State), Detail: map[string]any{
		"head": d.Head, "base_ref": d.BaseRef, "base": d.Base, "title": d.Decision.Title, "generation": d.Generation, "scan_key": d.ScanKey, "config_key": d.ConfigKey,
		"decision_sha256": digest(decision), "facts_sha256": digest(facts), "advisory": d.Decision.Advisory,
	}}
	if err := t.Audit(ctx, e); err != nil {
		return err
	}
	if before == nil {
		before = new(gate.Decision)
	}
	counted := map[string]bool{}
	for _, w := range before.Waivers {
		counted[fmt.Sprint("waiver ", w.CommentID, w.Rule)] = w.Counts
	}
	for _, g := range before.Guards {
		for _, c := range g.Checklists {
			counted[fmt.Sprint("checklist ", g.Name, "/", c.Name, "/", c.By)] = c.By != ""
		}
	}
	for _, w := range d.Decision.Waivers {
		if !w.Counts || counted[fmt.Sprint("waiver ", w.CommentID, w.Rule)] {
			continue
		}
		if err := t.Audit(ctx, AuditEntry{At: d.Made, Actor: w.By.Login, Kind: AuditWaiver, RepoID: d.RepoID, Number: d.Number, Subject: w.Rule, Detail: map[string]any{
			"head": d.Head, "comment_id": w.CommentID, "reason": w.Reason, "until": w.Until, "took_part": w.Self, "user_id": w.By.ID,
		}}); err != nil {
			return err
		}
	}
	for _, g := range d.Decision.Guards {
		for _, c := range g.Checklists {
			if c.By == "" || counted[fmt.Sprint("checklist ", g.Name, "/", c.Name, "/", c.By)] {
				continue
			}
			if err := t.Audit(ctx, AuditEntry{At: d.Made, Actor: c.By, Kind: AuditAttested, RepoID: d.RepoID, Number: d.Number, Subject: c.Name, Detail: map[string]any{"head": d.Head, "guard": g.Name}}); err != nil {
				return err
			}
		}
	}
	return nil
}

// auditDeed tells that GitHub took a deed, or will never take it.
func (t *Tx) auditDeed(ctx context.Context, d Deed, kind string, externalID int64, reason string, now time.Time) error {
	detail := map[string]any{"head": d.Head, "kind": d.Kind, "payload_sha256": d.Hash, "attempts": d.Attempts}
	if externalID != 0 {
		detail["github_id"] = externalID
	}
	if reason != "" {
		detail["reason"] = reason[:min(len(reason), maxWords)]
	}
	// Of a check run, what it says.
	var says struct {
		Check *struct{ Name, Status, Conclusion string }
	}
	if json.Unmarshal(d.Payload, &says) == nil && says.Check != nil {
		detail["check"], detail["status"], detail["conclusion"] = says.Check.Name, says.Check.Status, says.Check.Conclusion
	}
	return t.Audit(ctx, AuditEntry{At: now, Actor: ByServer, Kind: kind, RepoID: d.RepoID, Number: d.Number, Subject: d.Name, Detail: detail})
}
