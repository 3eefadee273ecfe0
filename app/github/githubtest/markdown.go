package githubtest

import "html"

func markdownHTML(s string) string { return "<p>" + html.EscapeString(s) + "</p>\n" }
