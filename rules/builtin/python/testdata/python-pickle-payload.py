import os
import subprocess


class Job:
    def __reduce__(self):
        # ruleid: python-pickle-payload
        return exec, ("import setup",)


class Task:
    def __reduce__(self):
        # ruleid: python-pickle-payload
        return (os.system, ("true",))


class Step:
    def __reduce_ex__(self, protocol):
        # ruleid: python-pickle-payload
        return subprocess.check_output, (["id"],)


class Point:
    def __reduce__(self):
        # ok: python-pickle-payload
        return (Point, (self.x, self.y))


class Version:
    def __reduce__(self):
        # ok: python-pickle-payload
        return type(self), (str(self),)


def run():
    # ok: python-pickle-payload
    return os.system, ("true",)
