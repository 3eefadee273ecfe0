package githubtest

import (
	"bytes"
	"errors"
	"regexp"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/renderer/html"
	gmtext "github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
	nethtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// markdownHTML renders GitHub's Markdown as GitHub shows it in comments: line breaks are kept, @mentions stand out, HTML beyond a short list is
// removed, links go to http, https and mailto only. Images become links: nothing is loaded from anywhere.
func markdownHTML(s string) string {
	var b bytes.Buffer
	if err := markdown.Convert([]byte(s), &b); err != nil {
		return "<p>this text cannot be rendered</p>\n" // writing to memory does not fail; a renderer of ours might
	}
	return balanced(allowed.SanitizeBytes(b.Bytes()))
}

// balanced closes what a text left open, so that it cannot swallow the page around it.
func balanced(fragment []byte) string {
	nodes, err := nethtml.ParseFragment(bytes.NewReader(fragment), &nethtml.Node{Type: nethtml.ElementNode, Data: "div", DataAtom: atom.Div})
	var b bytes.Buffer
	for _, n := range nodes {
		err = errors.Join(err, nethtml.Render(&b, n))
	}
	if err != nil {
		return "<p>this text cannot be rendered</p>\n" // such as one that is nested too deep
	}
	return b.String()
}

var markdown = goldmark.New(
	goldmark.WithExtensions(extension.Linkify, extension.Strikethrough, extension.TaskList, extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute))),
	goldmark.WithParserOptions(parser.WithInlineParsers(util.Prioritized(mentions{}, 500))),
	goldmark.WithRendererOptions(html.WithHardWraps(), html.WithUnsafe(), renderer.WithNodeRenderers(util.Prioritized(marks{}, 100))),
)

// allowed is what is left of the HTML, after the sanitizer that GitHub describes (github.com/github/markup, README).
var allowed = func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code", "table", "thead", "tbody", "tr", "th", "td",
		"b", "strong", "i", "em", "del", "s", "sub", "sup", "kbd", "details", "summary", "span", "a")
	p.AllowStandardURLs()
	p.AllowAttrs("href").OnElements("a")
	p.RequireNoFollowOnLinks(true)
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^(mention|language-[\w+#.-]+)$`)).OnElements("span", "code")
	p.AllowAttrs("start").Matching(bluemonday.Integer).OnElements("ol")
	p.AllowAttrs("align").Matching(regexp.MustCompile(`^(left|right|center)$`)).OnElements("th", "td")
	p.AllowAttrs("open").OnElements("details")
	p.AllowAttrs("type").Matching(regexp.MustCompile(`^checkbox$`)).OnElements("input")
	p.AllowAttrs("checked", "disabled").OnElements("input")
	return p
}()

// mentions finds @user and @org/team where GitHub would: not inside of a word, and not in code.
type mentions struct{}

var mention = regexp.MustCompile(`^@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:/[A-Za-z0-9_.-]*[A-Za-z0-9_-])?`)

func (mentions) Trigger() []byte { return []byte{'@'} }

func (mentions) Parse(_ ast.Node, block gmtext.Reader, _ parser.Context) ast.Node {
	before := block.PrecendingCharacter()
	if before == '_' || before == '/' || before == '`' || 'a' <= before && before <= 'z' || 'A' <= before && before <= 'Z' || '0' <= before && before <= '9' {
		return nil
	}
	line, segment := block.PeekLine()
	m := mention.Find(line)
	if m == nil {
		return nil
	}
	block.Advance(len(m))
	node := &mentioned{}
	node.AppendChild(node, ast.NewTextSegment(gmtext.NewSegment(segment.Start, segment.Start+len(m))))
	return node
}

var kindMention = ast.NewNodeKind("Mention")

type mentioned struct{ ast.BaseInline }

func (*mentioned) Kind() ast.NodeKind              { return kindMention }
func (n *mentioned) Dump(source []byte, level int) { ast.DumpHelper(n, source, level, nil, nil) }

// marks renders what is ours: mentions, and links instead of images.
type marks struct{}

func (marks) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(kindMention, func(w util.BufWriter, _ []byte, _ ast.Node, entering bool) (ast.WalkStatus, error) {
		tag := `</span>`
		if entering {
			tag = `<span class="mention">`
		}
		_, err := w.WriteString(tag)
		return ast.WalkContinue, err
	})
	r.Register(ast.KindImage, func(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		tag := `</a>`
		if entering {
			tag = `<a href="` + string(util.EscapeHTML(util.URLEscape(n.(*ast.Image).Destination, true))) + `">`
		}
		_, err := w.WriteString(tag)
		return ast.WalkContinue, err
	})
}
