package githubtest

import (
	"net/http"
	"sort"
	"strings"
	"testing"
)

// Every operation of the description has a handler, and every handler an operation.
func TestRoutesAreTheDescription(t *testing.T) {
	t.Parallel()
	c, err := loadContract()
	if err != nil {
		t.Fatal(err)
	}
	for id := range c.byID {
		if routes[id] == nil {
			t.Errorf("%s has no handler", id)
		}
	}
	for id, r := range routes {
		if c.byID[id] == nil {
			t.Errorf("%s is not in the description", id)
		}
		if strings.Contains(c.byID[id].template, "{repo}") && r.permission == "" && r.who == anybody {
			t.Errorf("%s needs no permission", id)
		}
	}
	for _, d := range deviations {
		if d.reason == "" || c.byID[d.operation] == nil {
			t.Errorf("deviation %v: no reason or no such operation", d)
		}
	}
}

func TestFindOperation(t *testing.T) {
	t.Parallel()
	c, err := loadContract()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ method, path, id, params string }{
		{"GET", "/repos/o/r/pulls/1", "pulls/get", "owner=o pull_number=1 repo=r"},
		{"GET", "/repos/o/r/pulls/comments/7", "pulls/get-review-comment", "comment_id=7 owner=o repo=r"},
		{"GET", "/repos/o/r/commits/heads/main/check-runs", "checks/list-for-ref", "owner=o ref=heads/main repo=r"},
		{"GET", "/repos/o/r/commits/feature%2Fx/check-runs", "checks/list-for-ref", "owner=o ref=feature/x repo=r"},
		{"GET", "/repos/o/r/commits/feature/x", "repos/get-commit", "owner=o ref=feature/x repo=r"},
		{"GET", "/repos/o/r/commits/abc/pulls", "repos/list-pull-requests-associated-with-commit", "commit_sha=abc owner=o repo=r"},
		{"GET", "/repos/o/r/contents/.github/reviewgate.yml", "repos/get-content", "owner=o path=.github/reviewgate.yml repo=r"},
		{"GET", "/repos/o/r/contents/", "repos/get-content", "owner=o path= repo=r"},
		{"GET", "/repos/o/r/branches/release/1/protection", "repos/get-branch-protection", "branch=release/1 owner=o repo=r"},
		{"GET", "/repos/o/r/branches/release/1", "repos/get-branch", "branch=release/1 owner=o repo=r"},
		{"GET", "/repos/o/r/compare/main...feature/x", "repos/compare-commits-with-basehead", "basehead=main...feature/x owner=o repo=r"},
		{"GET", "/user", "users/get-authenticated", ""},
		{"GET", "/user/12", "users/get-by-id", "account_id=12"},
		{"DELETE", "/repos/o/r", "", ""},
		{"GET", "/repos/o/r/pulls/1/nothing", "", ""},
	} {
		op, params := c.find(tt.method, tt.path)
		var got []string
		for k, v := range params {
			got = append(got, k+"="+v)
		}
		sort.Strings(got)
		id := ""
		if op != nil {
			id = op.id
		}
		if id != tt.id || strings.Join(got, " ") != tt.params {
			t.Errorf("%s %s: %q %v, want %q %s", tt.method, tt.path, id, got, tt.id, tt.params)
		}
	}
}

