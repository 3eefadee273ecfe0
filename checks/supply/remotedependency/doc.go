// Package remotedependency finds new dependencies that nobody can hold still, and new places that packages come from.
//
// A repository's branch, an archive behind an address, or "latest" is another thing tomorrow, without a change that somebody could review. A second
// index beside the usual one lets whoever registers a private name there first decide what is installed:
//
//	"helpers": "github:someone/helpers"
//	--extra-index-url https://packages.example.com/simple
//	replace example.com/lib => github.com/someone/lib v0.0.0-2024...
//	curl -s https://example.com/install.sh | sh
//
// Take a published version. If it must be a repository, name a whole commit; if it must be a second index, make it the only one and let it
// pass on what it does not have. Fetch scripts as files and compare their hash before they run.
//
// Only what the change adds is reported, as a comment. A commit of 40 hexadecimal digits, paths and workspaces of the repository, and replacements
// by a path are fine. Pipes into a shell are looked for in scripts, Makefiles and scripts of package.json; Dockerfiles have a check of their own.
package remotedependency
