package gate

// Conclusion is what the check run says on GitHub. Only "success", "failure" and "action_required" are ever sent as a decision, because
// "neutral" and "skipped" satisfy a required check as "success" does:
//
//	State    enforced          advisory
//	pass     success           success
//	block    failure           success
//	pending  action_required   success
//	error    action_required   success
//
// An advisory policy must not stop a merge, so its check run succeeds, and the title begins with "Advisory:" and says what it would
// be. It is empty if the base branch is not governed: then there is no check run. While a scan runs or a decision is being made the
// check run is in progress, and a head that was replaced or closed is cancelled: both are the caller's knowledge, not the decision's.
func (d *Decision) Conclusion() string {
	switch {
	case d.Ungoverned:
		return ""
	case d.Advisory, d.State == Pass:
		return "success"
	case d.State == Block:
		return "failure"
	}
	return "action_required"
}

// CheckName is the name of the check run: the bare one belongs to the default branch alone, so that what was earned against another
// base can never stand for it (B2). Ask Policy.Governs first: for a base that is not governed there is no check run.
func CheckName(defaultBranch, base string) string {
	if base == defaultBranch {
		return "reviewgate"
	}
	return "reviewgate: " + base
}

// Governs says whether pull requests into the base branch get a check run. The default branch always is governed.
func (p *Policy) Governs(defaultBranch, base string) bool {
	if base == defaultBranch {
		return true
	}
	return NewGlobs(p.Governed...).Match(base)
}
