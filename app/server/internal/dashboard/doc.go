// Package dashboard is what a person opens in a browser: pages rendered on the server, and sign-in with GitHub.
//
// # Adding a page
//
// A page is a value in the list of pages.go and a file in templates. Its Load reads what the page shows and answers any value, which the template finds as .Data:
//
//	{Path: "/quality/{repo}", Title: "Quality", Nav: "Quality", Template: "quality.html", Load: d.loadQuality}
//
// The template defines "main", and "live" where a part of the page follows what happens: it is asked for again every five seconds, and answered with 304 while
// nothing changed. Everything works without JavaScript; then a page stands still until it is loaded again.
//
//   - Whoever may not see something gets ErrNotFound, and so does whoever asks for what does not exist: check Request.Viewer.Sees before anything of a repository is
//     read. Pages with Admin set exist for administrators only.
//   - Filters are in the address (Request.Get), and so is the place in a list: set Request.Next to Request.With("after", cursor), and the layout shows the link.
//   - What changes something is Act, called for POST once the token of the form ({{template "token" .}}) and the origin of the request are checked. It answers where to go.
//   - Facts come through the interface Facts; the store fits it, and app/server translates. No SQL and no request to GitHub happens here.
//
// Texts of strangers (titles, branches, paths, logins) are escaped by html/template; characters that are not seen, or turn the direction of a text, are shown by their
// number, everywhere and by the renderer itself. Put such texts between <bdi> and </bdi>.
//
// # Who sees what
//
// A person sees the repositories that GitHub lets them read and that the App covers, as GitHub said at most five minutes ago; everything else answers as if it did not
// exist. Administrators, named in the settings, see everything.
package dashboard
