package githubtest_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-github/v60/github"

	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
)

// everyEvent makes all events happen, and returns what the App received.
func everyEvent(t *testing.T, w *world) []hook {
	t.Helper()
	ctx := t.Context()
	inst := w.asInstallation()
	head := w.pull.Head()
	other, err := w.NewRepo(w.acme, "docs", githubtest.RepoOptions{})
	w.must(err)
	w.app.Ping()
	w.security.Add(w.alice, w.bob, "active")
	w.security.Remove(w.alice, w.bob)
	w.must(w.pull.Assign(w.alice, w.bob))
	w.must(w.pull.Label(w.alice, "agent"))
	w.must(w.pull.Unlabel(w.alice, "agent"))
	w.must(w.pull.SetDraft(w.bob, true))
	w.must(w.pull.SetDraft(w.bob, false))
	step(inst.PullRequests.RequestReviewers(ctx, "acme", "shop", 1, github.ReviewersRequest{Reviewers: []string{"carol"}})).ok(t, "request reviewers")
	w.commit(githubtest.Commit{Author: w.bob, Branch: "feature/x", Files: map[string]string{"new.txt": "newer\n"}})
	review, err := w.pull.Review(w.carol, githubtest.ReviewOptions{State: "APPROVED", Body: "Good.", Comments: []githubtest.CommentOptions{{Path: "main.go", Line: 7, Body: "Nice."}}})
	w.must(err)
	w.must(w.pull.Dismiss(w.alice, review.ID, "No."))
	id, err := w.pull.Comment(w.alice, "/reviewgate explain")
	w.must(err)
	w.must(w.pull.EditComment(w.alice, id, "/reviewgate help"))
	w.must(w.pull.EditComment(w.alice, id, ""))
	run := step(inst.Checks.CreateCheckRun(ctx, "acme", "shop", github.CreateCheckRunOptions{Name: "reviewgate", HeadSHA: head, Conclusion: github.String("failure"),
		Output: &github.CheckRunOutput{Title: github.String("t"), Summary: github.String("s")}})).ok(t, "check run")
	w.must(w.repo.Rerequest(w.bob, run.GetID()))
	w.must(w.repo.RequestAction(w.bob, run.GetID(), "fix"))
	w.must(w.repo.RerequestSuite(w.bob, run.GetID()))
	w.must(w.pull.Close(w.bob))
	w.must(w.pull.Reopen(w.bob))
	w.repo.ChangeRole(w.alice, w.mall, "read")
	w.repo.ChangeRole(w.alice, w.mall, "write")
	w.repo.ChangeRole(w.alice, w.mall, "")
	legal, err := w.acme.NewTeam(w.alice, "legal", 0, w.mall)
	w.must(err)
	w.acme.RemoveMemberBy(w.alice, w.mall)
	w.must(legal.Delete(w.alice))
	w.must(w.repo.SetStatus(w.alice, head, "lint", "success"))
	w.inst.SetPermission("merge_queues", "read")
	w.repo.Protect("main", githubtest.Protection{ViaRuleset: true, Ruleset: githubtest.RulesetLook{Queue: "ALLGREEN"}, Checks: []githubtest.RequiredCheck{{Context: "lint"}}})
	w.must(w.repo.SetStatus(w.alice, w.pull.Head(), "lint", "success"))
	w.must(w.pull.Enqueue(w.bob))
	w.must(w.pull.Dequeue(w.bob))
	w.must(w.pull.ArmAutoMerge(w.bob))
	w.inst.AddRepos(w.alice, other)
	w.inst.RemoveRepos(w.alice, other)
	w.inst.Suspend(w.alice)
	w.inst.Unsuspend(w.alice)
	w.inst.Uninstall(w.alice)
	return w.received()
}

