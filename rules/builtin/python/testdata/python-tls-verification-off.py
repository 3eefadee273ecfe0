import ssl

import aiohttp
import httpx
import requests
import urllib3


def hits(url, token):
    # ruleid: python-tls-verification-off
    requests.get(url, verify=False)
    # ruleid: python-tls-verification-off
    requests.post("https://api.example.com/login", json={"token": token}, verify=False, timeout=10)
    # ruleid: python-tls-verification-off
    client = httpx.Client(timeout=10, verify=False)
    session = requests.Session()
    # ruleid: python-tls-verification-off
    session.verify = False
    # ruleid: python-tls-verification-off
    session.get(url, verify=False)
    # ruleid: python-tls-verification-off
    connector = aiohttp.TCPConnector(ssl=False)
    context = ssl.create_default_context()
    context.check_hostname = False
    # ruleid: python-tls-verification-off
    context.verify_mode = ssl.CERT_NONE
    # ruleid: python-tls-verification-off
    ssl._create_default_https_context = ssl._create_unverified_context
    # ruleid: python-tls-verification-off
    pool = urllib3.PoolManager(cert_reqs="CERT_NONE")
    return client, connector, pool


def silences(url, form, settings):
    # ok: python-tls-verification-off
    requests.get(url)
    # ok: python-tls-verification-off
    requests.get(url, verify=True, timeout=10)
    # ok: python-tls-verification-off
    requests.get(url, verify="/etc/ssl/acme.pem")
    # ok: python-tls-verification-off
    requests.get(url, verify=settings.verify)
    # ok: python-tls-verification-off
    requests.get("https://localhost:8443/health", verify=False)
    # ok: python-tls-verification-off
    form.save(verify=False)
    context = ssl.create_default_context()
    # ok: python-tls-verification-off
    context.verify_mode = ssl.CERT_REQUIRED
    # ok: python-tls-verification-off
    form.verify = False


def asked(context, url, insecure, retries):
    if insecure:
        # ok: python-tls-verification-off
        context.verify_mode = ssl.CERT_NONE
    if retries > 3:
        # ruleid: python-tls-verification-off
        requests.get(url, verify=False)


class Context(ssl.SSLContext):
    def __init__(self):
        # ok: python-tls-verification-off
        self.verify_mode = ssl.CERT_NONE
