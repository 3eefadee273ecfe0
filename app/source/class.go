package source

import (
	"path"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
)

// classDirs are the folder names that say what the files below them are. A folder counts only if it was there at base (B75): a change
// cannot make its own vendored or test folder to be judged more kindly. docs/ is not among them: documentation is told by file name,
// because docs/conf.py runs.
var classDirs = map[string]checks.Class{
	// Go, PHP, Ruby; C and C++; JavaScript; Python; Swift
	"vendor": checks.ClassVendored, "_vendor": checks.ClassVendored, "third_party": checks.ClassVendored, "third-party": checks.ClassVendored,
	"thirdparty": checks.ClassVendored, "node_modules": checks.ClassVendored, "bower_components": checks.ClassVendored,
	"site-packages": checks.ClassVendored, ".venv": checks.ClassVendored, "venv": checks.ClassVendored, "pods": checks.ClassVendored, "carthage": checks.ClassVendored,

	"test": checks.ClassTest, "tests": checks.ClassTest, "testdata": checks.ClassTest, "__tests__": checks.ClassTest, "__mocks__": checks.ClassTest,
	"__fixtures__": checks.ClassTest, "__snapshots__": checks.ClassTest, "fixtures": checks.ClassTest, "spec": checks.ClassTest, "specs": checks.ClassTest,
	"e2e": checks.ClassTest, "cypress": checks.ClassTest, "androidtest": checks.ClassTest,

	"example": checks.ClassExample, "examples": checks.ClassExample, "_examples": checks.ClassExample, "sample": checks.ClassExample,
	"samples": checks.ClassExample, "demo": checks.ClassExample, "demos": checks.ClassExample, "playground": checks.ClassExample, "playgrounds": checks.ClassExample,
}

// rank orders the classes where several apply: vendored tests are vendored.
var rank = map[checks.Class]int{
	checks.ClassVendored: 5, checks.ClassGenerated: 4, checks.ClassTest: 3, checks.ClassExample: 2, checks.ClassDocs: 1,
}

// instructionFiles are Markdown by name, but agents obey them: they are never documentation.
var instructionFiles = map[string]bool{
	"agents.md": true, "claude.md": true, "gemini.md": true, "skill.md": true, "copilot-instructions.md": true, "codeowners": true, "agents.override.md": true,
}

// nameClass judges a file by its own name: test and docs, by the conventions of Go, Python, JavaScript and TypeScript, Java, Ruby.
func nameClass(p string) checks.Class {
	name := path.Base(p)
	lower := strings.ToLower(name)
	ext := path.Ext(lower)
	stem := strings.TrimSuffix(lower, ext)
	switch ext {
	case ".go":
		if strings.HasSuffix(stem, "_test") {
			return checks.ClassTest
		}
	case ".py", ".pyi":
		if strings.HasPrefix(stem, "test_") || strings.HasSuffix(stem, "_test") || stem == "conftest" {
			return checks.ClassTest
		}
	case ".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".mts", ".cts":
		if strings.HasSuffix(stem, ".test") || strings.HasSuffix(stem, ".spec") || strings.HasSuffix(stem, ".cy") || strings.HasSuffix(stem, ".e2e") {
			return checks.ClassTest
		}
	case ".java", ".kt", ".groovy", ".scala":
		orig := strings.TrimSuffix(name, path.Ext(name)) // FooTest, but not Latest
		for _, suffix := range []string{"Test", "Tests", "TestCase", "IT", "Spec"} {
			if strings.HasSuffix(orig, suffix) && len(orig) > len(suffix) {
				return checks.ClassTest
			}
		}
	case ".rb":
		if strings.HasSuffix(stem, "_spec") || strings.HasSuffix(stem, "_test") {
			return checks.ClassTest
		}
	case ".snap":
		return checks.ClassTest
	case ".md", ".markdown", ".rst", ".adoc", ".asciidoc":
		if instructionFiles[lower] || hasDotFolder(p) {
			return checks.ClassProduct
		}
		return checks.ClassDocs
	case "", ".txt":
		switch stem {
		case "license", "licence", "copying", "notice", "readme", "changelog", "changes", "authors", "contributors":
			return checks.ClassDocs
		}
	}
	return checks.ClassProduct
}

// generatedName says whether generators give such names.
func generatedName(p string) bool {
	name := strings.ToLower(path.Base(p))
	for _, suffix := range []string{".pb.go", ".pb.gw.go", "_pb2.py", "_pb2_grpc.py", "_pb2.pyi", "_pb.js", "_pb.ts", "_pb.d.ts", ".min.js", ".min.css", ".g.dart", ".designer.cs"} {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return strings.HasPrefix(name, "zz_generated") || strings.Contains(name, ".generated.") || strings.Contains(name, "_generated.")
}

// hasDotFolder: .github, .claude, .cursor and the like hold instructions and settings, not documentation.
func hasDotFolder(p string) bool {
	return strings.HasPrefix(p, ".") && strings.Contains(p, "/") || strings.Contains(p, "/.")
}

// dirClasses lists the folders of p whose name gives a class, outermost first, with their paths. src/test of Maven and Gradle is "test".
func dirClasses(p string) (dirs []string, classes []checks.Class) {
	for i := range len(p) {
		if p[i] != '/' {
			continue
		}
		dir := p[:i]
		if c, ok := classDirs[strings.ToLower(path.Base(dir))]; ok {
			dirs = append(dirs, dir)
			classes = append(classes, c)
		}
	}
	return dirs, classes
}

// classify judges one path (relative to the folder scanned). atBase says whether a folder was there at base.
func classify(p string, atBase func(dir string) bool) checks.Class {
	best := nameClass(p)
	dirs, classes := dirClasses(p)
	for i, c := range classes {
		if rank[c] > rank[best] && atBase(dirs[i]) {
			best = c
		}
	}
	return best
}

// classOf judges a changed file. oldPath is its path at base ("" if it is added), generated whether its content at base called itself
// generated. A file that moved keeps the weaker of two judgements: product code does not become a test by moving.
func classOf(p, oldPath string, generated bool, atBase func(dir string) bool) checks.Class {
	c := classify(p, atBase)
	if oldPath == "" {
		return c
	}
	if oldPath != p {
		if old := classify(oldPath, atBase); old != c {
			return checks.ClassProduct
		}
	}
	if (generated || generatedName(oldPath)) && rank[c] < rank[checks.ClassGenerated] {
		return checks.ClassGenerated
	}
	return c
}