// A body that the schema lets through is still checked for misspelt names.
func TestUnknownProperties(t *testing.T) {
	t.Parallel()
	c, err := loadContract()
	if err != nil {
		t.Fatal(err)
	}
	body := []byte(`{"event":"COMMENT","body":"b","comments":[{"path":"a","line":1,"body":"c","startLine":2}]}`)
	op, params := c.find("POST", "/repos/o/r/pulls/1/reviews")
	r, err := http.NewRequest(http.MethodPost, "http://example.com/repos/o/r/pulls/1/reviews?draft=1", strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	got := op.checkRequest(op.input(r, params, body), body)
	want := []string{"/comments/0/startLine: property is not in the description", "query parameter draft is not in the description"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("problems %q, want %q", got, want)
	}
}

func TestSemantics(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 65536)
	for name, tt := range map[string]struct {
		op   string
		body obj
		want string
	}{
		"conclusion missing":  {"checks/create", obj{"status": "completed"}, "/conclusion: required when status is completed"},
		"not completed":       {"checks/update", obj{"status": "queued", "conclusion": "success"}, "/status: must be completed, or absent, where a conclusion is given"},
		"long summary":        {"checks/create", obj{"output": obj{"summary": long}}, "/output/summary: 65536 characters; at most 65535 are allowed"},
		"annotation backward": {"checks/create", obj{"output": obj{"annotations": []any{obj{"path": "a", "message": "m", "start_line": 3.0, "end_line": 2.0}}}}, "/output/annotations/0: end_line is before start_line"},
		"columns":             {"checks/create", obj{"output": obj{"annotations": []any{obj{"path": "a", "message": "m", "start_line": 1.0, "end_line": 2.0, "start_column": 1.0}}}}, "/output/annotations/0: columns need start_line and end_line to be the same"},
		"time":                {"checks/create", obj{"completed_at": "2026-01-01 10:00:00"}, `/completed_at: "2026-01-01 10:00:00" is not an RFC 3339 time`},
		"empty review":        {"pulls/create-review", obj{"event": "COMMENT"}, "/body: required for the event COMMENT"},
		"two places":          {"pulls/create-review", obj{"comments": []any{obj{"body": "b", "line": 1.0, "position": 1.0}}}, "/comments/0: has both a position and a line"},
		"no place":            {"pulls/create-review", obj{"comments": []any{obj{"body": "b"}}}, "/comments/0: has neither a line nor a position"},
		"side":                {"pulls/create-review", obj{"comments": []any{obj{"body": "b", "line": 1.0, "side": "right"}}}, "/comments/0/side: must be LEFT or RIGHT"},
		"long comment":        {"issues/create-comment", obj{"body": long + "x"}, "/body: 65537 characters; at most 65536 are allowed"},
		"long status":         {"repos/create-commit-status", obj{"description": long[:141]}, "/description: 141 characters; at most 140 are allowed"},
		"fine":                {"checks/create", obj{"status": "completed", "conclusion": "success", "output": obj{"summary": long[1:]}}, ""},
	} {
		if got := strings.Join(checkSemantics(tt.op, tt.body), "\n"); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func TestMatchPath(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		pattern, at string
		want        bool
	}{
		{"/repos/*/*/pulls/*", "/repos/o/r/pulls/1", true},
		{"/repos/*/*/pulls/*", "/repos/o/r/pulls/1/files", false},
		{"/repos/**/check-runs", "/repos/o/r/commits/a/b/check-runs", true},
		{"/**", "/anything/at/all", true},
		{"/acme/shop.git/git-upload-pack", "/acme/shop.git/git-upload-pack", true},
		{"/repos/*/*/check-runs", "/repos/o/r/check-runs/5", false},
	} {
		if got := matchPath(tt.pattern, tt.at); got != tt.want {
			t.Errorf("%s on %s: %v", tt.pattern, tt.at, got)
		}
	}
}

func TestHunks(t *testing.T) {
	t.Parallel()
	f := &fileDiff{hunks: parseHunks("@@ -1,3 +1,4 @@\n a\n-b\n+B\n+c\n d\n@@ -10 +11,0 @@ x\n-z\n\\ No newline at end of file")}
	for _, tt := range []struct {
		side  string
		line  int
		hunk  int
		found bool
	}{{"RIGHT", 2, 0, true}, {"RIGHT", 4, 0, true}, {"RIGHT", 5, 0, false}, {"LEFT", 2, 0, true}, {"LEFT", 3, 0, true}, {"LEFT", 10, 1, true}, {"RIGHT", 10, 0, false}, {"LEFT", 4, 0, false}} {
		h, _ := f.find(tt.side, tt.line)
		if (h != nil) != tt.found || h != nil && h != &f.hunks[tt.hunk] {
			t.Errorf("%s %d: %v", tt.side, tt.line, h)
		}
	}
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ in, want string }{
		"heading":       {"## A `b`", "<h2>A <code>b</code></h2>\n"},
		"paragraph":     {"one\ntwo\n\nthree", "<p>one<br/>\ntwo</p>\n<p>three</p>\n"},
		"marks":         {"**bold** and *em* and ~~gone~~ and snake_case_name", "<p><strong>bold</strong> and <em>em</em> and <del>gone</del> and snake_case_name</p>\n"},
		"not a mark":    {"2 * 3 * 4 and a*b", "<p>2 * 3 * 4 and a*b</p>\n"},
		"escape":        {`\*no\* &amp; <b>x</b> <script>`, "<p>*no* &amp; <b>x</b> </p>"},
		"list":          {"- a\n- b\n  - c\n\nend", "<ul>\n<li>a</li>\n<li>b\n<ul>\n<li>c</li>\n</ul>\n</li>\n</ul>\n<p>end</p>\n"},
		"ordered":       {"3. a\n4. b", "<ol start=\"3\">\n<li>a</li>\n<li>b</li>\n</ol>\n"},
		"task":          {"- [x] Done It\n- [ ] not", "<ul>\n<li><input checked=\"\" disabled=\"\" type=\"checkbox\"/> Done It</li>\n<li><input disabled=\"\" type=\"checkbox\"/> not</li>\n</ul>\n"},
		"fence":         {"```go\na < b\n```", "<pre><code class=\"language-go\">a &lt; b\n</code></pre>\n"},
		"long fence":    {"````\n```\n````", "<pre><code>```\n</code></pre>\n"},
		"open fence":    {"```\nx", "<pre><code>x\n</code></pre>\n"},
		"table":         {"| a | b |\n|---|--:|\n| `x\\|y` | 1 |", "<table>\n<thead>\n<tr>\n<th>a</th>\n<th align=\"right\">b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td><code>x|y</code></td>\n<td align=\"right\">1</td>\n</tr>\n</tbody>\n</table>\n"},
		"details":       {"<details>\n<summary>S *s*</summary>\n\ntext\n</details>\nafter", "<details>\n<summary>S *s*</summary>\n<p>text</p>\n</details>\nafter"},
		"comment":       {"a <!-- hidden\nmore --> b", "<p>a  b</p>\n"},
		"comment fence": {"```\n<!-- shown -->\n```", "<pre><code>&lt;!-- shown --&gt;\n</code></pre>\n"},
		"link":          {"[a](https://example.com/x?y=1&z=2) [b](javascript:x) <https://example.com>", "<p><a href=\"https://example.com/x?y=1&amp;z=2\" rel=\"nofollow\">a</a> b <a href=\"https://example.com\" rel=\"nofollow\">https://example.com</a></p>\n"},
		"image":         {"![alt](https://example.com/a.png)", "<p><a href=\"https://example.com/a.png\" rel=\"nofollow\">alt</a></p>\n"},
		"quote":         {"> a\n> b", "<blockquote>\n<p>a<br/>\nb</p>\n</blockquote>\n"},
		"mention":       {"@acme/security and a@example.com", "<p><span class=\"mention\">@acme/security</span> and <a href=\"mailto:a@example.com\" rel=\"nofollow\">a@example.com</a></p>\n"},
		"rule":          {"a\n\n---", "<p>a</p>\n<hr/>\n"},
		"attribute":     {`[x](https://example.com/"onclick=alert(1))`, "<p><a href=\"https://example.com/%22onclick=alert(1)\" rel=\"nofollow\">x</a></p>\n"},
	} {
		if got := markdownHTML(tt.in); got != tt.want {
			t.Errorf("%s:\n got %q\nwant %q", name, got, tt.want)
		}
	}
}

