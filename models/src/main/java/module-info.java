/** Language models. */
module dev.ricci.models {
    requires transitive dev.ricci.nn;
}
