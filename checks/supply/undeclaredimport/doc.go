// Package undeclaredimport finds imports of packages that the project does not declare.
//
// Language models invent packages: about one in five of the names in generated code does not exist, and the same names come back, so that
// somebody can register them and wait. An import that no manifest knows is how such a name gets in:
//
//	import fastapi_jwt_utils    # nothing in pyproject.toml, uv.lock or this repository has that name
//
// Look the package up. If it is the right one, declare it, with a version; if it does not exist, write the code with what the project has.
//
// A name is not reported if anything explains it: the standard library, a file or folder of the repository, a manifest or lockfile anywhere in it,
// a workspace, an alias of tsconfig or of the bundler's configuration, a table of names that differ (yaml is PyYAML), an import that base had
// in a file of the change. Nor is an import that may fail: inside try, under TYPE_CHECKING or another condition.
//
// It blocks where the project's manifests were read completely and the package is not known to exist. It comments where the package is widely used
// (it then comes with another one, today), where a manifest computes its list, in tests, in functions, and in Java, where dependencies of
// dependencies may be imported. Go: paths that no module of go.mod begins. Examples, documentation, vendored and generated files are left out.
package undeclaredimport
