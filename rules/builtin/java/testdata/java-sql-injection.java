package com.example;

import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import java.util.HashMap;
import java.util.Map;

class Sample {
    void hits(HttpServletRequest request, Statement statement, Connection connection) throws Exception {
        String name = request.getParameter("name");
        // ruleid: java-sql-injection
        statement.executeQuery("SELECT * FROM users WHERE name = '" + name + "'");
        StringBuilder sql = new StringBuilder("SELECT * FROM users ORDER BY ");
        sql.append(request.getParameter("order"));
        // ruleid: java-sql-injection
        statement.execute(sql.toString());
        // ruleid: java-sql-injection
        connection.prepareStatement("DELETE FROM users WHERE name = " + request.getHeader("X-Name"));
    }

    @GetMapping("/users")
    List<User> bound(@RequestParam("name") String name, @PathVariable Long id) {
        // ok: java-sql-injection
        jdbc.query("SELECT * FROM users WHERE id = " + id, mapper);
        // ruleid: java-sql-injection
        return jdbc.query("SELECT * FROM users WHERE name = '" + name + "'", mapper);
    }

    void silences(HttpServletRequest request, Statement statement, Connection connection) throws Exception {
        String name = request.getParameter("name");
        // ok: java-sql-injection
        PreparedStatement prepared = connection.prepareStatement("SELECT * FROM users WHERE name = ?");
        prepared.setString(1, name);
        int page = Integer.parseInt(request.getParameter("page"));
        // ok: java-sql-injection
        statement.executeQuery("SELECT * FROM users LIMIT " + page);
        Map<String, String> columns = new HashMap<>();
        columns.put("sent", name);
        columns.put("own", "name");
        // ok: java-sql-injection
        statement.executeQuery("SELECT * FROM users ORDER BY " + columns.get("own"));
        // ok: java-sql-injection
        UriComponentsBuilder.fromPath("/users").query(request.getQueryString());
        int limit = 10;
        String order = limit * 3 > 20 ? "name" : name;
        // ok: java-sql-injection
        statement.executeQuery("SELECT * FROM users ORDER BY " + order);
    }
}
