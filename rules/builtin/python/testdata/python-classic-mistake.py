import datetime
from decimal import Decimal


def hits(kind, price):
    # ruleid: python-classic-mistake
    if kind is "refund":
        # ruleid: python-classic-mistake
        raise NotImplemented
    # ruleid: python-classic-mistake
    if price is not 5:
        # ruleid: python-classic-mistake
        since = datetime.datetime.utcnow().timestamp()
    # ruleid: python-classic-mistake
    tax = Decimal(0.19)
    try:
        charge(price)
    # ruleid: python-classic-mistake
    except ValueError or KeyError:
        pass
    # ruleid: python-classic-mistake
    assert (price > 0, "price must be positive")


def silences(kind, price):
    # ok: python-classic-mistake
    if kind is None or kind == "refund":
        # ok: python-classic-mistake
        raise NotImplementedError
    # ok: python-classic-mistake
    since = datetime.datetime.now(datetime.timezone.utc).timestamp()
    # ok: python-classic-mistake
    tax = Decimal("0.19") + Decimal(5) + Decimal(0.5)
    try:
        charge(price)
    # ok: python-classic-mistake
    except (ValueError, KeyError):
        pass
    # ok: python-classic-mistake
    assert price > 0, "price must be positive"
    # ok: python-classic-mistake
    return NotImplemented
