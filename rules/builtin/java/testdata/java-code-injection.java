package com.example;

import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import javax.script.ScriptEngine;

class Sample {
    void hits(HttpServletRequest request, ScriptEngine engine, ExpressionParser parser) throws Exception {
        // ruleid: java-code-injection
        engine.eval(request.getParameter("code"));
        // ruleid: java-code-injection
        parser.parseExpression(request.getParameter("expression"));
        // ruleid: java-code-injection
        Class.forName(request.getParameter("class"));
    }

    void silences(HttpServletRequest request, ScriptEngine engine, ExpressionParser parser) throws Exception {
        // ok: java-code-injection
        engine.eval("1 + 1");
        engine.put("name", request.getParameter("name"));
        // ok: java-code-injection
        parser.parseExpression("name.length()");
        // ok: java-code-injection
        Class.forName("com.example.Sample");
    }
}