// The payloads have the keys of GitHub's own examples at the same places, with the same kinds of values, and no others.
func TestPayloadsAreLikeRealOnes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	ours := map[string][]hook{}
	for _, h := range everyEvent(t, w) {
		var head struct{ Action string }
		if err := json.Unmarshal(h.body, &head); err != nil {
			t.Fatal(err)
		}
		name := h.header.Get("X-Github-Event")
		if head.Action != "" {
			name += "." + head.Action
		}
		ours[name] = append(ours[name], h)
	}
	real := map[string]map[string]map[string]bool{"": {}} // event -> path -> kinds
	files, err := filepath.Glob("../../../testdata/webhooks/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	byAction := map[string][]map[string]map[string]bool{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var v any
		if err := json.Unmarshal(data, &v); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		name := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(file), ".json"), ".repository-hook")
		event, _, _ := strings.Cut(name, ".")
		shape := map[string]map[string]bool{}
		shapeOf(v, "", shape)
		byAction[name] = append(byAction[name], shape)
		if real[event] == nil {
			real[event] = map[string]map[string]bool{}
		}
		for at, kinds := range shape {
			for k := range kinds {
				mark(real[event], at, k)
				mark(real[""], at, k)
			}
		}
	}
	for _, name := range slices.Sorted(keys(ours)) {
		event, _, _ := strings.Cut(name, ".")
		if real[event] == nil {
			t.Errorf("%s: there is no example of this event", name)
			continue
		}
		for _, h := range ours[name] {
			var v any
			if err := json.Unmarshal(h.body, &v); err != nil {
				t.Fatal(err)
			}
			shape := map[string]map[string]bool{}
			shapeOf(v, "", shape)
			for _, at := range slices.Sorted(keys(shape)) {
				if newer[at] != "" {
					continue
				}
				kinds := real[event][at]
				if strings.HasPrefix(at, "/<") {
					kinds = real[""][at] // the same object in any event
				}
				if kinds == nil {
					t.Errorf("%s: we send %s, which no example has", name, at)
					continue
				}
				for k := range shape[at] {
					if !kinds[k] && k != "null" && !(len(kinds) == 1 && kinds["null"]) {
						t.Errorf("%s: we send %s as %s, the examples have %v", name, at, k, slices.Sorted(keys(kinds)))
					}
				}
			}
			// The example of the same event and action that is nearest: nothing in it may be missing.
			var missing []string
			for i, example := range byAction[name] {
				var m []string
				for at := range example {
					if shape[at] == nil && absent[at] == "" && absent[event+at] == "" && shape[parent(at)]["object"] {
						m = append(m, at)
					}
				}
				if i == 0 || len(m) < len(missing) {
					missing = m
				}
			}
			sort.Strings(missing)
			for _, at := range missing {
				t.Errorf("%s: the example has %s, we do not", name, at)
			}
		}
	}
	for _, event := range []string{"check_run.completed", "check_run.created", "check_run.rerequested", "check_run.requested_action", "check_suite.completed", "check_suite.requested", "check_suite.rerequested",
		"installation.created", "installation.deleted", "installation.suspend", "installation.unsuspend", "installation_repositories.added", "installation_repositories.removed", "issue_comment.created",
		"issue_comment.edited", "issue_comment.deleted", "membership.added", "membership.removed", "ping", "pull_request.assigned", "pull_request.opened", "pull_request.synchronize", "pull_request.labeled",
		"pull_request.unlabeled", "pull_request.closed", "pull_request.reopened", "pull_request.converted_to_draft", "pull_request.ready_for_review", "pull_request.review_requested",
		"pull_request_review.submitted", "pull_request_review.dismissed", "push", "member.added", "member.edited", "member.removed", "team.created", "team.deleted", "organization.member_removed", "status",
		"merge_group.checks_requested", "merge_group.destroyed", "pull_request.enqueued", "pull_request.dequeued", "pull_request.auto_merge_enabled"} {
		if len(ours[event]) == 0 {
			t.Errorf("%s was not sent", event)
		}
	}
}

func keys[V any](m map[string]V) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func mark(m map[string]map[string]bool, at, kind string) {
	if m[at] == nil {
		m[at] = map[string]bool{}
	}
	m[at][kind] = true
}

func parent(at string) string { return at[:strings.LastIndex(at, "/")] }

// objectKinds are the keys below which the same object stands wherever they occur; elementKinds the same for arrays.
var (
	objectKinds = map[string]string{"repository": "repository", "repo": "repository", "user": "user", "sender": "user", "owner": "user", "assignee": "user", "requested_reviewer": "user", "creator": "user",
		"organization": "organization", "app": "app", "performed_via_github_app": "app", "label": "label", "team": "team", "head_commit": "commit", "check_suite": "suite", "account": "user", "suspended_by": "user", "member": "user", "enabled_by": "user"}
	elementKinds = map[string]string{"assignees": "user", "requested_reviewers": "user", "labels": "label", "commits": "commit", "pull_requests": "minimal pull"}
)

// shapeOf lists every place in a value with the kinds of what stands there. Elements of an array share one place.
func shapeOf(v any, at string, shape map[string]map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		mark(shape, at, "object")
		for k, e := range v {
			if strings.HasSuffix(at, "/permissions") {
				k = "*" // the names of permissions vary
			}
			next := at + "/" + k
			if kind := objectKinds[k]; kind != "" {
				mark(shape, next, "object")
				next = "/<" + kind + ">"
			}
			shapeOf(e, next, shape)
		}
	case []any:
		mark(shape, at, "array")
		for _, e := range v {
			next := at + "/[]"
			if kind := elementKinds[at[strings.LastIndex(at, "/")+1:]]; kind != "" {
				next = "/<" + kind + ">"
			}
			shapeOf(e, next, shape)
		}
	case string:
		mark(shape, at, "string")
	case float64:
		mark(shape, at, "number")
	case bool:
		mark(shape, at, "bool")
	default:
		mark(shape, at, "null")
	}
}

