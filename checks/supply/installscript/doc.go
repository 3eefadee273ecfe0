// Package installscript finds commands that a change makes run on everybody's machine while a package is installed or built.
//
//	"postinstall": "node setup.js"
//
// Nobody calls such a command, so nobody looks at it: it runs on every developer's machine and on every runner, with the rights of whoever
// installs. Let it be called by hand, or by the build's own step, if it is not needed to install.
//
// Reported, as a comment: a new or changed preinstall, install or postinstall of package.json, cmdclass of setup.py, and a plug-in of Maven that runs
// programs or scripts. It blocks if the command fetches something and runs it. Known tools that only set up the repository (husky, patch-package,
// node-gyp and their like) and the build itself are left out; prepare runs in the repository only, so it counts if it fetches.
package installscript
