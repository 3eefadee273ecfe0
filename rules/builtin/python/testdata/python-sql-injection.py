from django.db import connection
from flask import Flask, request
from sqlalchemy import select, text

app = Flask(__name__)
COLUMNS = {"name", "created"}


@app.route("/users")
def users():
    name = request.args["name"]
    # ruleid: python-sql-injection
    db.execute("SELECT * FROM users WHERE name = '" + name + "'")
    query = "SELECT * FROM users ORDER BY %s" % request.args["order"]
    # ruleid: python-sql-injection
    cursor.execute(query)
    # ruleid: python-sql-injection
    session.execute(text(f"SELECT * FROM users WHERE name = '{name}'"))


def view(request):
    with connection.cursor() as cursor:
        # ruleid: python-sql-injection
        cursor.execute(f"DELETE FROM users WHERE id = {request.POST['id']}")
    # ruleid: python-sql-injection
    return User.objects.raw("SELECT * FROM users WHERE name = '%s'" % request.GET["name"])


@app.route("/fine")
def fine():
    name = request.args["name"]
    # ok: python-sql-injection
    db.execute("SELECT * FROM users WHERE name = ?", (name,))
    # ok: python-sql-injection
    session.execute(text("SELECT * FROM users WHERE name = :name"), {"name": name})
    # ok: python-sql-injection
    session.execute(select(User).where(User.name == name))
    limit = int(request.args["limit"])
    # ok: python-sql-injection
    db.execute(f"SELECT * FROM users LIMIT {limit}")
    order = request.args["order"]
    if order not in COLUMNS:
        order = "name"
    # ok: python-sql-injection
    db.execute(f"SELECT * FROM users ORDER BY {order}")
    # ok: python-sql-injection
    executor.execute(name)