// newer are keys that we send although the examples, which are some years old or of other objects, lack them.
var newer = map[string]string{
	"/<repository>/has_discussions":                "in the description today",
	"/<repository>/use_squash_pr_title_as_default": "in the description today",
	"/<repository>/squash_merge_commit_title":      "in the description today",
	"/<repository>/squash_merge_commit_message":    "in the description today",
	"/<repository>/merge_commit_title":             "in the description today",
	"/<repository>/merge_commit_message":           "in the description today",
	"/<repository>/allow_forking":                  "in the description today",
	"/<repository>/allow_auto_merge":               "in the description today",
	"/<repository>/allow_update_branch":            "in the description today",
	"/<commit>/modified/[]":                        "the lists of the examples are empty",
	"/installation/app_slug":                       "in the examples of the installation event",
	"/installation/single_file_paths":              "the same",
	"/installation/has_multiple_single_files":      "the same",
	"/<app>/client_id":                             "in the description today",
	"/<suite>/runs_rerequestable":                  "in the description today",
	"/<suite>/rerequestable":                       "in the description today",
	"/issue/pull_request":                          "the examples are of issues, ours of pull requests",
	"/issue/pull_request/url":                      "the same",
	"/issue/pull_request/html_url":                 "the same",
	"/issue/pull_request/diff_url":                 "the same",
	"/issue/pull_request/patch_url":                "the same",
	"/issue/pull_request/merged_at":                "the same",
	"/issue/state_reason":                          "in the description today",
	"/issue/timeline_url":                          "in the description today",
	"/issue/performed_via_github_app":              "in the description today",
	"/organization":                                "the examples are of a user's repositories",
	"/changes/permission":                          "in the description today",
	"/changes/permission/from":                     "the same",
	"/changes/permission/to":                       "the same",
	"/reason":                                      "in the description of these events today, which have no examples",
	"/<team>/parent":                               "in the description today",
	"/commit/commit/verification/verified_at":      "in the description today",
	"/commit/parents/[]":                           "the example is a first commit",
	"/commit/parents/[]/html_url":                  "the same",
	"/commit/parents/[]/sha":                       "the same",
	"/commit/parents/[]/url":                       "the same",
	"/pull_request/auto_merge/enabled_by":          "the examples are not armed",
	"/pull_request/auto_merge/merge_method":        "the same",
	"/pull_request/auto_merge/commit_title":        "the same",
	"/pull_request/auto_merge/commit_message":      "the same",
	"/hook/config/secret":                          "the examples are of hooks without a secret",
}

// absent are keys of examples that we do not send.
var absent = map[string]string{
	"/<repository>/custom_properties": "an empty object here, and not in the description of a pull request's repository",
	"/<label>":                        "the example has one, ours may have none",
	"/<minimal pull>":                 "the same",
	"/<user>":                         "the same",
	"/hook/url":                       "of a repository's hook; there is no example of an App's ping",
	"/hook/test_url":                  "the same",
	"/hook/ping_url":                  "the same",
	"/hook/last_response":             "the same",
	"ping/repository":                 "the same",
	"ping/sender":                     "the same",
	"ping/<repository>":               "the same",
}

func TestSignatureAndRedelivery(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	first := w.received()[0]
	mac := hmac.New(sha256.New, []byte("s3cret"))
	mac.Write(first.body)
	if got, want := first.header.Get("X-Hub-Signature-256"), "sha256="+hex.EncodeToString(mac.Sum(nil)); got != want {
		t.Errorf("signature %s, want %s", got, want)
	}
	guid := first.header.Get("X-Github-Delivery")
	log := w.app.Deliveries()
	if log[0].GUID != guid || log[0].Code != http.StatusAccepted || log[0].Redelivery {
		t.Errorf("log: %+v", log[0])
	}
	w.must(w.app.Redeliver(log[0].ID))
	again := w.received()
	if len(again) != 1 || again[0].header.Get("X-Github-Delivery") != guid || string(again[0].body) != string(first.body) {
		t.Errorf("redelivered: %v", again)
	}
	log = w.app.Deliveries()
	if last := log[len(log)-1]; !last.Redelivery || last.GUID != guid {
		t.Errorf("log: %+v", last)
	}
}
