// Package source turns a local repository, two plain folders or a fetched pull request into changed files, their contents, trees and the
// commit graph. It only reads: nothing of the repository is executed (no hooks, filters, textconv, merge drivers, fsmonitor, credential
// helpers, submodules, LFS), nothing is checked out, and nothing is written to a local repository (recomputing merges may renew the time
// stamps of loose objects, as git does for objects that it would otherwise write again).
//
// # What is compared
//
// Local compares, without Base and Head, the work tree (staged, unstaged, and untracked files that are not ignored) with the merge base
// of HEAD and the default branch. The default branch is the first of these that exists:
//
//	origin/HEAD, origin/main, origin/master, upstream/HEAD, upstream/main, upstream/master,
//	the local branch named by init.defaultBranch, main, master
//
// On the default branch itself the comparison is with its upstream (what was not pushed yet, and what was not committed), or with HEAD if
// it has none (what was not committed). Where no default branch is found, it is HEAD too, and Snapshot.Doubt says so unless the repository
// has only the one branch; a Head cannot be compared then. Snapshot.Against names the choice.
//
//	Base alone      the work tree against the merge base of Base and HEAD
//	Head alone      Head against its merge base with the default branch; objects only, the work tree is not looked at
//	Base and Head   Head against their merge base; objects only
//	All             every tracked or untracked-not-ignored file is Added; without a repository every file of the folder. With Head: its tree
//
// A repository without commits has an empty base: everything that is staged or untracked is added. A bare repository has no work tree:
// Head defaults to HEAD, and Base must be named unless All is set. If there are several merge bases (criss-cross merges), git's first is
// taken; it depends on the commits only. A shallow clone in which the merge base is missing, or could be another one beyond the cut, is
// an error, never a wrong comparison.
//
// A folder inside a repository restricts the change to that folder (Snapshot.Prefix). Paths are always those of the repository's root;
// path classes are judged relative to the folder.
//
// # What is given of a file
//
// Text is given as it is, valid UTF-8 or not; UTF-16 with a byte order mark is given as UTF-8 (File.Encoding names the original). Binary
// files (a NUL in the first 8000 bytes), symbolic links, submodules, Git LFS pointers and files over a limit are Opaque: they are listed,
// and their content is not given. If only the base side cannot be given (File.BaseOpaque), base is given as empty, so that everything at
// head counts as new. Files of the work tree are read as they lie there, except that line endings are turned into LF where
// core.autocrlf or the attributes text and eol say that git stores them so.
//
// # Renames
//
// A deleted and an added file with equal content are a rename; with similar content (half of the bytes, in equal lines) they are one as
// long as the change has at most Limits.RenameFiles deleted and added files. The same measure, our own, serves objects, work tree and
// folders.
//
// # Classes
//
// See class.go for the table. Names of folders count only if the folder was there at base; marks and names of generated files only if
// the file had them at base; file names of tests and documentation always. With All the tree stands for its own base.
package source
