package com.example;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Statement;
import javax.persistence.EntityManager;

class Users {
    private static final String TABLE = "users";
    private static final String STATUS = "active";

    void hits(Connection connection, Statement statement, EntityManager em, String name, User user) throws Exception {
        // ruleid: java-sql-string-build
        statement.executeQuery("SELECT * FROM users WHERE name = '" + name + "'");
        // ruleid: java-sql-string-build
        ResultSet rows = statement.executeQuery("SELECT * FROM users WHERE name = '" + user.getName() + "' AND active");
        // ruleid: java-sql-string-build
        connection.prepareStatement("DELETE FROM users WHERE name = " + name).execute();
        // ruleid: java-sql-string-build
        statement.executeUpdate(String.format("UPDATE users SET name = '%s'", name));
        // ruleid: java-sql-string-build
        em.createQuery("SELECT u FROM User u WHERE u.name LIKE '%" + name + "%'").getResultList();
    }

    ResultSet hitByWayOfAVariable(Statement statement, String name) throws Exception {
        // ruleid: java-sql-string-build
        String query = "SELECT * FROM users WHERE name = '" + name + "'";
        System.out.println(name);
        return statement.executeQuery(query);
    }

    void silences(Connection connection, Statement statement, EntityManager em, String name, int id, String placeholders)
            throws Exception {
        // ok: java-sql-string-build
        PreparedStatement prepared = connection.prepareStatement("SELECT * FROM users WHERE name = ?");
        prepared.setString(1, name);
        // ok: java-sql-string-build
        statement.executeQuery("SELECT * FROM users");
        // ok: java-sql-string-build
        statement.executeQuery("SELECT * FROM " + TABLE + " WHERE active");
        // ok: java-sql-string-build
        statement.executeQuery("SELECT * FROM users WHERE status = '" + STATUS + "'");
        // ok: java-sql-string-build
        connection.prepareStatement("SELECT * FROM users WHERE id IN (" + placeholders + ")");
        // ok: java-sql-string-build
        em.createQuery("SELECT u FROM User u WHERE u.name = :name").setParameter("name", name);
        // ok: java-sql-string-build
        statement.executeQuery("SELECT * FROM users "
                + "WHERE active");
        // ok: java-sql-string-build
        log("SELECT * FROM users WHERE name = '" + name + "'");
        // ok: java-sql-string-build
        client.execute("name = '" + name + "'");
    }
}
