class Sample {
    boolean hits(String state) {
        // ruleid: java-string-identity
        if (state == "paid") {
            return true;
        }
        // ruleid: java-string-identity
        return "" != state;
    }

    boolean silences(String state, char sign) {
        // ok: java-string-identity
        return "paid".equals(state) || state == null || sign == 'p';
    }
}
