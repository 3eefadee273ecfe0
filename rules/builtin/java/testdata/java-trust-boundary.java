package com.example;

import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import javax.servlet.http.HttpSession;

class Sample {
    void hits(HttpServletRequest request, HttpSession session) {
        // ruleid: java-trust-boundary
        request.getSession().setAttribute("role", request.getParameter("role"));
        // ruleid: java-trust-boundary
        session.setAttribute(request.getParameter("key"), "1");
        // ruleid: java-trust-boundary
        session.putValue("tenant", request.getHeader("X-Tenant"));
    }

    void silences(HttpServletRequest request, HttpSession session) {
        // ok: java-trust-boundary
        session.setAttribute("page", Integer.parseInt(request.getParameter("page")));
        // ok: java-trust-boundary
        session.setAttribute("seen", true);
        // ok: java-trust-boundary
        request.setAttribute("name", request.getParameter("name"));
    }
}
