package dashboard

// list is every page. A new one is a line here, a file in templates, and its Load.
func (d *Dashboard) list() []Page {
	return []Page{
		{Path: "/", Title: "Overview", Nav: "Overview", Template: "overview.html", Load: d.loadOverview},
	}
}
