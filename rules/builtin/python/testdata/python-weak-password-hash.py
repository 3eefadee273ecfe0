import hashlib
import os

import bcrypt


def store(password, salt, user, data):
    # ruleid: python-weak-password-hash
    a = hashlib.md5(password.encode()).hexdigest()
    # ruleid: python-weak-password-hash
    b = hashlib.sha256((user.password + salt).encode()).hexdigest()
    # ruleid: python-weak-password-hash
    c = hashlib.pbkdf2_hmac("sha256", password, b"the same for all", 600000)
    # ruleid: python-weak-password-hash
    d = hashlib.pbkdf2_hmac("sha256", password, salt, 1000)
    # ok: python-weak-password-hash
    e = hashlib.pbkdf2_hmac("sha256", password, os.urandom(16), 600000)
    # ok: python-weak-password-hash
    f = bcrypt.hashpw(password, bcrypt.gensalt())
    # ok: python-weak-password-hash
    g = hashlib.sha256(data).hexdigest()
