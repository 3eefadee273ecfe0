package com.example;

import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;

class Sample {
    void hits(HttpServletRequest request, HttpServletResponse response) throws Exception {
        // ruleid: java-open-redirect
        response.sendRedirect(request.getParameter("next"));
        // ruleid: java-open-redirect
        response.setHeader("Location", request.getParameter("next"));
    }

    ModelAndView spring(@RequestParam String next) {
        // ruleid: java-open-redirect
        return new ModelAndView("redirect:" + next);
    }

    void silences(HttpServletRequest request, HttpServletResponse response) throws Exception {
        // ok: java-open-redirect
        response.sendRedirect("/home");
        // ok: java-open-redirect
        response.sendRedirect("/users/" + request.getParameter("id"));
        String next = request.getParameter("next");
        if (!ALLOWED.contains(next)) {
            return;
        }
        // ok: java-open-redirect
        response.sendRedirect(next);
    }
}
