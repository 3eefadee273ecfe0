import re

from flask import Flask, request

app = Flask(__name__)


@app.route("/search")
def search():
    q = request.args["q"]
    # ruleid: python-regex-from-request
    a = re.search(q, TEXT)
    # ruleid: python-regex-from-request
    b = re.compile("^" + q)
    # ruleid: python-regex-from-request
    c = re.sub(request.args["from"], "", TEXT)
    # ok: python-regex-from-request
    d = re.search(re.escape(q), TEXT)
    # ok: python-regex-from-request
    e = re.search(r"\d+", q)
    # ok: python-regex-from-request
    f = q in TEXT
