import base64
import hashlib
import hmac


def webhook(key, body, given):
    expected = hmac.new(key, body, hashlib.sha256).hexdigest()
    # ruleid: python-timing-comparison
    if given != expected:
        raise PermissionError
    # ruleid: python-timing-comparison
    if hmac.new(key, body, hashlib.sha256).hexdigest() == given:
        return True
    # ok: python-timing-comparison
    return hmac.compare_digest(expected, given)


def shop(key, body, header):
    mac = base64.b64encode(hmac.new(key, body, hashlib.sha256).digest())
    # ruleid: python-timing-comparison
    return mac == header


def same(stored_password, typed_password):
    if len(stored_password) != len(typed_password):
        return False
    for i in range(len(stored_password)):
        # ruleid: python-timing-comparison
        if stored_password[i] != typed_password[i]:
            return False
    return True


def rows(left, right):
    for i in range(len(left)):
        # ok: python-timing-comparison
        if left[i] != right[i]:
            return i
    return -1


def cached(path, known):
    # ok: python-timing-comparison
    return hashlib.sha256(open(path, "rb").read()).hexdigest() == known
