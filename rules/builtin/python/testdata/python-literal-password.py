import os

import psycopg2


def check(password, form):
    # ruleid: python-literal-password
    if password == "letmein":
        return True
    # ruleid: python-literal-password
    if form["password"] == "admin":
        return True
    # ruleid: python-literal-password
    a = psycopg2.connect(user="app", password="app")
    # ok: python-literal-password
    b = psycopg2.connect(user="app", password=os.environ["DB_PASSWORD"])
    # ok: python-literal-password
    if password == "":
        return False
    # ok: python-literal-password
    return verify(password, stored)
