package review

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/report"
	"github.com/reviewgate-app/reviewgate/checks"
)

// An Answer is one reply or reaction that was planned in the repository in the last day.
type Answer struct {
	Number int    // of the pull request
	Name   string // of the deed
}

// A Wrong is a finding that somebody with write access called a false positive. It changes no decision.
type Wrong struct {
	Comment           int64
	Fingerprint, Rule string
	By                gate.Person
	Reason            string
}

// Bounds of what comments make us write, in a day. GitHub lets an App create 500 things an hour, and the checks need them more.
const (
	maxAnswers      = 30 // on one pull request
	maxRefusals     = 3  // on one pull request, to people without write access; one each
	maxRefusalsRepo = 10
	answerWithin    = 24 * time.Hour // of a comment's arrival
	shortestMark    = 7              // digits of a fingerprint
)

func answerName(ref Ref, comment int64) string {
	return fmt.Sprintf("answer/%d/%d", ref.RepoID, comment)
}

func refusalPrefix(repoID int64) string { return fmt.Sprintf("refusal/%d/", repoID) }

// answers plans what to say to the commands of the pull request's comments: one answer for each comment and for ever, whatever happens to it later. Where all
// commands did what they say a reaction is enough. Machines get no answer, and who has no right to a command one line.
func (j *judgement) answers(ctx context.Context, in *report.Input) (deeds []Deed, wrong []Wrong, err error) {
	if len(j.heard) == 0 && j.ref.Asked == 0 || j.config == nil {
		return nil, nil, nil
	}
	given, err := j.opt.Store.Answers(ctx, j.ref)
	if err != nil {
		return nil, nil, err
	}
	told := map[string]bool{}
	refused, refusedHere, here := 0, 0, 0
	for _, a := range given {
		told[a.Name] = true
		if a.Number == j.ref.Number {
			here++
		}
		if strings.HasPrefix(a.Name, refusalPrefix(j.ref.RepoID)) {
			refused++
			if a.Number == j.ref.Number {
				refusedHere++
			}
		}
	}
	if name := fmt.Sprintf("answer/%d/%d/button-%d", j.ref.RepoID, j.ref.Number, j.ref.Asked); j.ref.Asked != 0 && !told[name] && here < maxAnswers {
		here++
		deeds = append(deeds, j.reply(name, report.RenderReply(in, j.ref.Asker, []report.Result{{Command: "explain", Done: true, Because: "asked for on the page of the check"}}, true)))
	}
	for i := range j.heard {
		c := &j.heard[i]
		name := answerName(j.ref, c.ID)
		role, known := j.facts.People.Roles[c.Author.ID]
		switch {
		case told[name], !known, j.opt.Now().Sub(c.received) > answerWithin:
			continue
		case c.ViaApp != "", c.Sender.ID != c.Author.ID, gate.NotHuman(j.config.Policy, c.Author) != "":
			continue
		}
		if !role.AtLeast(gate.RoleWrite) {
			name = fmt.Sprintf("%s%d/%d", refusalPrefix(j.ref.RepoID), j.ref.Number, c.Author.ID)
			if told[name] || refusedHere >= maxRefusals || refused >= maxRefusalsRepo {
				continue
			}
			told[name] = true
			refused, refusedHere, here = refused+1, refusedHere+1, here+1
			deeds = append(deeds, j.reply(name, report.RenderRefusal(c.Author.Login)))
			continue
		}
		results, explain, marks := j.results(&c.Comment)
		wrong = append(wrong, marks...)
		if here >= maxAnswers+maxRefusals {
			continue
		}
		here++
		if !explain && !slices.ContainsFunc(results, func(r report.Result) bool { return !r.Done }) {
			deeds = append(deeds, Deed{Slot: name, Name: name, GitHub: github.Deed{Kind: github.React, Owner: j.ref.Owner, Repo: j.ref.Name, Number: j.ref.Number, CommentID: c.ID, Body: "+1", Key: "answer-" + key(name)[:24]}})
			continue
		}
		deeds = append(deeds, j.reply(name, report.RenderReply(in, c.Author.Login, results, explain)))
	}
	return deeds, wrong, nil
}

func (j *judgement) reply(name, body string) Deed {
	return Deed{Slot: name, Name: name, GitHub: github.Deed{Kind: github.Reply, Owner: j.ref.Owner, Repo: j.ref.Name, Number: j.ref.Number, Body: body, Key: "answer-" + key(name)[:24]}}
}

