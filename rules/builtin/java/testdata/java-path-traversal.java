package com.example;

import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import java.io.File;
import java.io.FileInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;

class Sample {
    void hits(HttpServletRequest request) throws Exception {
        String name = request.getParameter("name");
        // ruleid: java-path-traversal
        new FileInputStream("files/" + name);
        // ruleid: java-path-traversal
        Files.readAllBytes(Paths.get("files", name));
        // ruleid: java-path-traversal
        new File(base, request.getPart("file").getSubmittedFileName());
    }

    void silences(HttpServletRequest request, Path base) throws Exception {
        String name = request.getParameter("name");
        // ok: java-path-traversal
        new FileInputStream("files/" + FilenameUtils.getName(name));
        Document document = documentRepository.findByName(name);
        // ok: java-path-traversal
        new File(document.getPath());
        // ok: java-path-traversal
        new File("files/list.txt");
        // ok: java-path-traversal
        new File("files/" + Integer.parseInt(name));
    }
}
