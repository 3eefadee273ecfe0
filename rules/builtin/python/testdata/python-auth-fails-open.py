def is_allowed(user, thing):
    # ruleid: python-auth-fails-open
    try:
        return acl.check(user, thing)
    except Exception:
        return True


def check_token(token):
    # ok: python-auth-fails-open
    try:
        return decode(token)
    except ValueError:
        return False


def remove(user, thing):
    # ruleid: python-auth-fails-open
    assert user.is_admin
    # ruleid: python-auth-fails-open
    assert user.has_perm("thing.delete")
    # ok: python-auth-fails-open
    assert thing is not None
    thing.delete()


def is_reachable(host):
    # ok: python-auth-fails-open
    try:
        return ping(host)
    except OSError:
        return True
