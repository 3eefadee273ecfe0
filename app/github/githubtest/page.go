package githubtest

import "net/http"

func (g *GitHub) servePage(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }
