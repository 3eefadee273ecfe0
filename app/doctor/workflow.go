package doctor

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/reviewgate-app/reviewgate/app/github"
)

// A workflow, as far as the gate is concerned.
type workflow struct {
	path   string
	events []string // sorted
	gates  []job    // the jobs that run the gate
	mints  bool     // a token of it may write checks or statuses
}

type job struct {
	name     string
	checkout string   // what actions/checkout checks out: "head" of the pull request, "other", ""
	fromTree []string // inputs of the gate that name files of the work tree
}

// runsGate matches a line of a script that runs the gate.
var runsGate = regexp.MustCompile(`(^|[\s/;&|])reviewgate(\s+--?\S+)*\s+(scan|action)\b`)

// headRef matches the expressions that name the head of a pull request.
var headRef = regexp.MustCompile(`github\.(event\.pull_request\.head\.(sha|ref)|head_ref)|refs/pull/.*/(head|merge)`)

// parseWorkflow reads a workflow file. The error says that it is no workflow that GitHub would run.
func parseWorkflow(path, text string) (*workflow, error) {
	var doc struct {
		On          yaml.Node `yaml:"on"`
		Permissions yaml.Node `yaml:"permissions"`
		Jobs        map[string]struct {
			Name        string    `yaml:"name"`
			Permissions yaml.Node `yaml:"permissions"`
			Steps       []struct {
				Uses string               `yaml:"uses"`
				Run  string               `yaml:"run"`
				With map[string]yaml.Node `yaml:"with"`
			} `yaml:"steps"`
		} `yaml:"jobs"`
	}
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return nil, fmt.Errorf("reading the workflow %s: %s", path, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	w := &workflow{path: path, events: events(&doc.On)}
	for _, id := range sorted(doc.Jobs) {
		j := doc.Jobs[id]
		out := job{name: id}
		w.mints = w.mints || mints(&j.Permissions, mints(&doc.Permissions))
		gates := false
		for _, s := range j.Steps {
			uses, _, _ := strings.Cut(strings.ToLower(s.Uses), "@")
			switch {
			case uses == "actions/checkout":
				ref, repo := s.With["ref"], s.With["repository"]
				if out.checkout == "" {
					out.checkout = "other"
				}
				if headRef.MatchString(ref.Value) || strings.Contains(repo.Value, "head.repo") {
					out.checkout = "head"
				}
			case strings.HasSuffix(uses, "/reviewgate"):
				gates = true
				for _, input := range []string{"rules", "binary"} {
					if v := s.With[input]; v.Value != "" {
						out.fromTree = append(out.fromTree, input)
					}
				}
			case runsGate.MatchString(s.Run):
				gates = true
			}
		}
		if gates {
			w.gates = append(w.gates, out)
		}
	}
	return w, nil
}

// events reads "on": a name, a list, or a mapping.
func events(n *yaml.Node) []string {
	var out []string
	switch n.Kind {
	case yaml.ScalarNode:
		out = append(out, n.Value)
	case yaml.SequenceNode:
		for _, e := range n.Content {
			out = append(out, e.Value)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			out = append(out, n.Content[i].Value)
		}
	default:
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// mints says whether permissions let a token write checks or statuses; inherited is what holds where they say nothing.
func mints(n *yaml.Node, inherited ...bool) bool {
	switch n.Kind {
	case yaml.ScalarNode:
		return n.Value == "write-all"
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if name := n.Content[i].Value; (name == "checks" || name == "statuses") && n.Content[i+1].Value == "write" {
				return true
			}
		}
		return false
	default:
		return slices.Contains(inherited, true)
	}
}

// parsed reads the workflows. What GitHub cannot read it does not run.
func parsed(files []github.TextFile) []*workflow {
	var out []*workflow
	for _, f := range files {
		if w, err := parseWorkflow(f.Path, f.Text); err == nil {
			out = append(out, w)
		}
	}
	return out
}

// gateWorkflows names the workflows that run the gate.
func (x *exam) gateWorkflows() []string {
	var out []string
	for _, w := range x.flows {
		if len(w.gates) > 0 {
			out = append(out, w.path)
		}
	}
	return out
}

// forgers says which workflows hold a token that could set our check today.
func (x *exam) forgers() string {
	var out []string
	for _, w := range x.flows {
		if w.mints {
			out = append(out, w.path)
		}
	}
	if len(out) == 0 {
		return ""
	}
	return "; workflows with such a token today: " + clipped(out)
}

// workflows judges how the gate runs as an Action.
func (x *exam) workflows() {
	required := x.requiredWorkflows()
	for _, w := range x.flows {
		page := x.page("/blob/" + x.Default + "/" + w.path)
		target, own := slices.Contains(w.events, "pull_request_target"), slices.Contains(w.events, "pull_request")
		for _, j := range w.gates {
			where := fmt.Sprintf("job %q of %s", j.name, w.path)
			switch {
			case target && j.checkout == "head":
				x.add(Finding{ID: "workflow-head-privileged", Level: Hole, Title: where + " checks out the head of the pull request on pull_request_target", URL: page,
					Effect: "the code under review lies beside a token that can write and the repository's secrets; one step that runs it hands them over", Remedy: "Remove the checkout: the Action fetches what it judges, and runs none of it"})
			case own && j.checkout != "" && len(j.fromTree) > 0:
				x.add(Finding{ID: "workflow-judges-itself", Level: Hole, Title: fmt.Sprintf("%s takes %s from the pull request's own files", where, strings.Join(j.fromTree, " and ")), URL: page,
					Effect: "a pull request brings the rules or the program that it is judged by", Remedy: "Remove the checkout and the input: policy and rules are read from the base"})
			case own && j.checkout != "":
				x.add(Finding{ID: "workflow-checkout", Level: Warning, Title: where + " checks out the pull request", URL: page,
					Effect: "a later step may run what is under review", Remedy: "Remove the checkout: the Action fetches what it judges"})
			}
		}
		if len(w.gates) > 0 && own && !target && !slices.Contains(required, w.path) {
			x.add(Finding{ID: "workflow-own-version", Level: Note, Title: w.path + " runs on pull_request, in the version that the pull request brings", URL: page,
				Effect: "a pull request can change or remove the job that judges it: as an Action the gate advises", Remedy: "Rely on the App's check; or require the workflow by a ruleset of the organisation (\"Require workflows to pass before merging\")"})
		}
	}
}

// requiredWorkflows lists the workflows that a ruleset requires: those run in the ruleset's version.
func (x *exam) requiredWorkflows() []string {
	var out []string
	for _, b := range x.Branches {
		for _, r := range b.Rules {
			out = append(out, r.Workflows...)
		}
	}
	return out
}
