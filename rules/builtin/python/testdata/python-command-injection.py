import os
import shlex
import subprocess

from fastapi import FastAPI
from flask import Flask, request

app = Flask(__name__)
api = FastAPI()


@app.route("/ping")
def ping():
    host = request.args.get("host")
    # ruleid: python-command-injection
    os.system("ping -c 1 " + host)
    # ruleid: python-command-injection
    subprocess.run(f"ping {host}", shell=True)
    command = ["sh", "-c"]
    command.append("ping " + host)
    # ruleid: python-command-injection
    return subprocess.check_output(command)


@api.get("/lookup")
async def lookup(name: str):
    # ruleid: python-command-injection
    return os.popen(f"nslookup {name}").read()


def helper(text):
    return "echo " + text


@app.route("/echo")
def echo():
    # ruleid: python-command-injection
    os.system(helper(request.form["text"]))


@app.route("/fine")
def fine():
    host = request.args.get("host")
    # ok: python-command-injection
    os.system("ping -c 1 " + shlex.quote(host))
    count = int(request.args["count"])
    # ok: python-command-injection
    os.system(f"ping -c {count} example.com")
    commands = {"up": "uptime", "df": "df -h"}
    # ok: python-command-injection
    os.system(commands["up"])
    parts = {}
    parts["host"] = host
    parts["tool"] = "ping"
    # ok: python-command-injection
    os.system(parts["tool"])
    level = 10
    chosen = "uptime" if level * 2 > 15 else host
    # ok: python-command-injection
    os.system(chosen)
    if host not in ALLOWED_HOSTS:
        return "no"
    # ok: python-command-injection
    os.system("ping " + host)
