import hashlib


def signature(data):
    # ruleid: python-weak-hash
    a = hashlib.md5(data).hexdigest()
    # ruleid: python-weak-hash
    b = hashlib.sha1(data)
    # ruleid: python-weak-hash
    c = hashlib.new("md5")
    # ok: python-weak-hash
    d = hashlib.sha256(data)
    # ok: python-weak-hash
    e = hashlib.md5(data, usedforsecurity=False)
    # ok: python-weak-hash
    f = hashlib.new("sha256")
