// Package unknownpackage finds new dependencies that no registry has, that were taken down, that are young, or that are not on the operator's list.
//
//	"flask-gpt-helper>=1.0"     # in no index
//
// Look the package up. If it was invented, somebody may register it yet, and then it runs where the project is installed. If it is one of your own, name it in
// checks.private_packages, or put it on the list.
//
// It needs somebody to ask: a registry (--registry), or a list (--known-packages: the packages of your own index, or those that are approved). What it
// could not look up it says. That a package is absent blocks for npm and PyPI, unless the base names another index; a module proxy does not see
// private repositories, and builds of Maven name repositories of their own, so there it is a comment. Left out are addresses, paths, workspaces, names
// that the base declares, what is widely used, and what belongs to the project's own scope, group or owner.
package unknownpackage
