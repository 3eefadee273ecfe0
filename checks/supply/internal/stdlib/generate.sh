#!/usr/bin/env bash
# Writes the lists of what comes with each language, from the toolchains' own data. Needs pyenv with the versions below, node, go and javac.
set -euo pipefail
cd "$(dirname "$0")"
export LC_ALL=C

list() { # list FILE HEADER: the sorted lines of standard input
	{ printf '# %s Written by generate.sh.\n' "$2"; sort -u; } >"$1"
}

pythons=${PYTHONS:-3.10.13 3.11.7 3.12.1 3.13.0}
older=${OLDER:-2.7.18 3.8.18} # have no such list: what lies in the folder of the library, and what is built in
{
	for v in $pythons; do
		PYENV_VERSION=$v python -c 'import sys; print("\n".join(sys.stdlib_module_names))'
	done
	for v in $older; do
		PYENV_VERSION=$v python -c 'import os, pkgutil, sys
lib = os.path.dirname(os.__file__)
found = [m[1] for m in pkgutil.iter_modules([lib, lib + "/lib-dynload", lib + "/plat-linux2"])] + list(sys.builtin_module_names)
print("\n".join(n for n in found if n not in ("site-packages", "test")))'
	done
} | list python.txt "Modules of Python $pythons (sys.stdlib_module_names) and $older."
node -p 'require("node:module").builtinModules.filter(m => !m.startsWith("_")).concat(["node:sea", "node:sqlite", "node:test", "node:test/reporters"]).join("\n")' |
	list node.txt "Modules of Node.js $(node -p process.versions.node): module.builtinModules, and those that exist with the prefix node: only."
go list std | grep -v -e /internal/ -e '^internal/' -e '^vendor/' | list go.txt "Packages of $(go env GOVERSION): go list std."
java --list-modules | cut -d@ -f1 | while read -r m; do java --describe-module "$m" | sed -n 's/^exports \([^ ]*\)$/\1/p'; done |
	list java.txt "Packages of JDK $(java -version 2>&1 | head -1 | cut -d'"' -f2): what its modules export."
