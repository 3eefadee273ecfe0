from django.http import HttpResponse, JsonResponse
from flask import Flask, jsonify, make_response, render_template, request
from markupsafe import Markup, escape

app = Flask(__name__)


@app.route("/hello")
def hello():
    name = request.args.get("name", "")
    # ruleid: python-xss
    return "<h1>Hello " + name + "</h1>"


@app.route("/made")
def made():
    # ruleid: python-xss
    return make_response(f"Hello {request.args['name']}")


def view(request):
    # ruleid: python-xss
    return HttpResponse("Hello %s" % request.GET["name"])


@app.route("/marked")
def marked():
    # ruleid: python-xss
    name = Markup(request.args["name"])
    return render_template("page.html", name=name)


@app.route("/fine")
def fine():
    name = request.args.get("name", "")
    if name == "json":
        # ok: python-xss
        return jsonify({"name": name})
    if name == "template":
        # ok: python-xss
        return render_template("page.html", name=name)
    # ok: python-xss
    return f"Hello {escape(name)}"


def fine_view(request):
    # ok: python-xss
    return JsonResponse({"name": request.GET["name"]})


def typed(request):
    # ok: python-xss
    return HttpResponse(request.GET["text"], content_type="text/plain")


@app.route("/file")
def file():
    # ok: python-xss
    return flask.send_file(request.args["name"])


@app.route("/picture")
def picture():
    answer = requests.get(request.args["url"])
    # ok: python-xss
    return answer.content


@app.route("/export")
def export():
    # ok: python-xss
    return flask.Response(request.args["text"], mimetype="text/csv")
