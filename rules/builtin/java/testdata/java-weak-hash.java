package com.example;

import java.security.MessageDigest;
import org.apache.commons.codec.digest.DigestUtils;

class Sample {
    void hits() throws Exception {
        // ruleid: java-weak-hash
        MessageDigest.getInstance("MD5");
        // ruleid: java-weak-hash
        MessageDigest.getInstance("SHA-1");
        // ruleid: java-weak-hash
        DigestUtils.md5Hex("text");
    }

    void silences() throws Exception {
        // ok: java-weak-hash
        MessageDigest.getInstance("SHA-256");
        // ok: java-weak-hash
        DigestUtils.sha256Hex("text");
        // ok: java-weak-hash
        MessageDigest.getInstance("SHA3-256");
    }
}
