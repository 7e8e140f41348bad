package dev.ricci.models.weights.hub;

import dev.ricci.tensor.TensorException;
import java.util.regex.Pattern;

/** Names that become parts of paths and addresses, and that no server or caller may lead out of the cache with. */
final class HubNames {
    private static final Pattern PART = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,127}");
    private static final Pattern REPOSITORY = Pattern.compile(PART + "(/" + PART + ")?");
    private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");
    private static final Pattern ETAG = Pattern.compile("[0-9A-Za-z-]{1,128}");

    private HubNames() {
    }

    /** {@code name} or {@code owner/name}. */
    static String repository(String s) {
        // Two dashes stand for the slash in the cache: a name with them could be that of another repository.
        if (s == null || !REPOSITORY.matcher(s).matches() || s.contains("--") || s.contains("..")) {
            throw new TensorException("hub: a model is called NAME or OWNER/NAME, of letters, digits, '.', '_' and single"
                    + " '-', got '" + s + "'");
        }
        return s;
    }

    /** A branch, a tag or a commit; slashes as in branches. */
    static String revision(String s) {
        return path(s, "revision");
    }

    /** A file within the model, with slashes between folders. */
    static String file(String s) {
        return path(s, "file");
    }

    private static String path(String s, String what) {
        if (s != null && s.length() <= 512) {
            boolean sound = true;
            for (String part : s.split("/", -1)) {
                sound &= PART.matcher(part).matches() && !part.contains("..") || what.equals("file")
                        && part.matches("\\.[A-Za-z0-9_][A-Za-z0-9._-]{0,126}") && !part.contains("..");
            }
            if (sound) {
                return s;
            }
        }
        throw new TensorException("hub: a " + what + " is made of letters, digits, '.', '_', '-' and single '/', without"
                + " '..', got '" + s + "'");
    }

    static boolean isCommit(String s) {
        return s != null && COMMIT.matcher(s).matches();
    }

    /** The tag of a file's contents without quotes and weakness mark; null if it is no name for a file. */
    static String etag(String header) {
        if (header == null) {
            return null;
        }
        String s = header.startsWith("W/") ? header.substring(2) : header;
        s = s.length() > 1 && s.startsWith("\"") && s.endsWith("\"") ? s.substring(1, s.length() - 1) : s;
        return ETAG.matcher(s).matches() ? s : null;
    }
}
