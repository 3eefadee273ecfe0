"""What the modules of Python's standard library have.

    for v in 2.7 3.6 ... 3.13: PYTHONVERSION python.py > facts/$v.json     what one interpreter has
    python3 python.py --merge facts/*.json > python.txt                     one table of all of them

Names are those that a module has after its import, those that its source binds at the top level (also under an `if`, for other platforms), and its
submodules. Keyword arguments are given for functions whose signature is known and takes no **kwargs.
"""
from __future__ import print_function

import ast
import importlib
import inspect
import json
import os
import pkgutil
import sys
import warnings

MODULES = """abc argparse array ast asyncio atexit base64 binascii bisect bz2 calendar cmath codecs collections collections.abc concurrent.futures configparser
contextlib copy csv dataclasses datetime decimal difflib dis email email.message email.mime.text email.mime.multipart email.utils enum filecmp fileinput fnmatch
fractions functools gc getpass glob gzip hashlib heapq hmac html html.parser http http.client http.cookies http.server importlib importlib.util inspect io ipaddress
itertools json linecache locale logging logging.handlers logging.config lzma math mimetypes multiprocessing numbers operator os os.path pathlib pickle platform pprint
queue random re reprlib resource sched secrets select selectors shelve shlex shutil signal smtplib socket socketserver sqlite3 ssl stat statistics string struct
subprocess tarfile tempfile textwrap threading time timeit tokenize tomllib traceback types typing unicodedata unittest unittest.mock urllib urllib.parse urllib.request
urllib.error uuid warnings weakref xml.dom.minidom xml.etree.ElementTree zipfile zlib zoneinfo""".split()

TYPES = [list, dict, str, tuple, set, int, float, bytes]


def bound(path):
    """The names that a module's source binds at the top level, wherever they stand in it."""
    out = set()
    try:
        with open(path, "rb") as f:
            todo = list(ast.parse(f.read()).body)
    except (OSError, IOError, SyntaxError, ValueError):
        return out
    while todo:
        s = todo.pop()
        if isinstance(s, (ast.FunctionDef, ast.ClassDef)) or type(s).__name__ == "AsyncFunctionDef":
            out.add(s.name)
            continue
        if isinstance(s, (ast.Import, ast.ImportFrom)):
            for a in s.names:
                out.add((a.asname or a.name).split(".")[0])
        for c in ast.iter_child_nodes(s):
            if isinstance(c, (ast.stmt, ast.ExceptHandler)):
                todo.append(c)
            else:
                out.update(n.id for n in ast.walk(c) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
    return out


def keywords(function):
    try:
        params = inspect.signature(function).parameters.values()
    except (ValueError, TypeError, AttributeError):
        return None
    if any(p.kind == p.VAR_KEYWORD for p in params):
        return None
    return sorted(p.name for p in params if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY))


def facts():
    out = {"version": "%d.%d" % sys.version_info[:2], "modules": {}, "keywords": {}, "any": []}
    for name in MODULES:
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        if hasattr(module, "__getattr__") and sys.version_info >= (3, 10):
            out["any"].append(name)
        names = set(dir(module))
        source = getattr(module, "__file__", None) or ""
        if source.endswith((".py", ".pyc")):
            names |= bound(source[:-1] if source.endswith("c") else source)
        if name == "collections":  # moved to collections.abc; until 3.9 a module __getattr__ gave them
            abc = importlib.import_module("collections.abc" if sys.version_info[0] > 2 else "collections")
            names |= {n for n in abc.__all__ if hasattr(module, n)}
        for _, sub, _ in pkgutil.iter_modules(getattr(module, "__path__", [])):
            names.add(sub)
        out["modules"][name] = sorted(n for n in names if not n.startswith("_") and n != "*")
        for n in dir(module):
            f = getattr(module, n, None)
            if inspect.isfunction(f) or inspect.isbuiltin(f):
                k = keywords(f)
                out["keywords"]["%s.%s" % (name, n)] = k
            elif inspect.isclass(f) or callable(f):
                out["keywords"]["%s.%s" % (name, n)] = None
    for t in TYPES:
        out["modules"]["type " + t.__name__] = sorted(n for n in dir(t) if not n.startswith("__"))
    return out


