package com.example;

import javax.servlet.http.HttpServletRequest;

class Sample {
    void hits(HttpServletRequest request) {
        // ruleid: java-log-injection
        log.info("log-in of {}", request.getParameter("name"));
        String agent = request.getHeader("User-Agent");
        // ruleid: java-log-injection
        LOGGER.warn("agent " + agent);
    }

    void bound(@RequestParam String name) {
        // ruleid: java-log-injection
        logger.debug("log-in of " + name);
    }

    void silences(HttpServletRequest request) {
        // ok: java-log-injection
        log.info("log-in of {}", request.getParameter("name").replaceAll("[\\r\\n]", "_"));
        // ok: java-log-injection
        log.info("page {}", Integer.parseInt(request.getParameter("page")));
        // ok: java-log-injection
        log.info("log-in");
    }
}
