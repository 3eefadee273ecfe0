import os
from pathlib import Path

from flask import Flask, request, send_file
from werkzeug.utils import secure_filename

app = Flask(__name__)
BASE = Path("/srv/files")


@app.route("/read")
def read():
    name = request.args["name"]
    # ruleid: python-path-traversal
    with open("files/" + name) as f:
        return f.read()


@app.route("/download/<path:name>")
def download(name):
    # ruleid: python-path-traversal
    return send_file(os.path.join("files", name))


def remove(request):
    # ruleid: python-path-traversal
    os.remove("/srv/" + request.GET.get("file"))


@app.route("/upload", methods=["POST"])
def upload():
    sent = request.files["file"]
    # ruleid: python-path-traversal
    sent.save("./uploads/" + sent.filename)
    # ok: python-path-traversal
    sent.save(os.path.join("./uploads", secure_filename(sent.filename)))


@app.route("/checked")
def checked():
    name = request.args["name"]
    path = (BASE / name).resolve()
    if not path.is_relative_to(BASE):
        return "no"
    # ok: python-path-traversal
    with open(path) as f:
        return f.read()


@app.route("/last")
def last():
    name = os.path.basename(request.args["name"])
    # ok: python-path-traversal
    return send_file("files/" + name)


@app.route("/text")
def text():
    # ok: python-path-traversal
    with open("files/list.txt", "w") as f:
        f.write(request.args["text"])


@app.route("/document/<key>")
def document(key):
    document = Document.query.filter_by(key=request.args["key"]).one()
    # ok: python-path-traversal
    return send_file(document.path)


@app.route("/static")
def static():
    # ok: python-path-traversal
    if Path(request.args["name"]).is_absolute() or Path(request.args["name"]).suffix != ".css":
        abort(404)
    return send_from_directory("static", request.args["name"])


@app.route("/whole")
def whole():
    # ruleid: python-path-traversal
    return Path(request.args["name"]).read_text()
