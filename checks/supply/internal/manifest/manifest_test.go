package manifest

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/checks"
)

func shown(f *File) string {
	var out []string
	for _, n := range f.Names {
		out = append(out, "is "+n)
	}
	for _, d := range f.Deps {
		s := fmt.Sprintf("%d %s: %s", d.Line, d.Group, d.Name)
		if d.Alias != "" {
			s += " as " + d.Alias
		}
		if d.Constraint != "" {
			s += " (" + d.Constraint + ")"
		}
		if d.Source != "" {
			s += " from " + d.Source
		}
		out = append(out, s)
	}
	for _, s := range f.Scripts {
		out = append(out, fmt.Sprintf("%d runs %s: %s", s.Line, s.Name, s.Command))
	}
	for _, s := range f.Settings {
		out = append(out, fmt.Sprintf("%d sets %s: %s", s.Line, s.Name, s.Value))
	}
	if f.Partial != "" {
		out = append(out, "partial: "+f.Partial)
	}
	return strings.Join(out, "\n")
}

func TestRead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ path, text, want string }{
		{"requirements.txt", "# c\nFlask[async]>=2.0 ; python_version < '4'  # why\nzope.interface\n-r more.txt\n--index-url https://packages.example.com\nx==1 \\\n  --hash=sha256:0\n-e git+https://example.com/a/b.git#egg=My_Pkg\n./local\nw @ https://example.com/w.whl\n???\n",
			"2 requirements: flask (>=2.0)\n3 requirements: zope-interface\n6 requirements: x (==1)\n8 requirements: my-pkg from git+https://example.com/a/b.git#egg=My_Pkg\n10 requirements: w from https://example.com/w.whl\n5 sets --index-url: https://packages.example.com\npartial: a line of it is no requirement"},
		{"pyproject.toml", "[project]\nname = \"My_App\"\ndynamic = [\"version\"]\ndependencies = [\n  \"a>=1\", # c\n  'b[x]~=2',\n]\n[project.optional-dependencies]\nfast = [\"c\"]\n[dependency-groups]\ndev = [\"d\", {include-group = \"e\"}]\n[tool.uv.sources]\na = { git = \"https://example.com/a\" }\n[tool.poetry.group.x.dependencies]\npython = \"^3\"\nf = {version = \"^1\", extras = [\"z\"]}\n",
			"is my-app\n5 dependencies: a (>=1) from https://example.com/a\n6 dependencies: b (~=2)\n9 fast: c\n11 dev: d\n16 x: f (^1)"},
		{"a/pyproject.toml", "[project]\ndynamic = [\"dependencies\"]\n", "partial: its dependencies are dynamic"},
		{"setup.cfg", "[metadata]\nname = x\n[options]\ninstall_requires =\n    a>1\n    # c\n    b\n[options.extras_require]\ntest = c\n  d\n", "is x\n5 install_requires: a (>1)\n7 install_requires: b\n9 test: c\n10 test: d"},
		{"setup.py", "from setuptools import setup\nR = ['a', \"b>=1\"]\nsetup(name='n', install_requires=R + ['c'], extras_require={'x': ['d']}, cmdclass={'install': I})\n",
			"is n\n2 install_requires: a\n2 install_requires: b (>=1)\n3 install_requires: c\n3 extras_require: d\n3 runs cmdclass: {'install': I}"},
		{"b/setup.py", "setup(install_requires=read('r.txt'))", "partial: install_requires is computed"},
		{"Pipfile", "[packages]\na = \"*\"\nb = {git = \"https://example.com/b\"}\n[dev-packages]\nc = \"==1\"\n", "2 packages: a (*)\n3 packages: b from https://example.com/b\n5 dev-packages: c (==1)"},
		{"environment.yml", "dependencies:\n  - python=3.11\n  - conda-forge::numpy>=1\n  - pip:\n    - flask==3\n", "2 conda: python (=3.11)\n3 conda: numpy (>=1)\n5 conda: flask (==3)"},
		{"package.json", "{\n \"name\": \"n\",\n \"dependencies\": {\n  \"a\": \"^1\",\n  \"b\": \"npm:@s/real@2\",\n  \"c\": \"owner/repo\", \"d\": \"workspace:*\"},\n \"scripts\": {\"postinstall\": \"x\", \"test\": \"y\"},\n \"overrides\": {\"e\": \"1\"}}",
			"is n\n4 dependencies: a (^1)\n5 dependencies: @s/real as b (2)\n6 dependencies: c from owner/repo\n6 dependencies: d (workspace:*)\n7 runs postinstall: x\n8 sets override e: 1"},
		{"deno.json", "{\"imports\": {\"std/\": \"jsr:@std/x\"}, }", "1 imports: std (jsr:@std/x)"},
		{"go.mod", "module example.com/m\n\ngo 1.22\n\nrequire (\n\texample.com/a v1.2.3\n\texample.com/b v0.1.0 // indirect\n)\n\nreplace example.com/a => ../a\n",
			"is example.com/m\n6 require: example.com/a (v1.2.3)\n7 indirect: example.com/b (v0.1.0)\n10 replace: example.com/a as example.com/a from ../a\n3 sets go: 1.22"},
		{"go.work", "go 1.22\n\nuse ./a\n\nreplace example.com/x => example.com/y v1.0.0\n", "5 replace: example.com/x as example.com/x (v1.0.0) from example.com/y"},
		{"pom.xml", "<project>\n<groupId>com.acme</groupId>\n<properties><v>1.5</v></properties>\n<dependencies>\n<dependency>\n<groupId>g</groupId><artifactId>a</artifactId><version>${v}</version></dependency>\n</dependencies>\n<build><plugins><plugin><artifactId>p</artifactId></plugin></plugins></build></project>",
			"is com.acme\n5 dependency: g:a (1.5)\n8 plugin: org.apache.maven.plugins:p"},
		{"x.gradle.kts", "group = \"com.acme\"\ndependencies {\n  // implementation(\"no:no:1\")\n  implementation(\"g:a:1.0\")\n  testImplementation(group = \"g\", name = \"b\", version = \"2\")\n  api(libs.c)\n  implementation(dep())\n}\n",
			"is com.acme\n4 gradle: g:a (1.0)\n5 gradle: g:b (2)\npartial: a dependency is computed"},
		{"gradle/libs.versions.toml", "[versions]\nv = \"3\"\n[libraries]\na = { group = \"g\", name = \"a\", version.ref = \"v\" }\nb = \"g:b:1\"\nc = { module = \"g:c\" }\n", "4 catalogue: g:a (3)\n5 catalogue: g:b (1)\n6 catalogue: g:c"},
	} {
		t.Run(c.path, func(t *testing.T) {
			t.Parallel()
			f, err := Read(c.path, []byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			if got := shown(f); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			if KindOf(c.path) != Declares {
				t.Error("it is not told as a manifest")
			}
		})
	}
}