# Names of versions that no interpreter here is of, as "What's New in Python 3.14" lists them, and those of other platforms that no source binds.
NEWER = {
    "asyncio": "capture_call_graph format_call_graph print_call_graph future_add_to_awaited_by future_discard_from_awaited_by all_tasks ProactorEventLoop WindowsSelectorEventLoopPolicy WindowsProactorEventLoopPolicy",
    "concurrent.futures": "InterpreterPoolExecutor", "datetime": "", "decimal": "IEEEContext", "fnmatch": "filterfalse", "functools": "Placeholder",
    "heapq": "heapify_max heappush_max heappop_max heapreplace_max heappushpop_max", "html": "", "http.server": "HTTPSServer ThreadingHTTPSServer", "inspect": "ispackage",
    "io": "Reader Writer", "operator": "is_none is_not_none", "math": "fma isnormal issubnormal signbit fmax fmin integer", "pathlib": "types", "platform": "invalidate_caches", "re": "prefixmatch",
    "string": "templatelib", "ast": "compare", "typing": "evaluate_forward_ref NoExtraItems", "types": "FrameLocalsProxyType LazyImportType", "uuid": "uuid6 uuid7 uuid8 NIL MAX", "zipfile": "ZIP_ZSTANDARD",
    "os": "startfile add_dll_directory reload_environ chflags lchflags lchmod plock get_handle_inheritable set_handle_inheritable listdrives listmounts listvolumes readinto getlogin unshare setns statx errno sys "
          "path environ environb fspath", "signal": "CTRL_C_EVENT CTRL_BREAK_EVENT", "select": "kqueue kevent devpoll",
    "socket": "fromshare", "subprocess": "STARTUPINFO STARTUPINFOW", "time": "tzset clock_settime_ns", "multiprocessing": "", "ssl": "enum_certificates enum_crls RAND_egd wrap_socket",
    "threading": "", "shutil": "", "logging": "", "gc": "", "sqlite3": "enable_shared_cache", "unicodedata": "iter_graphemes isxidstart isxidcontinue block grapheme_cluster_break indic_conjunct_break extended_pictographic", "random": "binomialvariate",
    "itertools": "batched", "statistics": "kde kde_random", "tempfile": "", "base64": "z85encode z85decode", "difflib": "", "resource": "",
}
NEWER_KEYWORDS = {
    "json.dump": "array_hook", "json.load": "array_hook", "json.loads": "array_hook", "getpass.getpass": "echo_char", "base64.b64encode": "padded wrapcol",
    "base64.b64decode": "padded ignorechars canonical", "shutil.rmtree": "onexc", "traceback.print_exc": "colorize", "traceback.print_exception": "colorize", "traceback.format_exception": "colorize",
    "traceback.format_exc": "colorize", "logging.basicConfig": "formatter", "asyncio.create_task": "name context eager_start", "uuid.uuid1": "node clock_seq", "calendar.month": "highlight_day",
}


def merge(files):
    all_ = []
    for f in files:
        with open(f) as r:
            all_.append(json.load(r))
    all_.sort(key=lambda a: [int(x) for x in a["version"].split(".")])
    versions = [a["version"] for a in all_]
    print("# Generated by python.py from Python " + ", ".join(versions) + ".")
    supported = [v for v in versions if tuple(int(x) for x in v.split(".")) >= (3, 9)]
    for name in sorted({m for a in all_ for m in a["modules"]}):
        if any(name in a["any"] for a in all_) or not any(name in a["modules"] for a in all_ if a["version"] in supported):
            continue
        last = {}
        for a in all_:
            for n in a["modules"].get(name, []):
                last[n] = a["version"]
        for n in NEWER.get(name, "").split():
            last[n] = supported[-1]
        # A name that went before the newest version here, with the version that it is missing from.
        words = []
        for n in sorted(last):
            if last[n] in supported[-2:]:
                words.append(n)
            elif name.startswith("type "):
                continue
            else:
                words.append("%s<%s" % (n, versions[versions.index(last[n]) + 1] if last[n] != "2.7" else "3.0"))
        print("%s\t%s" % (name, " ".join(words)))
    calls = {}
    for a in all_:
        if a["version"] == "2.7":
            continue
        for f, k in a["keywords"].items():
            if k is None or calls.get(f, ()) is None:
                calls[f] = None
            else:
                calls.setdefault(f, set()).update(k)
    for f in sorted(calls):
        if calls[f] and not any(f.rpartition(".")[0] in a["any"] for a in all_):
            print("%s(\t%s" % (f, " ".join(sorted(calls[f] | set(NEWER_KEYWORDS.get(f, "").split())))))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    if sys.argv[1:2] == ["--merge"]:
        merge(sys.argv[2:])
    else:
        print(json.dumps(facts(), sort_keys=True))
