/** A module of a user's own. */
module org.example.sine {
    requires dev.ricci.nn;
}
