package com.example;

import java.io.InputStream;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.SAXParser;
import javax.xml.parsers.SAXParserFactory;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamReader;
import org.w3c.dom.Document;

class Feeds {
    Document hit(InputStream in) throws Exception {
        // ruleid: java-xml-external-entities
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        DocumentBuilder builder = factory.newDocumentBuilder();
        return builder.parse(in);
    }

    Document hitInOneLine(InputStream in) throws Exception {
        // ruleid: java-xml-external-entities
        return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(in);
    }

    void hitWithSax(InputStream in) throws Exception {
        // ruleid: java-xml-external-entities
        SAXParserFactory factory = SAXParserFactory.newInstance();
        SAXParser parser = factory.newSAXParser();
        parser.parse(in, new Handler());
    }

    XMLStreamReader hitWithAStream(InputStream in) throws Exception {
        // ruleid: java-xml-external-entities
        XMLInputFactory factory = XMLInputFactory.newInstance();
        return factory.createXMLStreamReader(in);
    }

    Document silence(InputStream in) throws Exception {
        // ok: java-xml-external-entities
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
        return factory.newDocumentBuilder().parse(in);
    }

    Document silenceByAttribute(InputStream in) throws Exception {
        // ok: java-xml-external-entities
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setAttribute(XMLConstants.ACCESS_EXTERNAL_DTD, "");
        DocumentBuilder builder = factory.newDocumentBuilder();
        return builder.parse(in);
    }

    Document silenceByAHelper(InputStream in) throws Exception {
        // ok: java-xml-external-entities
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        harden(factory);
        return factory.newDocumentBuilder().parse(in);
    }

    XMLStreamReader silenceWithAStream(InputStream in) throws Exception {
        // ok: java-xml-external-entities
        XMLInputFactory factory = XMLInputFactory.newInstance();
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        return factory.createXMLStreamReader(in);
    }

    DocumentBuilderFactory silenceForAnUnusedFactory() {
        // ok: java-xml-external-entities
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        return factory;
    }
}
