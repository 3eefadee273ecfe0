import requests


def call(url, options):
    # ruleid: python-no-timeout
    requests.get(url)
    # ruleid: python-no-timeout
    requests.post(url, json={"a": 1})
    # ruleid: python-no-timeout
    requests.request("GET", url, headers={})
    # ok: python-no-timeout
    requests.get(url, timeout=10)
    # ok: python-no-timeout
    requests.get(url, **options)
    # ok: python-no-timeout
    session.get(url)
