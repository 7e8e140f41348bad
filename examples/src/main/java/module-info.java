/** Runnable programs and the command line. */
module dev.ricci.examples {
    requires dev.ricci.models;
    requires info.picocli;
}
