// Package manifest reads what projects say they depend on: manifests and lockfiles of Python, JavaScript, Go and Java, one file for each
// ecosystem, with the lines of what is in them.
//
// Nothing is evaluated. What a file computes instead of saying it makes the file partial, and a partial file proves no absence.
// Input comes from strangers: every reader is bounded, and a file that cannot be read is an error, never an empty file.
package manifest

import (
	"fmt"
	"path"
	"regexp"
	"strings"
)

// Ecosystem names a world of packages, as advisories spell it.
type Ecosystem string

// The ecosystems.
const (
	PyPI  Ecosystem = "PyPI"
	NPM   Ecosystem = "npm"
	Go    Ecosystem = "Go"
	Maven Ecosystem = "Maven"
)

// A File is one manifest.
type File struct {
	Path      string
	Ecosystem Ecosystem
	Names     []string // packages or modules that the project itself is
	Deps      []Dependency
	Scripts   []Script
	Settings  []Setting
	Compiled  bool   // a tool wrote it from other manifests (pip-compile): it holds the dependencies of dependencies too
	Partial   string // why it does not say all of its dependencies: "install_requires is computed"; "" if it does

	text []byte
}

// Dir is the folder of the file; "" for the root.
func (f *File) Dir() string { return dir(f.Path) }

func dir(p string) string {
	if d := path.Dir(p); d != "." {
		return d
	}
	return ""
}

// A Dependency is one declaration.
type Dependency struct {
	Name       string // as the ecosystem compares it: lower case with dashes for Python, "group:artifact" for Maven
	Alias      string // what code imports it by, where that is another name (npm: aliases)
	Constraint string // version or range as written; "" for none
	Source     string // address, repository, path, or name of another index ("index:internal") that it comes from instead of the registry
	Group      string // "dependencies", "devDependencies", an extra's name, ...
	Line       int    // from 1
}

// A Script is a command that runs when somebody installs or builds.
type Script struct {
	Name, Command string
	Line          int
}

// A Setting is something else that decides what is installed: another index, a trusted host.
type Setting struct {
	Name, Value string
	Line        int
}

// Kind says what a path is to this package.
type Kind uint8

// The kinds of files.
const (
	None     Kind = iota
	Declares      // a manifest
	Locks         // a lockfile
	Steers        // build configuration, where names of modules may be given another meaning
)

var (
	requirements = regexp.MustCompile(`(?i)(^|[-_./])(requirements?|constraints?)([-_.][\w.-]*)?\.(txt|in|pip)$|(^|/)requirements/[^/]+\.(txt|in|pip)$`)
	steering     = regexp.MustCompile(`^(vite|vitest|webpack|rollup|jest|babel|next|nuxt|vue|metro|svelte|astro|craco|rspack|rsbuild|esbuild|karma|cypress|playwright|docusaurus|snowpack|gatsby)[\w.-]*\.(js|cjs|mjs|ts|mts|cts|json)$|^(tsconfig|jsconfig)([\w.-]*)\.json$|^\.babelrc(\.\w+)?$|^import[_-]map\.json$|^gulpfile\.[cm]?[jt]s$`)
)

// skipped are folders of dependencies and of test data.
var skipped = map[string]bool{
	"node_modules": true, "bower_components": true, ".venv": true, "venv": true, "site-packages": true, "third_party": true,
	"testdata": true, "__fixtures__": true, "fixtures": true, "__snapshots__": true,
}

// Fixture tells what lies in a folder of dependencies or of test data: what it declares or imports is not what the project needs.
func Fixture(p string) bool {
	for {
		folder, rest, ok := strings.Cut(p, "/")
		if !ok {
			return false
		}
		if skipped[folder] {
			return true
		}
		p = rest
	}
}

// KindOf tells the files that are read, by path. Those of dependencies that lie in the repository, and fixtures, are not. It is asked for
// every path of a tree.
func KindOf(p string) Kind {
	kind := kindOf(p, p[strings.LastIndexByte(p, '/')+1:])
	if kind != None && Fixture(p) {
		return None
	}
	return kind
}

