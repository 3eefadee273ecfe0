package resource

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/internal/code"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

//go:embed doc.go
var doc string

//go:embed examples.txtar
var examples string

const id = "resource-not-closed"

// Check is the check.
var Check = &checks.Check{
	Name:  "quality/resource",
	Doc:   doc,
	Scope: checks.PerSide,
	Rules: []checks.RuleInfo{{
		ID: id, Title: "Opened and never closed", Severity: checks.Medium, Confidence: checks.Likely, CWE: []string{"CWE-772"},
		Why:        "Each call keeps one handle or connection, until there is none left. What was written may not have reached the disk.",
		Remedy:     "Open it in try (...) in Java, or with in Python, which closes it on every way out.",
		References: []string{"https://cwe.mitre.org/data/definitions/772.html"},
		Tags:       []string{"correctness"},
		Languages:  []string{"java", "python"},
		Rollout:    checks.RolloutBlock,
		Origin:     "builtin",
	}},
	Examples: examples,
	Run:      run,
}

func run(ctx context.Context, pass *checks.Pass) error {
	return code.Each(ctx, pass, pass.Side, code.Shipped, func(f code.File) {
		if name := f.Tree.Spec.Name; name != "java" && name != "python" {
			return
		}
		for _, fn := range code.Funcs(f.Tree) {
			for c := fn.Body; c < f.Tree.Nodes[fn.Body].Next; c++ {
				switch f.Tree.Nodes[c].Kind {
				case language.Func, language.Class:
					c = f.Tree.Nodes[c].Next - 1 // has its own turn
				case language.Assign:
					opened(pass, f, fn, c)
				}
			}
		}
	})
}

func opened(pass *checks.Pass, f code.File, fn code.Func, assign language.ID) {
	tree := f.Tree
	target, value := tree.Child(assign, language.SlotTarget), tree.Child(assign, language.SlotValue)
	if target == language.None || tree.Nodes[target].Kind != language.Name || value == language.None || tree.Nodes[assign].Slot == language.SlotResource {
		return
	}
	what := opens(tree, value)
	if what == "" || !onlyUsed(tree, fn, assign, tree.Nodes[target].Value) {
		return
	}
	name, how := tree.Nodes[target].Value, "try (...)"
	if tree.Spec.Name == "python" {
		how = "with"
	}
	pass.Report(checks.Finding{
		RuleID: id, Location: f.Head(assign), Key: fn.Symbol + " " + name,
		Message: fmt.Sprintf("`%s` opens `%s`, and nothing closes it or hands it on. Open it in %s, which closes it on every way out", what, name, how),
	})
}

var (
	javaOpens = map[string]bool{"FileInputStream": true, "FileOutputStream": true, "FileReader": true, "FileWriter": true, "RandomAccessFile": true, "Socket": true, "ServerSocket": true, "DatagramSocket": true, "ZipFile": true, "JarFile": true}
	javaWraps = map[string]bool{"BufferedReader": true, "BufferedWriter": true, "BufferedInputStream": true, "BufferedOutputStream": true, "PrintWriter": true, "Scanner": true, "InputStreamReader": true, "OutputStreamWriter": true,
		"ObjectInputStream": true, "ObjectOutputStream": true, "ZipInputStream": true, "ZipOutputStream": true, "GZIPInputStream": true, "GZIPOutputStream": true, "DataInputStream": true, "DataOutputStream": true}
	javaCalls   = map[string]bool{"Files.newInputStream": true, "Files.newOutputStream": true, "Files.newBufferedReader": true, "Files.newBufferedWriter": true, "DriverManager.getConnection": true}
	pythonCalls = map[string]bool{"open": true, "io.open": true, "codecs.open": true, "gzip.open": true, "bz2.open": true, "lzma.open": true, "os.fdopen": true, "socket.socket": true, "socket.create_connection": true, "sqlite3.connect": true,
		"psycopg2.connect": true, "tarfile.open": true}
)

// opens names the call that opens something, "" if a value is something else.
func opens(tree *language.Tree, id language.ID) string {
	if tree.Nodes[id].Kind != language.Call {
		return ""
	}
	callee := tree.Child(id, language.SlotCallee)
	if callee == language.None {
		return ""
	}
	text := code.Fold(tree.Text(callee))
	if tree.Spec.Name == "python" {
		if pythonCalls[text] {
			return text
		}
		return ""
	}
	if tree.Nodes[id].Flags&language.New == 0 {
		if javaCalls[text] || strings.HasSuffix(strings.ToLower(text), "datasource.getconnection") {
			return text
		}
		return ""
	}
	switch name := code.Last(tree, callee); {
	case javaOpens[name]:
		return "new " + name
	case javaWraps[name]:
		for _, a := range code.Args(tree, id) {
			if opens(tree, a) != "" {
				return "new " + name
			}
		}
	}
	return ""
}

// onlyUsed tells a variable whose every use in the function is a method that is called on it, and none of them closes it.
func onlyUsed(tree *language.Tree, fn code.Func, assign language.ID, name string) bool {
	uses := 0
	for c := fn.Body; c < tree.Nodes[fn.Body].Next; c++ {
		n := &tree.Nodes[c]
		if n.Kind == language.Assign && c != assign && code.Last(tree, max(tree.Child(c, language.SlotTarget), 0)) == name {
			return false // another turn of it
		}
		if n.Kind == language.Other && (strings.Contains(tree.Type(c), "global") || strings.Contains(tree.Type(c), "nonlocal")) && strings.Contains(tree.Text(c), name) {
			return false
		}
		if n.Kind != language.Name || n.Value != name || n.Slot == language.SlotName || n.Parent == assign {
			continue
		}
		dot := n.Parent
		if tree.Nodes[dot].Kind != language.Dot || n.Slot != language.SlotOperand || tree.Nodes[tree.Nodes[dot].Parent].Kind != language.Call || tree.Nodes[dot].Slot != language.SlotCallee {
			return false
		}
		if inFunc(tree, c, fn.ID) {
			return false
		}
		switch code.Last(tree, dot) {
		case "close", "shutdown", "detach", "disconnect", "__exit__", "shutdownOutput", "fileno":
			return false
		}
		uses++
	}
	return uses > 0
}

// inFunc tells a node that stands in a function inside of fn.
func inFunc(tree *language.Tree, id, fn language.ID) bool {
	for p := tree.Nodes[id].Parent; p != fn && p > 0; p = tree.Nodes[p].Parent {
		if tree.Nodes[p].Kind == language.Func || tree.Nodes[p].Kind == language.Class {
			return true
		}
	}
	return false
}
