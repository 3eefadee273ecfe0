package com.example;

import java.util.Properties;
import javax.crypto.Cipher;
import javax.crypto.KeyGenerator;

class Sample {
    void hits(Properties settings) throws Exception {
        // ruleid: java-weak-cipher
        Cipher.getInstance("DES/CBC/PKCS5Padding");
        // ruleid: java-weak-cipher
        Cipher.getInstance("AES/ECB/PKCS5Padding");
        String name = settings.getProperty("cipher", "DESede/CBC/PKCS5Padding");
        // ruleid: java-weak-cipher
        Cipher.getInstance(name);
    }

    void silences() throws Exception {
        // ok: java-weak-cipher
        Cipher.getInstance("AES/GCM/NoPadding");
        // ok: java-weak-cipher
        KeyGenerator.getInstance("AES");
        // ok: java-weak-cipher
        Cipher.getInstance("ChaCha20-Poly1305");
    }
}
