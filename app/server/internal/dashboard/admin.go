package dashboard

import (
	"strconv"

	"github.com/reviewgate-app/reviewgate/app/github"
)

// maxDead is how many dead letters are shown at a time.
const maxDead = 200

type deadData struct {
	Letters []DeadLetter
	Kinds   []choice
	Done    string // what was just done
}

func (d *Dashboard) loadDead(r *Request) (any, error) {
	kind := r.Get("kind")
	data := &deadData{Kinds: choices(kind, "", "all", "job", "jobs that gave up", "deed", "deeds that GitHub refused", "delivery", "deliveries that cannot be read")}
	data.Done = map[string]string{"retry": "It is tried again.", "drop": "It was dropped.", "gone": "It was not there any more: somebody else saw to it, or it came right."}[r.Get("done")]
	list, err := d.opt.Dead.List(r.Context(), kind, maxDead)
	if err != nil {
		return nil, err
	}
	for i := range list {
		list[i].LastError = github.Redact(clip(list[i].LastError, 1000))
	}
	data.Letters = list
	return data, nil
}

func (d *Dashboard) actDead(r *Request) (to string, err error) {
	kind, id, what := r.PostForm.Get("kind"), r.PostForm.Get("id"), r.PostForm.Get("do")
	act := d.opt.Dead.Retry
	switch what {
	case "retry":
	case "drop":
		act = d.opt.Dead.Drop
	default:
		return "", &Refusal{"The form does not say what to do."}
	}
	found, err := act(r.Context(), kind, id, r.Viewer.Login)
	if err != nil {
		return "", err
	}
	d.opt.Log.Info().Str("who", r.Viewer.Login).Str("kind", clip(kind, 20)).Str("id", clip(id, 100)).Bool("found", found).Msg("dead letter: " + what)
	if !found {
		what = "gone"
	}
	return "/dead-letters?done=" + what, nil
}

type auditData struct {
	Entries     []AuditEntry
	Kind, Actor string
	Repo        string
}

func (d *Dashboard) loadAudit(r *Request) (any, error) {
	f := AuditFilter{Kind: r.Get("kind"), Actor: r.Get("actor")}
	data := &auditData{Kind: f.Kind, Actor: f.Actor, Repo: r.Get("repo")}
	var cursor int64
	for name, to := range map[string]*int64{"repo": &f.RepoID, "after": &cursor} {
		text := r.Get(name)
		n, err := strconv.ParseInt(text, 10, 64)
		if text != "" && (err != nil || n <= 0) {
			return nil, ErrNotFound
		}
		*to = n
	}
	list, next, err := d.opt.Audit.Page(r.Context(), f, cursor, perPage)
	if err != nil {
		return nil, err
	}
	if next > 0 {
		r.Next = r.With("after", strconv.FormatInt(next, 10))
	}
	data.Entries = list
	return data, nil
}
