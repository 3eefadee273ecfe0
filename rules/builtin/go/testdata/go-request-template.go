package sample

import (
	"html"
	"net/http"
	"os"
	"text/template"
)

var page = template.Must(template.New("page").Parse("<h1>{{.}}</h1>"))

func hits(w http.ResponseWriter, r *http.Request) {
	// ruleid: go-request-template
	t, _ := template.New("page").Parse(r.FormValue("layout"))
	t.Execute(os.Stdout, nil)
	name := r.FormValue("name")
	// ruleid: go-request-template
	page.Execute(w, name)
	// ruleid: go-request-template
	page.ExecuteTemplate(w, "greeting", name)
}

func silences(w http.ResponseWriter, r *http.Request) {
	// ok: go-request-template
	page.Execute(w, html.EscapeString(r.FormValue("name")))
	// ok: go-request-template
	page.Execute(w, "World")
	// ok: go-request-template
	page.Execute(os.Stdout, r.FormValue("name"))
	// ok: go-request-template
	template.New("page").Parse("<p>{{.}}</p>")
}