func FuzzMarkdown(f *testing.F) {
	for _, s := range []string{"# a\n- b\n  > c\n\n```x\n<script>\n```\n|a|\n|-|\n", "<details><summary>", "**a*_b_~~", "[a](javascript:x)", "\\", "- [x]", "> [!NOTE]", "<sub><b></sub>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 4096 {
			return
		}
		l := lower(markdownHTML(s))
		for _, never := range []string{"<script", "<img", "<iframe", "<style", "href=\"javascript", "<svg", "<a onclick"} {
			if strings.Contains(l, never) {
				t.Errorf("%q gives %q", s, l)
			}
		}
		if strings.Count(l, "<details") != strings.Count(l, "</details>") || strings.Count(l, "<li>") != strings.Count(l, "</li>") {
			t.Errorf("%q gives unbalanced %q", s, l)
		}
	})
}

func FuzzHunks(f *testing.F) {
	f.Add("@@ -1,3 +1,4 @@\n a\n-b\n+B\n")
	f.Add("@@ -a +\n+\n")
	f.Fuzz(func(t *testing.T, patch string) {
		for _, h := range parseHunks(patch) {
			if len(h.lines) != len(h.oldAt) || len(h.lines) != len(h.newAt) {
				t.Errorf("%q: %v", patch, h)
			}
		}
	})
}
