package com.example;

import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import javax.xml.xpath.XPath;

class Sample {
    void hits(HttpServletRequest request, XPath xpath) throws Exception {
        String name = request.getParameter("name");
        // ruleid: java-xpath-injection
        xpath.evaluate("//user[name='" + name + "']", document);
        // ruleid: java-xpath-injection
        xpath.compile("//user[name='" + name + "']");
        String expression = String.format("//user[name='%s']", request.getHeader("X-Name"));
        // ruleid: java-xpath-injection
        xpath.evaluate(expression, document);
    }

    void silences(HttpServletRequest request, XPath xpath) throws Exception {
        // ok: java-xpath-injection
        xpath.evaluate("//user[name=$name]", document);
        // ok: java-xpath-injection
        xpath.evaluate("//user[" + Integer.parseInt(request.getParameter("n")) + "]", document);
        // ok: java-xpath-injection
        xpath.compile("//user");
    }
}
