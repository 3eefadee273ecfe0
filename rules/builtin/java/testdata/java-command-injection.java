package com.example;

import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import java.util.ArrayList;
import java.util.List;

class Sample {
    void hits(HttpServletRequest request) throws Exception {
        // ruleid: java-command-injection
        Runtime.getRuntime().exec("ping " + request.getParameter("host"));
        List<String> command = new ArrayList<>();
        command.add("sh");
        command.add("-c");
        command.add("ping " + request.getParameter("host"));
        // ruleid: java-command-injection
        new ProcessBuilder(command).start();
        Runtime r = Runtime.getRuntime();
        // ruleid: java-command-injection
        r.exec(new String[] {"sh", "-c", new Helper().make(request.getHeader("Host"))});
    }

    void silences(HttpServletRequest request) throws Exception {
        // ok: java-command-injection
        Runtime.getRuntime().exec("uptime");
        // ok: java-command-injection
        new ProcessBuilder("ping", "-c", String.valueOf(Integer.parseInt(request.getParameter("count")))).start();
        List<String> names = new ArrayList<>();
        names.add(request.getParameter("host"));
        names.add("uptime");
        // ok: java-command-injection
        Runtime.getRuntime().exec(names.get(1));
    }

    class Helper {
        String make(String host) {
            return "ping " + host;
        }
    }
}
