import xml.etree.ElementTree as ET

import ldap
import lxml.etree
from flask import Flask, request
from ldap.filter import escape_filter_chars

app = Flask(__name__)


@app.route("/user")
def user():
    name = request.args["name"]
    connection = ldap.initialize("ldap://example.com")
    # ruleid: python-ldap-xpath-injection
    connection.search_s("dc=example,dc=com", ldap.SCOPE_SUBTREE, "(uid={})".format(name))
    tree = lxml.etree.parse("users.xml")
    # ruleid: python-ldap-xpath-injection
    tree.xpath("//user[@name='" + name + "']")
    root = ET.parse("users.xml").getroot()
    # ruleid: python-ldap-xpath-injection
    root.findall(f"./user[@name='{name}']/mail")


@app.route("/fine")
def fine():
    name = request.args["name"]
    connection = ldap.initialize("ldap://example.com")
    # ok: python-ldap-xpath-injection
    connection.search_s("dc=example,dc=com", ldap.SCOPE_SUBTREE, "(uid=%s)" % escape_filter_chars(name))
    tree = lxml.etree.parse("users.xml")
    # ok: python-ldap-xpath-injection
    tree.xpath("//user[@name=$name]", name=name)
    if "'" in name:
        return "no"
    # ok: python-ldap-xpath-injection
    tree.xpath("//user[@name='" + name + "']")
    # ok: python-ldap-xpath-injection
    re.search(name, "text")
