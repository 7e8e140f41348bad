package dev.ricci.nn;

import dev.ricci.tensor.Tensor;

/** The usual activations as values, for configurations and {@link Sequential}. */
public enum Activation implements Forward {
    /** x itself. */
    IDENTITY(x -> x),
    /** max(x, 0). */
    RELU(Tensor::relu),
    /** GELU with the error function. */
    GELU(Tensor::gelu),
    /** GELU with the tanh approximation, as GPT-2 has it. */
    GELU_TANH(Tensor::geluTanh),
    /** x * sigmoid(x), also called swish. */
    SILU(Tensor::silu),
    /** Hyperbolic tangent. */
    TANH(Tensor::tanh),
    /** 1 / (1 + e^-x). */
    SIGMOID(Tensor::sigmoid),
    /** log(1 + e^x). */
    SOFTPLUS(Tensor::softplus),
    /** max(x, 0)^2 (So et al. 2021). */
    RELU_SQUARED(x -> x.relu().square());

    private final Forward function;

    Activation(Forward function) {
        this.function = function;
    }

    /** Any shape to the same. */
    @Override
    public Tensor forward(Tensor x) {
        return function.forward(x);
    }
}
