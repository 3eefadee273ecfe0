import traceback

from flask import Flask, jsonify

app = Flask(__name__)


@app.route("/a")
def a():
    try:
        work()
    except Exception:
        # ruleid: python-error-details
        return traceback.format_exc()


@app.route("/b")
def b():
    try:
        work()
    except Exception:
        # ruleid: python-error-details
        return jsonify(error=traceback.format_exc())


@app.errorhandler(500)
def failed(e):
    text = traceback.format_exc()
    # ruleid: python-error-details
    return "failed: " + text, 500


@app.route("/fine")
def fine():
    try:
        work()
    except Exception:
        # ok: python-error-details
        logger.error(traceback.format_exc())
        # ok: python-error-details
        return "internal error", 500
    # ok: python-error-details
    return "done"
