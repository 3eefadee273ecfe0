package config

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/checks"
)

// maxMessage bounds the message that a policy gives a rule, in bytes.
const maxMessage = 1000

// overrides reads what a policy says of single rules in place of what they say themselves.
func (r *reader) overrides(n *yaml.Node, d *document) {
	if n.Kind != yaml.MappingNode || len(n.Content)/2 > maxNames {
		r.bad(n, "Write rule-id: {severity: low}.", "override must be a mapping of at most %d entries", maxNames)
		return
	}
	d.overrides = map[string]checks.Override{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if !ruleName.MatchString(key.Value) {
			r.bad(key, "Write the rule's id as findings show it.", "%q is not the id of a rule", clip(key.Value))
			continue
		}
		var o checks.Override
		at := func(part string, n *yaml.Node) { d.at["checks.override."+key.Value+"."+part] = n }
		if r.mapping(n.Content[i+1], "the override of "+clip(key.Value), map[string]field{
			"severity": {read: func(n *yaml.Node) {
				if s, ok := r.oneOf(n, "severity", severities...); ok {
					o.Severity, _ = checks.ParseSeverity(s)
				}
			}},
			"confidence": {read: func(n *yaml.Node) {
				if s, ok := r.oneOf(n, "confidence", confidences...); ok {
					o.Confidence, _ = checks.ParseConfidence(s)
				}
			}},
			"message": {read: func(n *yaml.Node) {
				at("message", n)
				if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" || strings.TrimSpace(n.Value) == "" || len(n.Value) > maxMessage {
					r.bad(n, "Write one or two sentences.", "message must be a text of at most %d characters, not %s", maxMessage, describe(n))
					return
				}
				o.Message = strings.Join(strings.Fields(n.Value), " ")
			}},
			"paths": {read: func(n *yaml.Node) {
				at("paths", n)
				globs := func(into *[]string) func(*yaml.Node) {
					return func(n *yaml.Node) {
						for _, item := range r.items(n, "paths", maxPaths) {
							s, ok := r.text(item, "a path")
							if ok && !scan.ValidGlob(s) {
								r.bad(item, "Close every [ and {.", "the path %q cannot be read", clip(s))
								continue
							}
							*into = append(*into, s)
						}
					}
				}
				r.mapping(n, "paths", map[string]field{"include": {read: globs(&o.Include)}, "exclude": {read: globs(&o.Exclude)}})
			}},
		}) {
			d.overrides[key.Value] = o
		}
	}
}

var confidences = []string{"high", "medium", "low"}

// overrides puts together what the files say of single rules. What only weakens a rule (other words, fewer files) a repository cannot say under a floor, and
// its severities and confidences only raise there.
func (e *Effective) overrides(floor, repo *document, floored bool) {
	all := map[string]checks.Override{}
	if floor != nil {
		maps.Copy(all, floor.overrides)
	}
	if repo != nil {
		for _, rule := range slices.Sorted(maps.Keys(repo.overrides)) {
			o := repo.overrides[rule]
			if !floored {
				all[rule] = o
				continue
			}
			for _, part := range []struct {
				key  string
				said bool
			}{{"message", o.Message != ""}, {"paths", len(o.Include)+len(o.Exclude) > 0}} {
				if part.said {
					e.notUsed(repo, "checks.override."+rule+"."+part.key, part.key+" of "+rule+" is not used, because under an organisation's floor a repository only makes rules stricter")
				}
			}
			of := all[rule]
			of.LeastSeverity, of.LeastConfidence = cmp.Or(o.Severity, of.LeastSeverity), cmp.Or(o.Confidence, of.LeastConfidence)
			all[rule] = of
		}
	}
	if len(all) > 0 {
		e.Scan.Overrides = all
	}
}
