import random
import secrets
import string


def hits(response, session):
    # ruleid: python-predictable-random
    token = random.randint(0, 10**9)
    # ruleid: python-predictable-random
    reset_code = str(random.random())[2:]
    # ruleid: python-predictable-random
    response.set_cookie("session", "".join(random.choice(string.ascii_letters) for _ in range(32)))
    # ruleid: python-predictable-random
    session["key"] = random.getrandbits(128)


def generate_password(n):
    # ruleid: python-predictable-random
    return "".join(random.choice(string.ascii_letters) for _ in range(n))


def silences(items):
    # ok: python-predictable-random
    token = secrets.token_urlsafe(32)
    # ok: python-predictable-random
    jitter = random.random()
    random.shuffle(items)
    # ok: python-predictable-random
    session_id = random.SystemRandom().getrandbits(128)
    # ok: python-predictable-random
    colour = random.choice(["red", "green"])
