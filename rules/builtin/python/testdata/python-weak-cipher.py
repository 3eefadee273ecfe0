import os
import ssl

from Crypto.Cipher import AES, DES
from Crypto.PublicKey import RSA
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def make(key, data, sock):
    # ruleid: python-weak-cipher
    a = DES.new(key, DES.MODE_CBC)
    # ruleid: python-weak-cipher
    b = AES.new(key, AES.MODE_ECB)
    # ruleid: python-weak-cipher
    c = RSA.generate(1024)
    # ruleid: python-weak-cipher
    d = ssl.SSLContext(ssl.PROTOCOL_TLSv1)
    # ok: python-weak-cipher
    e = AES.new(key, AES.MODE_GCM)
    # ok: python-weak-cipher
    f = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    # ok: python-weak-cipher
    g = AESGCM(key).encrypt(os.urandom(12), data, None)
    # ok: python-weak-cipher
    h = ssl.create_default_context()
