def add(item, items=[]):
    # ruleid: python-mutable-default
    items.append(item)
    return items


def tag(name, tags: dict = {}):
    # ruleid: python-mutable-default
    tags[name] = True
    return tags


def count(key, totals={}):
    # ruleid: python-mutable-default
    totals[key] += 1
    return totals


def read(item, items=[]):
    # ok: python-mutable-default
    return [item, *items]


def copy(item, items=[]):
    items = list(items)
    # ok: python-mutable-default
    items.append(item)
    return items


def fresh(item, items=None):
    items = items or []
    # ok: python-mutable-default
    items.append(item)
    return items


def square(n, _cache={}):
    if n not in _cache:
        # ok: python-mutable-default
        _cache[n] = n * n
    return _cache[n]
