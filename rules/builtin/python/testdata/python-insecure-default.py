import os

import jinja2
from django.views.decorators.csrf import csrf_exempt
from fastapi.middleware.cors import CORSMiddleware
from flask import Flask

app = Flask(__name__)
# ruleid: python-insecure-default
env = jinja2.Environment(autoescape=False)
# ok: python-insecure-default
safe = jinja2.Environment(autoescape=True)
# ruleid: python-insecure-default
api.add_middleware(CORSMiddleware, allow_origins=["*"], allow_credentials=True)
# ok: python-insecure-default
api.add_middleware(CORSMiddleware, allow_origins=["*"])


@csrf_exempt
# ruleid: python-insecure-default
def webhook(request):
    return None


if __name__ == "__main__":
    # ruleid: python-insecure-default
    app.run(debug=True)
    # ok: python-insecure-default
    app.run(debug=os.environ.get("DEBUG") == "1")
