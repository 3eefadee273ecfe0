// Package unknownpackage finds new dependencies whose name is not in the list of packages that the operator gives.
//
//	"flask-gpt-helper>=1.0"     # in no index
//
// Look the package up. If it exists and is wanted, put it on the list; if not, it was invented, and somebody may register it yet.
//
// It needs the list (--known-packages: the packages of your own index, or those that are approved). Without one it says that it was skipped. An ecosystem of
// which the list has nothing is left out, and so are addresses, paths, workspaces, and names that the base declares.
package unknownpackage
