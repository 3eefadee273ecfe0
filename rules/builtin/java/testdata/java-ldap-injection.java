package com.example;

import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import javax.naming.directory.DirContext;

class Sample {
    void hits(HttpServletRequest request, DirContext context, LdapTemplate template) throws Exception {
        String name = request.getParameter("name");
        // ruleid: java-ldap-injection
        context.search("dc=example", "(uid=" + name + ")", controls);
        // ruleid: java-ldap-injection
        context.search("ou=" + name + ",dc=example", "(uid=alice)", controls);
        // ruleid: java-ldap-injection
        template.search("dc=example", "(uid=" + name + ")", mapper);
    }

    void silences(HttpServletRequest request, DirContext context) throws Exception {
        String name = request.getParameter("name");
        // ok: java-ldap-injection
        context.search("dc=example", "(uid={0})", new Object[] {name}, controls);
        // ok: java-ldap-injection
        context.search("dc=example", "(uid=" + LdapEncoder.filterEncode(name) + ")", controls);
        // ok: java-ldap-injection
        context.search("dc=example", "(uid=alice)", controls);
    }
}
