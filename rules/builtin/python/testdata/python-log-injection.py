import logging

from flask import Flask, current_app, request

app = Flask(__name__)
logger = logging.getLogger(__name__)


@app.route("/log")
def log():
    name = request.args["name"]
    # ruleid: python-log-injection
    logger.info("name " + name)
    # ruleid: python-log-injection
    current_app.logger.error("%s", name)
    # ruleid: python-log-injection
    logging.warning(f"name {name}")
    # ok: python-log-injection
    logger.info("name %r", name)
    # ok: python-log-injection
    logger.info("page %d", int(request.args["page"]))
    # ok: python-log-injection
    logger.info("name " + name.replace("\n", " "))


@app.post("/orders/<int:order>/refund")
def refund(order):
    # ok: python-log-injection
    logger.info("refund of %d", order)


@app.post("/orders/<int:order>/<name>")
def rename(order, name):
    # ruleid: python-log-injection
    logger.info("name %s", name)


@app.post("/levels")
def level():
    # ok: python-log-injection
    logger.info("level %s", LEVELS.get(request.form["level"], "normal"))
