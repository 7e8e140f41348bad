package dev.ricci.nn;

import dev.ricci.tensor.Functional;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.op.UnaryKind;

/** The usual activations as values, for configurations and {@link Sequential}. */
public enum Activation implements Forward {
    /** x itself. */
    IDENTITY(x -> x),
    /** max(x, 0). */
    RELU(Tensor::relu),
    /** GELU with the error function. */
    GELU(Tensor::gelu, UnaryKind.GELU),
    /** GELU with the tanh approximation, as GPT-2 has it. */
    GELU_TANH(Tensor::geluTanh, UnaryKind.GELU_TANH),
    /** x * sigmoid(x), also called swish. */
    SILU(Tensor::silu, UnaryKind.SILU),
    /** Hyperbolic tangent. */
    TANH(Tensor::tanh),
    /** 1 / (1 + e^-x). */
    SIGMOID(Tensor::sigmoid),
    /** log(1 + e^x). */
    SOFTPLUS(Tensor::softplus),
    /** max(x, 0)^2 (So et al. 2021). */
    RELU_SQUARED(x -> x.relu().square());

    private final Forward function;
    /** Which gate is one op with it, or null. */
    private final UnaryKind fused;

    Activation(Forward function) {
        this(function, null);
    }

    Activation(Forward function, UnaryKind fused) {
        this.function = function;
        this.fused = fused;
    }

    /** Any shape to the same. */
    @Override
    public Tensor forward(Tensor x) {
        return function.forward(x);
    }

    /**
     * f(gate) * up, in one op where there is one.
     *
     * @param gate of the shape of {@code up}
     */
    public Tensor gate(Tensor gate, Tensor up) {
        return fused == null ? forward(gate).mul(up) : Functional.gate(fused, gate, up);
    }
}
