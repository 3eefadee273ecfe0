import base64
import json
import pickle

import yaml
from flask import Flask, request

app = Flask(__name__)


@app.route("/load", methods=["POST"])
def load():
    # ruleid: python-unsafe-deserialization
    a = pickle.loads(request.data)
    # ruleid: python-unsafe-deserialization
    b = pickle.loads(base64.b64decode(request.cookies["state"]))
    # ruleid: python-unsafe-deserialization
    c = yaml.load(request.get_data(), Loader=yaml.Loader)
    # ok: python-unsafe-deserialization
    d = json.loads(request.data)
    # ok: python-unsafe-deserialization
    e = yaml.safe_load(request.get_data())
    # ok: python-unsafe-deserialization
    f = yaml.load(request.get_data(), Loader=yaml.SafeLoader)
    return ""


def cache(path):
    with open(path, "rb") as f:
        # ok: python-unsafe-deserialization
        return pickle.load(f)
