def increment(items):
    i = 0
    while i <= len(items):
        # ruleid: python-off-by-one
        items[i] += 1
        i += 1


def total(prices):
    result = 0
    for i in range(len(prices) + 1):
        # ruleid: python-off-by-one
        result += prices[i]
    return result


def names(users):
    found = []
    at = 0
    while at <= len(users):
        # ruleid: python-off-by-one
        found.append(users[at].name)
        at += 1
    return found


def edges(items):
    for i in range(len(items) + 1):
        # ok: python-off-by-one
        yield items[:i], items[i:]


def merge(a, b):
    i = 0
    while i <= len(a):
        if i == len(a):
            break
        # ok: python-off-by-one
        b.append(a[i])
        i += 1


def right(items):
    i = 0
    while i < len(items):
        # ok: python-off-by-one
        items[i] += 1
        i += 1


def table(n, cost):
    for i in range(len(cost) + 1):
        # ok: python-off-by-one
        n[i] = 0 if i == 0 else cost[i - 1]
        # ok: python-off-by-one
        last = i < len(cost) and cost[i]
    return last
