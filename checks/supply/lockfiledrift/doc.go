// Package lockfiledrift finds lockfiles that do not fit: a manifest that asks for what the lockfile does not have, and entries whose content changed
// while their version did not.
//
// A lockfile that lags behind is either mended by the next person who installs, unseen, or ignored. One that was edited is worse: the same name and
// version, and something else is installed:
//
//	example.com/lib v1.4.0 h1:q83vEjRWeJASNFZ4kKvN7w==      # was h1:n4bQgYhMfWWaL==
//
// Run the tool that writes the lockfile, and commit both files. If a published version was really replaced, say so in the pull request.
//
// Drift is a comment: a new dependency, or an exact or changed range, that the nearest lockfile does not have (npm, yarn, pnpm, poetry, uv, pdm,
// Pipenv, go.sum). Dependencies by path, workspaces and peers are left out. A digest that differs for the same version blocks, if both
// are of one kind; a host that differs for one package blocks too, and is a comment if all packages of the file moved together.
package lockfiledrift
