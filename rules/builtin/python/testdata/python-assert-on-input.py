import sys

from flask import request


def ask():
    age = int(input("Age: "))
    # ruleid: python-assert-on-input
    assert age > 0
    return age


def view():
    name = request.form["name"]
    # ruleid: python-assert-on-input
    assert name.isalnum(), "bad name"
    # ok: python-assert-on-input
    if not name.isalnum():
        return "bad name", 400
    return name


def command():
    # ruleid: python-assert-on-input
    assert len(sys.argv) > 1


def checked():
    count = request.args.get("count", "")
    if not count.isdigit():
        return "how many?", 400
    total = stock() - 1
    # ok: python-assert-on-input
    assert total >= 0
    return str(total)


def invariant(queue):
    # ok: python-assert-on-input
    assert queue.depth >= 0


def narrowed():
    value = request.cookies.get("theme")
    # ok: python-assert-on-input
    assert isinstance(value, str)
    return value.lower()
