import ast
import json

from flask import Flask, render_template, render_template_string, request

app = Flask(__name__)


@app.route("/sum")
def total():
    # ruleid: python-code-injection
    return str(eval(request.args["formula"]))


@app.route("/run", methods=["POST"])
def run():
    source = request.get_data()
    # ruleid: python-code-injection
    exec("def f():\n  " + source)
    # ruleid: python-code-injection
    return render_template_string("Hello " + request.form["name"])


@app.route("/fine")
def fine():
    # ok: python-code-injection
    value = ast.literal_eval(request.args["value"])
    # ok: python-code-injection
    data = json.loads(request.args["data"])
    # ok: python-code-injection
    eval("1 + 1")
    # ok: python-code-injection
    return render_template_string("Hello {{ name }}", name=request.args["name"])


def view(request):
    # ok: python-code-injection
    return eval(SETTINGS["formula"])
