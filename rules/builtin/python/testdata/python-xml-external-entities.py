import xml.sax
from xml.sax.handler import feature_external_ges

from lxml import etree


def parse(path):
    # ruleid: python-xml-external-entities
    a = etree.XMLParser(resolve_entities=True)
    # ruleid: python-xml-external-entities
    b = etree.XMLParser(load_dtd=True, no_network=True)
    parser = xml.sax.make_parser()
    # ruleid: python-xml-external-entities
    parser.setFeature(feature_external_ges, True)
    # ok: python-xml-external-entities
    c = etree.XMLParser(resolve_entities=False, no_network=True)
    # ok: python-xml-external-entities
    parser.setFeature(feature_external_ges, False)
    # ok: python-xml-external-entities
    d = etree.XMLParser(recover=True)
