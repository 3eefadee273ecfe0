import os

from Crypto.Cipher import AES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

IV = b"0123456789abcdef"


def encrypt(key, sent):
    iv = b"x" * 16
    # ruleid: python-static-iv
    a = Cipher(algorithms.AES(key), modes.CBC(iv))
    # ruleid: python-static-iv
    b = AES.new(key, AES.MODE_CBC, b"0000000000000000")
    # ruleid: python-static-iv
    c = AES.new(key, AES.MODE_GCM, nonce=IV)
    fresh = os.urandom(16)
    # ok: python-static-iv
    d = Cipher(algorithms.AES(key), modes.CBC(fresh))
    # ok: python-static-iv
    e = AES.new(key, AES.MODE_CBC, sent[:16])
    # ok: python-static-iv
    f = AES.new(key, AES.MODE_GCM)
