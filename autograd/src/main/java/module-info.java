/** Gradients of tensor programs. */
module dev.ricci.autograd {
    requires transitive dev.ricci.tensor;

    exports dev.ricci.autograd;
}
