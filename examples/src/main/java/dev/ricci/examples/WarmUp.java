package dev.ricci.examples;

/**
 * Does for the launcher what loads the classes of most commands, of which it keeps an archive
 * (docs/decisions/0010-class-archive.md): one step of a tiny training, two tokens of the project's own model.
 */
final class WarmUp {
    private WarmUp() {
    }

    /** Takes a text and a folder that is not there yet. */
    public static void main(String[] args) {
        int code = Ricci.run(System.out, System.err, "train", "--text", args[0], "--preset", "tiny", "--steps", "1", "--out",
            args[1]);
        System.exit(code != 0 ? code : Ricci.run(System.out, System.err, "run", "--prompt", "import ", "--tokens", "2"));
    }
}
