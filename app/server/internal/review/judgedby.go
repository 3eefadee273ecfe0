package review

import (
	"encoding/json"

	"github.com/reviewgate-app/reviewgate/app/quality"
)

// judgedBy names what the change is judged by, so that those who compare changes know which were judged alike. The zero value: the configuration is not known.
func (j *judgement) judgedBy() quality.JudgedBy {
	if j.config == nil {
		return quality.JudgedBy{}
	}
	policy := *j.config.Policy
	policy.HeadBroken = nil // is of this one change
	parts := []string{j.opt.Tool.Version}
	for _, v := range []any{policy, j.config.Scan} {
		data, err := json.Marshal(v)
		if err != nil {
			return quality.JudgedBy{} // plain data: it does not happen
		}
		parts = append(parts, string(data))
	}
	rules := []string{parts[0], parts[2]}
	for _, src := range j.config.Rules {
		rules = append(rules, src.Name, string(src.Data))
	}
	return quality.JudgedBy{Tool: j.opt.Tool.Version, Rules: key(rules...)[:16], Policy: key(parts[1])[:16]}
}
