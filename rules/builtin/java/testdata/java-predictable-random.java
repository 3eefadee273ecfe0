package com.example;

import java.security.SecureRandom;
import java.util.Random;

class Sample {
    void hits(User user) {
        // ruleid: java-predictable-random
        String token = Long.toHexString(new Random().nextLong());
        Random random = new Random();
        // ruleid: java-predictable-random
        user.setPassword(String.valueOf(random.nextInt()));
        // ruleid: java-predictable-random
        String sessionId = "s" + Math.random();
    }

    void silences(User user) {
        SecureRandom random = new SecureRandom();
        // ok: java-predictable-random
        String token = Long.toHexString(random.nextLong());
        // ok: java-predictable-random
        int jitter = new Random().nextInt(10);
        // ok: java-predictable-random
        double angle = Math.random() * 360;
    }
}
