/** What tests of tensor programs and of backends need; for use in test scope. */
module dev.ricci.testkit {
    requires transitive dev.ricci.autograd;
    requires transitive net.jqwik.api;
    requires transitive org.junit.jupiter.api;

    exports dev.ricci.testkit;
}
