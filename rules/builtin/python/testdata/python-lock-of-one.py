import threading

shared = threading.Lock()


def take(stock, item):
    lock = threading.Lock()
    # ruleid: python-lock-of-one
    with lock:
        stock[item] -= 1


def count(state):
    lock = threading.RLock()
    if state.ready:
        # ruleid: python-lock-of-one
        lock.acquire()
        state.n += 1
        lock.release()


async def store(cache, key, value):
    lock = threading.Lock()
    # ruleid: python-lock-of-one
    with lock:
        cache[key] = value


def right(stock, item):
    # ok: python-lock-of-one
    with shared:
        stock[item] -= 1


def spread(jobs):
    lock = threading.Lock()
    done = []

    def work(job):
        # ok: python-lock-of-one
        with lock:
            done.append(job())

    for job in jobs:
        threading.Thread(target=work, args=(job,)).start()
    return done


def handed(jobs):
    lock = threading.Lock()
    start(jobs, lock)
    # ok: python-lock-of-one
    with lock:
        return list(jobs)
