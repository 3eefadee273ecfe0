package com.example;

import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import java.beans.XMLDecoder;
import java.io.ObjectInputStream;

class Sample {
    void hits(HttpServletRequest request, XStream stream) throws Exception {
        // ruleid: java-unsafe-deserialization
        new ObjectInputStream(request.getInputStream());
        // ruleid: java-unsafe-deserialization
        stream.fromXML(request.getReader());
        // ruleid: java-unsafe-deserialization
        new XMLDecoder(request.getInputStream());
    }

    void silences(HttpServletRequest request, ObjectMapper mapper) throws Exception {
        // ok: java-unsafe-deserialization
        mapper.readValue(request.getInputStream(), User.class);
        // ok: java-unsafe-deserialization
        new ObjectInputStream(new FileInputStream("cache"));
        // ok: java-unsafe-deserialization
        new Yaml().load("a: 1");
    }
}
