import jwt


def user(token, key):
    # ruleid: python-jwt-unverified
    a = jwt.decode(token, options={"verify_signature": False})
    # ruleid: python-jwt-unverified
    b = jwt.decode(token, verify=False)
    # ruleid: python-jwt-unverified
    c = jwt.decode(token, key, algorithms=["HS256", "none"])
    # ok: python-jwt-unverified
    d = jwt.decode(token, key, algorithms=["HS256"])
    # ok: python-jwt-unverified
    e = jwt.decode(token, key, algorithms=["HS256"], options={"verify_exp": True})
    # ok: python-jwt-unverified
    f = jwt.get_unverified_header(token)
