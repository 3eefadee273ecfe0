SESSION_COOKIE_HTTPONLY = True


def login(response, token):
    # ruleid: python-insecure-cookie
    response.set_cookie("id", token, secure=False, httponly=True)
    # ruleid: python-insecure-cookie
    response.set_cookie("session", token)
    # ruleid: python-insecure-cookie
    response.set_cookie("id", token, secure=True, httponly=False)
    # ok: python-insecure-cookie
    response.set_cookie("session", token, secure=True, httponly=True)
    # ok: python-insecure-cookie
    response.set_cookie("theme", "dark")
    # ok: python-insecure-cookie
    response.set_cookie("session", token, secure=SECURE)
    # ok: python-insecure-cookie
    response.set_cookie("csrftoken", token)
