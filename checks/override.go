package checks

// An Override is what a policy says of one rule in place of what the rule says itself. Zero parts are not said.
type Override struct {
	Severity   Severity   `json:"severity,omitzero"`
	Confidence Confidence `json:"confidence,omitzero"`
	// LeastSeverity and LeastConfidence only ever raise: what a repository says where an organisation's floor lies below it.
	LeastSeverity   Severity   `json:"least_severity,omitzero"`
	LeastConfidence Confidence `json:"least_confidence,omitzero"`
	Message         string     `json:"message,omitempty"` // may hold the metavariables of a rule that is written as a pattern
	// Include and Exclude narrow the files, beside what the rule says. Their globs are those of a rule's `paths`: at any depth unless they begin
	// with a slash, and one that names a folder means what is below it.
	Include []string `json:"include,omitempty"`
	Exclude []string `json:"exclude,omitempty"`
}

// SeverityOf gives the severity in place of one that the rule or a finding of it has.
func (o *Override) SeverityOf(s Severity) Severity {
	if o.Severity != 0 {
		s = o.Severity
	}
	return max(s, o.LeastSeverity)
}

// ConfidenceOf gives the confidence in place of one that the rule has.
func (o *Override) ConfidenceOf(c Confidence) Confidence {
	if o.Confidence != 0 {
		c = o.Confidence
	}
	return max(c, o.LeastConfidence)
}
