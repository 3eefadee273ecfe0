from urllib.parse import urlsplit

from django.http import HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from flask import Flask, redirect, request, url_for

app = Flask(__name__)


@app.route("/next")
def after():
    # ruleid: python-open-redirect
    return redirect(request.args["next"])


@app.route("/header")
def header():
    response = make_response("", 302)
    # ruleid: python-open-redirect
    response.headers["Location"] = request.args["next"]
    return response


def view(request):
    # ruleid: python-open-redirect
    return HttpResponseRedirect(request.GET.get("next", "/"))


def fine_view(request):
    target = request.GET.get("next", "/")
    if not url_has_allowed_host_and_scheme(target, {"example.com"}):
        target = "/"
    # ok: python-open-redirect
    return HttpResponseRedirect(target)


@app.route("/fine")
def fine():
    # ok: python-open-redirect
    if request.args.get("a"):
        # ok: python-open-redirect
        return redirect(url_for("page", name=request.args["name"]))
    target = request.args["next"]
    if urlsplit(target).netloc:
        target = "/"
    # ok: python-open-redirect
    return redirect(target)
