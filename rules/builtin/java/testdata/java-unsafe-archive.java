package com.example;

import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

class Sample {
    void hits(ZipInputStream in, File folder, Path root) throws IOException {
        ZipEntry entry = in.getNextEntry();
        // ruleid: java-unsafe-archive
        Files.copy(in, new File(folder, entry.getName()).toPath());
        String name = entry.getName();
        // ruleid: java-unsafe-archive
        Files.copy(in, root.resolve(name));
    }

    void jar(JarEntry entry, String folder) throws IOException {
        // ruleid: java-unsafe-archive
        OutputStream out = new FileOutputStream(folder + entry.getName());
    }

    void checked(ZipInputStream in, Path root) throws IOException {
        ZipEntry entry = in.getNextEntry();
        // ok: java-unsafe-archive
        Path target = root.resolve(entry.getName()).normalize();
        if (!target.startsWith(root)) {
            throw new IOException("outside");
        }
        Files.copy(in, target);
    }

    void last(ZipInputStream in, File folder) throws IOException {
        ZipEntry entry = in.getNextEntry();
        // ok: java-unsafe-archive
        Files.copy(in, new File(folder, FilenameUtils.getName(entry.getName())).toPath());
    }

    void own(File folder) {
        // ok: java-unsafe-archive
        new File(folder, report.getName());
    }
}
