import re
from urllib.parse import urlsplit


def check(url, target, text):
    # ruleid: python-incomplete-url-check
    if "example.com" in url:
        return True
    # ruleid: python-incomplete-url-check
    if "https://example.com" in target:
        return True
    # ruleid: python-incomplete-url-check
    if re.match("(www|beta).example.com/", target):
        return True
    # ok: python-incomplete-url-check
    if re.match(r"https://www\.example\.com/", target):
        return True
    # ok: python-incomplete-url-check
    if urlsplit(url).hostname in {"www.example.com"}:
        return True
    # ok: python-incomplete-url-check
    return "example.com" in text