// results says what became of each command of a comment of somebody with write access.
func (j *judgement) results(c *gate.Comment) (out []report.Result, explain bool, wrong []Wrong) {
	waivers := slices.DeleteFunc(slices.Clone(j.decision.Waivers), func(w gate.WaiverAnswer) bool { return w.CommentID != c.ID })
	for _, cmd := range gate.Commands(c.Body) {
		r := report.Result{Command: strings.TrimSpace(cmd.Name + " " + cmd.Target)}
		switch cmd.Name {
		case "waive":
			r.Because = "no decision could be made; it is looked at again with the next one"
			if len(waivers) > 0 {
				r.Done, r.Because = waivers[0].Counts, waivers[0].Because
				waivers = waivers[1:]
			}
			if !r.Done {
				r.Because += named(cmd.Target, j.waivable(), ". What can be waived here: ")
			}
		case "attest":
			r.Done, r.Because = j.attested(c, cmd.Target)
		case "recheck":
			r.Done, r.Because = true, "looked at again: "+j.decision.Title
		case "explain":
			explain = true
			continue
		case "false-positive":
			w, because := j.wrong(c, &cmd)
			if because == "" {
				wrong = append(wrong, w)
				r.Done, because = true, "noted for the rule "+w.Rule+"; the decision stays as it is"
			}
			r.Because = because
		default:
			r.Because = "there is no such command; there are attest, explain, false-positive, recheck and waive"
		}
		out = append(out, r)
	}
	return out, explain, wrong
}

// named lists what a name could have meant, if it means none of them.
func named(target string, names []string, intro string) string {
	if len(names) == 0 || slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, target) }) {
		return ""
	}
	const most = 10
	return intro + strings.Join(names[:min(len(names), most)], ", ")
}

// waivable lists the guards, rules and checks that stand in the way and that a waiver may name.
func (j *judgement) waivable() []string {
	var out []string
	for i := range j.decision.Guards {
		if g := &j.decision.Guards[i]; !g.Holds && g.Origin != "built-in" && g.Name != "" {
			out = append(out, g.Name)
		}
	}
	if j.scan != nil {
		for i := range j.scan.Findings {
			if f := &j.scan.Findings[i]; slices.Contains(j.decision.Blocking, string(f.Fingerprint)) {
				out = append(out, f.RuleID)
			}
		}
		for _, failure := range j.scan.Failures() {
			check, _, _ := strings.Cut(failure, ":")
			out = append(out, check)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// attested says whether a checklist is attested now.
func (j *judgement) attested(c *gate.Comment, target string) (done bool, because string) {
	var names []string
	for i := range j.decision.Guards {
		for _, list := range j.decision.Guards[i].Checklists {
			names = append(names, list.Name)
			if !strings.EqualFold(list.Name, target) {
				continue
			}
			switch {
			case list.By == "":
				return false, strings.TrimPrefix(list.Because, "@"+c.Author.Login+" ")
			case because == "":
				done, because = true, "attested by @"+list.By
			}
		}
	}
	if done {
		return done, because
	}
	slices.Sort(names)
	return false, "no guard of this change waits for a checklist of that name" + named(target, slices.Compact(names), "; there is ")
}

// wrong finds the finding that a comment calls wrong.
func (j *judgement) wrong(c *gate.Comment, cmd *gate.Command) (w Wrong, because string) {
	mark := strings.ToLower(cmd.Target)
	switch {
	case len(mark) < shortestMark:
		return w, fmt.Sprintf("name the finding by the mark that stands below its comment, %d digits or more, and say why it is wrong", shortestMark)
	case cmd.Reason == "":
		return w, "say in the same line why the finding is wrong"
	case j.scan == nil:
		return w, "the change could not be scanned"
	}
	found := map[checks.Fingerprint]string{}
	for i := range j.scan.Findings {
		if f := &j.scan.Findings[i]; strings.HasPrefix(string(f.Fingerprint), mark) {
			found[f.Fingerprint] = f.RuleID
			w = Wrong{Comment: c.ID, Fingerprint: string(f.Fingerprint), Rule: f.RuleID, By: c.Author, Reason: cmd.Reason}
		}
	}
	switch len(found) {
	case 0:
		return w, "no finding of this change has that mark"
	case 1:
		return w, ""
	}
	return w, "more than one finding begins with that mark; write more of it"
}

// ends says when the first of the waivers that count ends; zero: none does.
func ends(d *gate.Decision) (first time.Time) {
	for _, w := range d.Waivers {
		if w.Counts && (first.IsZero() || w.Until.Before(first)) {
			first = w.Until
		}
	}
	return first
}