func kindOf(p, base string) Kind {
	switch base {
	case "package.json", "deno.json", "deno.jsonc", "pyproject.toml", "setup.cfg", "setup.py", "Pipfile", "go.mod", "go.work", "pom.xml",
		"environment.yml", "environment.yaml":
		return Declares
	case "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "poetry.lock", "uv.lock", "pdm.lock", "Pipfile.lock", "go.sum", "gradle.lockfile":
		return Locks
	case "tox.ini", "noxfile.py", "settings.gradle", "settings.gradle.kts", "pnpm-workspace.yaml":
		return Steers
	}
	switch path.Ext(base) {
	case ".toml":
		if strings.HasSuffix(base, ".versions.toml") {
			return Declares
		}
	case ".gradle", ".kts":
		if isGradle(base) {
			return Declares
		}
	case ".txt", ".in", ".pip":
		if requirements.MatchString(p) {
			return Declares
		}
	case ".js", ".cjs", ".mjs", ".ts", ".mts", ".cts", ".json":
		// The names that steering takes have a second dot, or are one of few words.
		if (strings.Count(base, ".") > 1 || short[base]) && steering.MatchString(base) {
			return Steers
		}
	case ".kt":
		if strings.HasPrefix(p, "buildSrc/") {
			return Steers
		}
	case ".babelrc":
		return Steers
	}
	return None
}

var short = map[string]bool{"tsconfig.json": true, "jsconfig.json": true, "import_map.json": true, "import-map.json": true, "gulpfile.js": true, "gulpfile.ts": true}

func isGradle(base string) bool {
	return strings.HasSuffix(base, ".gradle") || strings.HasSuffix(base, ".gradle.kts")
}

// EcosystemOf tells the ecosystem of a manifest or lockfile by its path; "" for any other file.
func EcosystemOf(p string) Ecosystem {
	switch base := path.Base(p); base {
	case "package.json", "deno.json", "deno.jsonc", "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock":
		return NPM
	case "go.mod", "go.work", "go.sum":
		return Go
	case "pom.xml", "gradle.lockfile":
		return Maven
	case "pyproject.toml", "setup.cfg", "setup.py", "Pipfile", "environment.yml", "environment.yaml", "poetry.lock", "uv.lock", "pdm.lock", "Pipfile.lock":
		return PyPI
	default:
		switch {
		case strings.HasSuffix(base, ".versions.toml"), isGradle(base):
			return Maven
		case requirements.MatchString(p):
			return PyPI
		}
	}
	return ""
}

// maxBytes bounds one manifest.
const maxBytes = 1 << 20

// Read reads a manifest, told by its path.
func Read(p string, data []byte) (*File, error) {
	if len(data) > maxBytes {
		return nil, fmt.Errorf("read %s: it is larger than %d bytes", p, maxBytes)
	}
	f := &File{Path: p, Ecosystem: EcosystemOf(p), text: data}
	var err error
	switch base := path.Base(p); base {
	case "package.json":
		err = readPackageJSON(f, data)
	case "deno.json", "deno.jsonc":
		err = readDeno(f, data)
	case "pyproject.toml":
		err = readPyproject(f, data)
	case "Pipfile":
		err = readPipfile(f, data)
	case "setup.cfg":
		readSetupCfg(f, string(data))
	case "setup.py":
		err = readSetupPy(f, data)
	case "environment.yml", "environment.yaml":
		readConda(f, string(data))
	case "go.mod":
		err = readGoMod(f, data)
	case "go.work":
		err = readGoWork(f, data)
	case "pom.xml":
		err = readPOM(f, data)
	default:
		switch {
		case strings.HasSuffix(base, ".versions.toml"):
			err = readCatalogue(f, data)
		case isGradle(base):
			readGradle(f, string(data))
		case requirements.MatchString(p):
			readRequirements(f, string(data))
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", p, err)
	}
	return f, nil
}
