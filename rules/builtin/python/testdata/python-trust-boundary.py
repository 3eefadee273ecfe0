import flask
from flask import Flask, request, session

app = Flask(__name__)


@app.route("/set", methods=["POST"])
def set_it():
    # ruleid: python-trust-boundary
    session["role"] = request.form["role"]
    # ruleid: python-trust-boundary
    flask.session[request.form["key"]] = "1"
    # ok: python-trust-boundary
    session["page"] = int(request.form["page"])
    # ok: python-trust-boundary
    session["seen"] = True


def view(request):
    # ruleid: python-trust-boundary
    request.session["tenant"] = request.GET["tenant"]
    # ok: python-trust-boundary
    request.session["user"] = request.user.pk
