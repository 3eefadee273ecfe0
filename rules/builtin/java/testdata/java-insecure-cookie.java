package com.example;

import javax.servlet.http.Cookie;
import javax.servlet.http.HttpServletResponse;

class Sample {
    void hits(HttpServletResponse response, Cookie other) {
        // ruleid: java-insecure-cookie
        other.setSecure(false);
        // ruleid: java-insecure-cookie
        Cookie cookie = new Cookie("id", "1");
        response.addCookie(cookie);
        // ruleid: java-insecure-cookie
        ResponseCookie.from("id", "1").secure(false);
    }

    void silences(HttpServletResponse response, Cookie other) {
        // ok: java-insecure-cookie
        other.setSecure(true);
        // ok: java-insecure-cookie
        Cookie cookie = new Cookie("id", "1");
        cookie.setSecure(true);
        response.addCookie(cookie);
        // ok: java-insecure-cookie
        Cookie gone = new Cookie("id", "");
        gone.setMaxAge(0);
        response.addCookie(gone);
    }
}
