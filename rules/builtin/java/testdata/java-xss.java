package com.example;

import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import java.io.PrintWriter;

class Sample {
    void hits(HttpServletRequest request, HttpServletResponse response) throws Exception {
        // ruleid: java-xss
        response.getWriter().println("Hello " + request.getParameter("name"));
        PrintWriter out = response.getWriter();
        for (javax.servlet.http.Cookie cookie : request.getCookies()) {
            // ruleid: java-xss
            out.write(cookie.getValue());
        }
        // ruleid: java-xss
        response.getWriter().format("Hello %s", request.getHeader("X-Name"));
    }

    void silences(HttpServletRequest request, HttpServletResponse response) throws Exception {
        String name = request.getParameter("name");
        // ok: java-xss
        response.getWriter().println("Hello " + HtmlUtils.htmlEscape(name));
        // ok: java-xss
        response.getWriter().println("Hello " + Encode.forHtml(name));
        // ok: java-xss
        response.getWriter().println("Page " + Integer.parseInt(name));
    }
}
