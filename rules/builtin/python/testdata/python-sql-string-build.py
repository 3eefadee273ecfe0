import sqlite3

from psycopg import sql

TABLE = "users"
STATUS = "active"


def hits(db, cur, name, user, ids):
    # ruleid: python-sql-string-build
    cur.execute(f"SELECT * FROM users WHERE name = '{name}'")
    # ruleid: python-sql-string-build
    cur.execute("SELECT * FROM users WHERE name = '" + name + "'")
    # ruleid: python-sql-string-build
    cur.execute("SELECT * FROM users WHERE name = '%s'" % name)
    # ruleid: python-sql-string-build
    db.cursor().execute("DELETE FROM users WHERE id = {}".format(user.id))
    # ruleid: python-sql-string-build
    cur.executescript(f"UPDATE users SET name = '{name}' WHERE id = {user.id}")
    cur.execute(
        # ruleid: python-sql-string-build
        f"""
        SELECT id, name
        FROM users
        WHERE name LIKE '%{name}%'
        """
    )


def hit_by_way_of_a_variable(cur, name):
    # ruleid: python-sql-string-build
    query = f"SELECT * FROM users WHERE name = '{name}'"
    if name:
        cur.execute(query)


def silences(db, cur, name, user, ids, executor):
    # ok: python-sql-string-build
    cur.execute("SELECT * FROM users WHERE name = %s", (name,))
    # ok: python-sql-string-build
    cur.execute("SELECT * FROM users WHERE name = ?", [name])
    # ok: python-sql-string-build
    cur.execute(f"SELECT * FROM {TABLE} WHERE name = %s", (name,))
    # ok: python-sql-string-build
    cur.execute(f"SELECT * FROM users WHERE status = '{STATUS}'")
    placeholders = ",".join("?" for _ in ids)
    # ok: python-sql-string-build
    cur.execute(f"SELECT * FROM users WHERE id IN ({placeholders})", ids)
    # ok: python-sql-string-build
    cur.execute(f"SELECT * FROM users WHERE id = {int(user.id)}")
    # ok: python-sql-string-build
    cur.execute(sql.SQL("SELECT * FROM {} WHERE id = %s").format(sql.Identifier(name)), (user.id,))
    # ok: python-sql-string-build
    cur.execute("SELECT '{a,b}'::text[] FROM users")
    # ok: python-sql-string-build
    executor.execute(f"job = {name}")
    # ok: python-sql-string-build
    cur.execute(
        "SELECT * FROM users "
        "WHERE name = %(name)s",
        {"name": name},
    )


def constant_by_way_of_a_variable(cur, name):
    # ok: python-sql-string-build
    query = "SELECT * FROM users WHERE name = %s"
    cur.execute(query, (name,))
