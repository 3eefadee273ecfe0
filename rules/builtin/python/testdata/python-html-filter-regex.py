import re

import nh3

SCRIPTS = re.compile(r"<script[^>]*>.*?</script>", re.I | re.S)


def clean(html):
    # ruleid: python-html-filter-regex
    html = re.sub(r"<script.*?>.*?</script>", "", html, flags=re.DOTALL)
    # ruleid: python-html-filter-regex
    html = re.sub("(?i)</?\\s*iframe[^>]*>", "", html)
    # ruleid: python-html-filter-regex
    html = SCRIPTS.sub("", html)
    # ok: python-html-filter-regex
    html = re.sub(r"<!--.*?-->", "", html)
    # ok: python-html-filter-regex
    html = re.sub(r"script_(\w+)", r"\1", html)
    # ok: python-html-filter-regex
    return nh3.clean(html)


def find(html):
    # ok: python-html-filter-regex
    return re.findall(r"<script[^>]*src=", html)
