package com.example;

import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import java.net.URL;

class Sample {
    void hits(HttpServletRequest request, RestTemplate rest) throws Exception {
        String address = request.getParameter("url");
        // ruleid: java-ssrf
        new URL(address).openStream();
        // ruleid: java-ssrf
        rest.getForObject("https://" + request.getParameter("host") + "/status", String.class);
        // ruleid: java-ssrf
        Jsoup.connect(address).get();
    }

    void silences(HttpServletRequest request, RestTemplate rest) throws Exception {
        String user = request.getParameter("user");
        // ok: java-ssrf
        rest.getForObject("https://api.example.com/users/" + user, String.class);
        // ok: java-ssrf
        new URL("https://example.com");
        if (!ALLOWED.contains(user)) {
            return;
        }
        // ok: java-ssrf
        new URL(user);
    }
}
