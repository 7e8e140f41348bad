package dev.ricci.nn.optim;

import dev.ricci.nn.Parameter;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.Variable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * A running average of weights: average = decay * average + (1 - decay) * weight after each step (Polyak and Juditsky
 * 1992, in the exponential form). It begins with the weights as they are.
 */
public final class ExponentialMovingAverage {
    private final double decay;
    private final Map<String, Parameter> parameters;
    private final Map<String, Variable> averages = new LinkedHashMap<>();

    private ExponentialMovingAverage(Map<String, Parameter> parameters, double decay) {
        ParameterGroup.checkShare("moving average", "decay", decay);
        if (parameters.isEmpty()) {
            throw new TensorException("moving average: needs one parameter or more, got none");
        }
        this.decay = decay;
        this.parameters = Map.copyOf(parameters);
        parameters.forEach((path, p) -> averages.put(path, Variable.of(path + ".average", p.value(), false)));
    }

    /**
     * Of these parameters, by path.
     *
     * @param decay 0 .. 1, such as 0.999
     */
    public static ExponentialMovingAverage of(Map<String, Parameter> parameters, double decay) {
        return new ExponentialMovingAverage(parameters, decay);
    }

    /** Takes the weights in; call it after each step of the optimizer. It can be captured. */
    public void update() {
        averages.forEach((path, average) -> average.assign(next(path)));
    }

    /**
     * Takes the weights in if the optimizer made a step, which it does not for some gradients (see
     * {@link Optimizer#step(dev.ricci.autograd.Gradients, Tensor, Tensor)}). It can be captured.
     *
     * @param scale of the gradients, a scalar
     */
    public void update(Tensor scale) {
        Tensor moves = OptimizerState.moves(scale.detach());
        averages.forEach((path, average) -> OptimizerState.assign(average, next(path), moves));
    }

    private Tensor next(String path) {
        return NoGrad.call(() -> averages.get(path).value().mul(decay)
                .add(parameters.get(path).value().detach().mul(1 - decay)));
    }

    /** Live views of the averages by path: what is saved, and what {@code Layer.loadMatching} takes. */
    public Map<String, Tensor> stateDict() {
        Map<String, Tensor> all = new LinkedHashMap<>();
        averages.forEach((path, average) -> all.put(path, average.value()));
        return all;
    }

    /**
     * Goes on from saved averages.
     *
     * @throws TensorException naming every entry that does not fit; nothing has changed then
     */
    public void load(Map<String, Tensor> saved) {
        List<String> wrong = averages.keySet().stream()
                .filter(p -> !saved.containsKey(p) || !saved.get(p).spec().equals(averages.get(p).spec())).toList();
        List<String> unexpected = saved.keySet().stream().filter(p -> !averages.containsKey(p)).toList();
        if (!wrong.isEmpty() || !unexpected.isEmpty()) {
            throw new TensorException("load: the averages do not fit: missing or mismatched " + wrong + ", unexpected "
                    + unexpected + ". Nothing was loaded.");
        }
        averages.forEach((path, average) -> average.assign(saved.get(path)));
    }

    /** Runs {@code body} with the averages in the place of the weights, which return afterwards. Not thread-safe. */
    public <T> T use(Supplier<T> body) {
        Map<String, Tensor> weights = new LinkedHashMap<>();
        parameters.forEach((path, p) -> weights.put(path, p.snapshot()));
        try {
            averages.forEach((path, average) -> parameters.get(path).assign(average.value()));
            return body.get();
        } finally {
            weights.forEach((path, weight) -> parameters.get(path).assign(weight));
        }
    }
}
