package dashboard

// list is every page. A new one is a line here, a file in templates, and its Load.
func (d *Dashboard) list() []Page {
	out := []Page{
		{Path: "/", Title: "Overview", Nav: "Overview", Admin: true, Template: "overview.html", Load: d.loadOverview},
		{Path: "/pulls", Title: "Pull requests", Nav: "Pull requests", Template: "pulls.html", Load: d.loadPulls},
		{Path: "/repositories", Title: "Repositories", Nav: "Repositories", Template: "repositories.html", Load: d.loadRepos},
		{Path: "/repositories/{repo}", Title: "Repository", below: "/repositories", Template: "repository.html", Load: d.loadRepo},
		{Path: "/repositories/{repo}/pulls/{number}", Title: "Pull request", below: "/pulls", Template: "pull.html", Load: d.loadPull},
	}
	if d.opt.Dead != nil {
		out = append(out, Page{Path: "/dead-letters", Title: "Dead letters", Nav: "Dead letters", Admin: true, Template: "dead.html", Load: d.loadDead, Act: d.actDead})
	}
	if d.opt.Audit != nil {
		out = append(out, Page{Path: "/audit", Title: "Audit log", Nav: "Audit log", Admin: true, Template: "audit.html", Load: d.loadAudit})
	}
	return append(append(out, d.qualityPages()...), d.recordPages()...)
}