func TestReadBroken(t *testing.T) {
	t.Parallel()
	for path, text := range map[string]string{
		"package.json": `{"dependencies": {"a": `, "a/package.json": strings.Repeat("[", 100), "pyproject.toml": "[project", "go.mod": "module", "pom.xml": "<project><a>",
		"b/package.json": `"` + strings.Repeat("x", maxBytes) + `"`, "Pipfile": "a = [1 2", "deno.json": "",
	} {
		if f, err := Read(path, []byte(text)); err == nil {
			t.Errorf("%s: read as %+v", path, f)
		}
	}
}

func TestReadLock(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ path, text, want string }{
		{"package-lock.json", `{"packages": {"": {"version": "1"}, "packages/w": {"version": "2"}, "node_modules/a": {"version": "1.0.0", "resolved": "https://r.example.com/a.tgz", "integrity": "sha512-x"}, "node_modules/b/node_modules/@s/c": {"version": "2.0.0"}}}`,
			"a 1.0.0 r.example.com sha512-x\n@s/c 2.0.0  "},
		{"a/package-lock.json", `{"dependencies": {"a": {"version": "1.0.0", "requires": {"b": "1"}, "dependencies": {"b": {"version": "1.1.0"}}}}}`, "a 1.0.0  \nb 1.1.0  "},
		{"yarn.lock", "# yarn lockfile v1\n\n\"@s/a@^1\", \"@s/a@^1.1\":\n  version \"1.2.0\"\n  resolved \"https://r.example.com/a.tgz#sum\"\n  integrity sha512-x\n  dependencies:\n    version \"9\"\n", "@s/a 1.2.0 r.example.com sha512-x"},
		{"b/yarn.lock", "__metadata:\n  version: 6\n\n\"a@npm:^1\":\n  version: 1.2.0\n  resolution: \"a@npm:1.2.0\"\n  checksum: 8/x\n", "a 1.2.0  8/x"},
		{"pnpm-lock.yaml", "packages:\n  '@s/a@1.0.0':\n    resolution: {integrity: sha512-x}\n  /b@2.0.0(peer@1):\n    resolution: {tarball: https://r.example.com/b.tgz}\n", "@s/a 1.0.0  sha512-x\nb 2.0.0 r.example.com "},
		{"uv.lock", "version = 1\n[[package]]\nname = \"A_b\"\nversion = \"1\"\nsource = { registry = \"https://r.example.com/simple\" }\nwheels = [{ url = \"u\", hash = \"sha256:x\" }]\n[[package.dependencies]]\nname = \"z\"\n[[package]]\nname = \"c\"\nversion = \"2\"\n", "a-b 1 r.example.com sha256:x \nc 2  "},
		{"Pipfile.lock", `{"default": {"A": {"hashes": ["sha256:x"], "version": "==1"}}, "develop": {"b": {"version": "==2"}}}`, "a 1  sha256:x \nb 2  "},
		{"go.sum", "example.com/a v1.0.0 h1:x=\nexample.com/a v1.0.0/go.mod h1:y=\n", "example.com/a v1.0.0  h1:x=\nexample.com/a v1.0.0/go.mod  h1:y="},
	} {
		t.Run(c.path, func(t *testing.T) {
			t.Parallel()
			list, err := ReadLock(c.path, []byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, l := range list {
				got = append(got, fmt.Sprintf("%s %s %s %s", l.Name, l.Version, l.Host(), l.Hash))
			}
			if s := strings.Join(got, "\n"); s != c.want {
				t.Errorf("got\n%s\nwant\n%s", s, c.want)
			}
			if KindOf(c.path) != Locks {
				t.Error("it is not told as a lockfile")
			}
		})
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, name string
		want       bool
	}{
		{`"node_modules/foo": {`, "foo", true},
		{"foo@^1.0:\n", "foo", true},
		{"name = \"foo\"", "foo", true},
		{"foo-bar@1, x.foo, foo_y", "foo", false},
		{"@scope/foo@1", "foo", false},
		{"@scope/foo@1", "@scope/foo", true},
		{"node_modules/@scope/foo", "foo", false},
		{"/foo@1.0.0:", "foo", true},
		{"foofoo foo", "foo", true},
		{"", "", false},
	} {
		if got := Names([]byte(c.text), c.name); got != c.want {
			t.Errorf("%q names %q: %v", c.text, c.name, got)
		}
	}
}

