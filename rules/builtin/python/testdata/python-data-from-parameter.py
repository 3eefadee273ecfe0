import os
import pickle
import shlex


def run(code, command, blob):
    # ruleid: python-data-from-parameter
    eval(code)
    # ruleid: python-data-from-parameter
    os.system("ls " + command)
    # ruleid: python-data-from-parameter
    pickle.loads(blob)
    # ok: python-data-from-parameter
    os.system("ls " + shlex.quote(command))
    # ok: python-data-from-parameter
    os.system("uptime")
    # ok: python-data-from-parameter
    pickle.dumps(blob)
