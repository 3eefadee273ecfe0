class Sample {
    boolean hits(String state) {
        // ruleid: java-string-identity
        if (state == "paid") {
            return true;
        }
        // ruleid: java-string-identity
        boolean open = state != "closed";
        // ruleid: java-string-identity
        return "" != state;
    }

    boolean silences(String state, char sign) {
        // ok: java-string-identity
        boolean none = state == null;
        // ok: java-string-identity
        boolean first = sign == 'p';
        // ok: java-string-identity
        return "paid".equals(state) || state == null || sign == 'p';
    }
}