func TestAt(t *testing.T) {
	t.Parallel()
	got := At("f", checks.Head, []byte("a\n  é b \r\nc"), 2)
	if want := (checks.Location{Path: "f", Side: checks.Head, StartLine: 2, StartColumn: 3, EndLine: 2, EndColumn: 6}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

var manifests = []string{"requirements.txt", "pyproject.toml", "setup.cfg", "setup.py", "Pipfile", "environment.yml", "package.json", "deno.json", "go.mod", "go.work", "pom.xml", "build.gradle", "libs.versions.toml"}

// FuzzRead feeds any bytes to all readers of manifests: no panic, and lines that exist.
func FuzzRead(f *testing.F) {
	f.Add([]byte("flask[x]>=1 ; y  # z\n-e git+https://example.com/a.git\n--extra-index-url https://example.com\n"))
	f.Add([]byte("[project]\ndependencies = [\"a>=1\", 'b']\n[tool.poetry.dependencies]\nc = {git = \"d\"}\n[libraries]\nx = \"g:a:1\"\n"))
	f.Add([]byte("{\"name\": \"n\", \"dependencies\": {\"a\": \"npm:b@1\",}, // c\n}"))
	f.Add([]byte("module m\n\nrequire a.b/c v1.0.0\n\nreplace a.b/c => ../x\n"))
	f.Add([]byte("<project><dependencies><dependency><groupId>g</groupId></dependency></dependencies></project>"))
	f.Add([]byte("from setuptools import setup\nR = ['a'] + R\nsetup(install_requires=R, cmdclass={})\n"))
	f.Add([]byte("implementation 'g:a:1'\napi group: 'g', name: 'b'\n- numpy=1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		last := bytes.Count(data, []byte("\n")) + 1
		for _, name := range manifests {
			got, err := Read(name, data)
			if err != nil {
				continue
			}
			for _, d := range got.Deps {
				if d.Line < 1 || d.Line > last {
					t.Fatalf("%s: %+v is on no line of %d", name, d, last)
				}
			}
			for _, s := range got.Scripts {
				if at := got.At(checks.Head, s.Line); s.Line < 1 || s.Line > last || at.EndColumn <= at.StartColumn {
					t.Fatalf("%s: impossible place %+v", name, s)
				}
			}
		}
	})
}

// FuzzReadLock feeds any bytes to all readers of lockfiles.
func FuzzReadLock(f *testing.F) {
	f.Add([]byte("\"@s/a@^1\", b@2:\n  version \"1\"\n  resolved \"https://example.com/a#b\"\n"))
	f.Add([]byte("{\"packages\": {\"node_modules/a\": {\"version\": \"1\"}}, \"default\": {\"b\": {\"hashes\": [\"x\"]}}}"))
	f.Add([]byte("[[package]]\nname = \"a\"\nfiles = [{hash = \"sha256:0\"}]\n"))
	f.Add([]byte("packages:\n  /a@1.0.0(b@2):\n    resolution: {integrity: x}\n"))
	f.Add([]byte("example.com/a v1.0.0 h1:x=\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		last := bytes.Count(data, []byte("\n")) + 1
		for _, name := range []string{"package-lock.json", "yarn.lock", "pnpm-lock.yaml", "poetry.lock", "Pipfile.lock", "go.sum"} {
			list, err := ReadLock(name, data)
			if err != nil {
				continue
			}
			for _, l := range list {
				if l.Line < 1 || l.Line > last {
					t.Fatalf("%s: %+v is on no line of %d", name, l, last)
				}
				_ = l.Host()
			}
		}
	})
}

// FuzzNames holds the search for names to what it says: a word that stands between spaces is found, and nothing is found in an empty text.
func FuzzNames(f *testing.F) {
	f.Add("foo-bar @s/foo node_modules/foo", "foo")
	f.Fuzz(func(t *testing.T, text, name string) {
		if name != "" && !Names([]byte(text+" "+name+" "), name) {
			t.Fatalf("%q is not found", name)
		}
	})
}

func TestKindOf(t *testing.T) {
	t.Parallel()
	for p, want := range map[string]Kind{
		"requirements.txt": Declares, "requirements-dev.txt": Declares, "dev-requirements.txt": Declares, "requirements/base.txt": Declares, "a/constraints.txt": Declares, "notes.txt": None,
		"docs/requirements.in": Declares, "a/b.gradle": Declares, "a/b.gradle.kts": Declares, "settings.gradle": Steers, "gradle/libs.versions.toml": Declares, "x.toml": None,
		"vite.config.ts": Steers, "webpack.prod.js": Steers, "tsconfig.build.json": Steers, "tsconfig.json": Steers, "web/.babelrc": Steers, "app.config.js": None, "next.ts": None, "data.json": None,
		"node_modules/a/package.json": None, "test/fixtures/a/package.json": None, "go.sum": Locks, "a/testdata/go.mod": None, "buildSrc/src/D.kt": Steers, "src/D.kt": None,
	} {
		if got := KindOf(p); got != want {
			t.Errorf("%s: %d, want %d", p, got, want)
		}
	}
}
