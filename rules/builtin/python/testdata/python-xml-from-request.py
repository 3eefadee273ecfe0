import xml.dom.minidom
import xml.etree.ElementTree as ET

import defusedxml.ElementTree
from flask import Flask, request
from lxml import etree

app = Flask(__name__)


@app.route("/xml", methods=["POST"])
def read():
    # ruleid: python-xml-from-request
    a = ET.fromstring(request.get_data())
    # ruleid: python-xml-from-request
    b = xml.dom.minidom.parseString(request.data)
    # ruleid: python-xml-from-request
    c = etree.fromstring(request.files["xml"].read())
    # ok: python-xml-from-request
    d = defusedxml.ElementTree.fromstring(request.get_data())
    # ok: python-xml-from-request
    e = etree.fromstring(request.data, etree.XMLParser(resolve_entities=False))
    # ok: python-xml-from-request
    f = ET.parse("config.xml")
