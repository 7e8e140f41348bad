/** Language models. */
module dev.ricci.models {
    requires transitive dev.ricci.nn;
    // For the client of published models alone, which stays offline unless asked.
    requires java.net.http;
    // For the server alone.
    requires jdk.httpserver;

    exports dev.ricci.models;
    exports dev.ricci.models.architecture;
    exports dev.ricci.models.chat;
    exports dev.ricci.models.cost;
    exports dev.ricci.models.decoder;
    exports dev.ricci.models.diffusion;
    exports dev.ricci.models.encoder;
    exports dev.ricci.models.generation;
    exports dev.ricci.models.instruction;
    exports dev.ricci.models.lora;
    exports dev.ricci.models.serve;
    exports dev.ricci.models.tokenizer;
    exports dev.ricci.models.weights;
    exports dev.ricci.models.weights.gguf;
    exports dev.ricci.models.weights.hub;
    exports dev.ricci.models.weights.onnx;
}
