import urllib.request
from urllib.parse import quote, urlparse

import httpx
import requests
from flask import Flask, request

app = Flask(__name__)


@app.route("/fetch")
def fetch():
    # ruleid: python-ssrf
    a = requests.get(request.args["url"], timeout=5)
    # ruleid: python-ssrf
    a = requests.request("GET", request.args["url"], timeout=5)
    # ok: python-ssrf
    a = requests.request("GET", "https://api.example.com/users", params=request.args, timeout=5)
    # ruleid: python-ssrf
    b = httpx.get("https://" + request.args["host"] + "/status")
    # ruleid: python-ssrf
    c = urllib.request.urlopen(request.args["url"])
    return a.text


@app.route("/fine")
def fine():
    user = request.args["user"]
    # ok: python-ssrf
    a = requests.get("https://api.example.com/users/" + quote(user, safe=""), timeout=5)
    # ok: python-ssrf
    b = requests.get("https://api.example.com/search", params={"q": user}, timeout=5)
    url = request.args["url"]
    if urlparse(url).hostname not in ALLOWED_HOSTS:
        return "no"
    # ok: python-ssrf
    c = requests.get(url, timeout=5)
    # ok: python-ssrf
    d = session.get(request.args["key"])
    return a.text
