package gate

// Bypassed says how a merge went around the gate; empty if it did not. d is the decision that stood when the pull request was merged (nil:
// there was none), decided the head that it was made for, and merged the head that was merged. It cannot be prevented that an administrator or
// a bypass actor merges (B48); it can be told.
func Bypassed(d *Decision, decided, merged string) string {
	switch {
	case d == nil:
		return "there was no decision"
	case d.Ungoverned, d.Advisory:
		return ""
	case decided != merged:
		return "the decision was made for " + short(decided)
	case d.State != Pass:
		return d.Title
	}
	return ""
}
