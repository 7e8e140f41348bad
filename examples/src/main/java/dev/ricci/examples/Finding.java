package dev.ricci.examples;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What was found of one thing that may be installed.
 *
 * @param what the thing
 * @param present whether it is there
 * @param text what there is, or what is wrong
 * @param remedy how to get it; empty if it is there, or if other findings say it
 */
record Finding(String what, boolean present, String text, String remedy) {
    static Finding present(String what, String text) {
        return new Finding(what, true, text, "");
    }

    static Finding missing(String what, String text, String remedy) {
        return new Finding(what, false, text, remedy);
    }

    Map<String, Object> toMap() {
        Map<String, Object> m = new LinkedHashMap<>();
        m.put("what", what);
        m.put("present", present);
        m.put("text", text);
        m.put("remedy", remedy);
        return m;
    }

    @Override
    public String toString() {
        return String.format("%-8s %-16s %s%s", present ? "ok" : "missing", what, text,
            remedy.isEmpty() ? "" : String.format("%n%26s%s", "", "remedy: " + remedy));
    }
}
