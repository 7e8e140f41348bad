/** Layers, losses, optimizers, data and the trainer. */
module dev.ricci.nn {
    requires transitive dev.ricci.autograd;

    exports dev.ricci.nn;
    exports dev.ricci.nn.data;
    exports dev.ricci.nn.optim;
    exports dev.ricci.nn.train;
    exports dev.ricci.nn.init;
}
