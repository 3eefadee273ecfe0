from flask import Flask, Response, request

app = Flask(__name__)


@app.route("/typed")
def typed():
    response = Response()
    # ruleid: python-response-header
    response.headers["Content-Type"] = request.args["type"]
    # ruleid: python-response-header
    response.headers.add("X-Name", request.args["name"])
    # ruleid: python-response-header
    response.content_type = request.args.get("type")
    # ok: python-response-header
    response.headers["Content-Type"] = "text/plain"
    # ok: python-response-header
    response.headers["X-Page"] = str(int(request.args["page"]))
    # ok: python-response-header
    response.status_code = request.args["status"]
    return response
