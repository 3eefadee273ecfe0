package com.example;

import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.HostnameVerifier;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLSession;
import javax.net.ssl.X509TrustManager;
import org.apache.http.conn.ssl.NoopHostnameVerifier;

class Hits {
    static class TrustAll implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {
        }

        // ruleid: java-trust-all-certificates
        public void checkServerTrusted(X509Certificate[] chain, String authType) {
        }

        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    static class TrustAllToo implements X509TrustManager {
        // ruleid: java-trust-all-certificates
        public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
            // nothing to do
        }
    }

    static class AnyHost implements HostnameVerifier {
        // ruleid: java-trust-all-certificates
        public boolean verify(String hostname, SSLSession session) {
            return true;
        }
    }

    void hits(HttpsURLConnection connection, HttpClientBuilder builder) {
        // ruleid: java-trust-all-certificates
        connection.setHostnameVerifier((host, session) -> true);
        // ruleid: java-trust-all-certificates
        builder.setSSLHostnameVerifier(NoopHostnameVerifier.INSTANCE);
        // ruleid: java-trust-all-certificates
        HostnameVerifier verifier = (host, session) -> true;
    }
}

class Silences {
    static class Pinned implements X509TrustManager {
        // ok: java-trust-all-certificates
        public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
            if (!chain[0].equals(PINNED)) {
                throw new CertificateException("not the pinned certificate");
            }
        }

        // ok: java-trust-all-certificates
        public void checkClientTrusted(X509Certificate[] chain, String authType) {
        }
    }

    static class OneHost implements HostnameVerifier {
        // ok: java-trust-all-certificates
        public boolean verify(String hostname, SSLSession session) {
            return hostname.equals("db.example.com");
        }
    }

    // ok: java-trust-all-certificates
    boolean verify(String signature, byte[] session) {
        return true;
    }

    void silences(HttpsURLConnection connection) {
        // ok: java-trust-all-certificates
        connection.setHostnameVerifier((host, session) -> host.endsWith(".example.com"));
        // ok: java-trust-all-certificates
        list.forEach((host, session) -> true);
    }
}
