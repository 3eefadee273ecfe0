import os
import tempfile
from tempfile import mktemp


def make(path):
    # ruleid: python-insecure-file
    a = tempfile.mktemp()
    # ruleid: python-insecure-file
    b = mktemp(suffix=".txt")
    # ruleid: python-insecure-file
    os.chmod(path, 0o777)
    # ok: python-insecure-file
    os.chmod(path, 0o755)
    # ok: python-insecure-file
    c = tempfile.NamedTemporaryFile()
    # ok: python-insecure-file
    d = tempfile.mkdtemp()
