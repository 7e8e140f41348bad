package dev.ricci.nn.optim;

import dev.ricci.autograd.Gradients;
import dev.ricci.nn.Parameter;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.Variable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Predicate;

/**
 * Muon (Jordan et al. 2024): momentum whose matrix is brought close to orthogonal by five Newton-Schulz steps. It
 * moves matrices; all other parameters are moved by {@link AdamW}.
 */
public final class Muon implements Optimizer {
    private static final double A = 3.4445;
    private static final double B = -4.7750;
    private static final double C = 2.0315;
    private static final int NEWTON_SCHULZ_STEPS = 5;
    private static final double EPS = 1e-7;

    /**
     * Hyper-parameters.
     *
     * @param momentum decay of the momentum
     * @param nesterov look ahead
     * @param weightDecay of matrices, decoupled, times the learning rate
     * @param matrices which parameters of rank 2 it moves; embeddings and the head are better left to AdamW
     * @param adamRatio the learning rate of all others, as a multiple of the schedule's
     * @param adam the hyper-parameters of all others
     */
    public record Options(double momentum, boolean nesterov, double weightDecay, Predicate<Parameter> matrices,
            double adamRatio, AdamW.Options adam) {
        /** Momentum 0.95 with look-ahead, no decay, every matrix; AdamW at 0.015 times the learning rate. */
        public static final Options DEFAULT = new Options(0.95, true, 0, p -> true, 0.015,
                AdamW.Options.DEFAULT.withBetas(0.9, 0.95).withWeightDecay(0));

        /** Checks the numbers. */
        public Options {
            ParameterGroup.checkShare("muon", "momentum", momentum);
            ParameterGroup.checkDecay("muon", weightDecay);
            Schedule.check("muon: the ratio for AdamW", adamRatio);
        }

        /** With another momentum. */
        public Options withMomentum(double m) {
            return new Options(m, nesterov, weightDecay, matrices, adamRatio, adam);
        }

        /** With look-ahead or without. */
        public Options withNesterov(boolean on) {
            return new Options(momentum, on, weightDecay, matrices, adamRatio, adam);
        }

        /** With another weight decay of matrices. */
        public Options withWeightDecay(double decay) {
            return new Options(momentum, nesterov, decay, matrices, adamRatio, adam);
        }

        /** Moving only these matrices. */
        public Options withMatrices(Predicate<Parameter> which) {
            return new Options(momentum, nesterov, weightDecay, which, adamRatio, adam);
        }

        /** With other numbers for what AdamW moves. */
        public Options withAdam(double ratio, AdamW.Options options) {
            return new Options(momentum, nesterov, weightDecay, matrices, ratio, options);
        }
    }

    private final Options options;
    private final OptimizerState state;

    private Muon(Map<String, Parameter> parameters, Schedule schedule, Options options) {
        this.options = options;
        this.state = new OptimizerState("muon", parameters, schedule, groups(), options.weightDecay,
                p -> isMatrix(p) ? Map.of("momentum", p.spec()) : AdamW.moments(p.spec()));
    }

    /** The groups of AdamW's options hold for what AdamW moves. */
    private List<ParameterGroup> groups() {
        List<ParameterGroup> all = new ArrayList<>();
        options.adam.groups().forEach(g -> all.add(new ParameterGroup(p -> !isMatrix(p) && g.members().test(p),
                g.learningRateMultiplier() * options.adamRatio,
                OptionalDouble.of(g.weightDecay().orElse(options.adam.weightDecay())))));
        all.add(new ParameterGroup(p -> !isMatrix(p), options.adamRatio,
                OptionalDouble.of(options.adam.weightDecay())));
        return all;
    }

    private boolean isMatrix(Parameter p) {
        return p.spec().shape().rank() == 2 && options.matrices.test(p);
    }

    /** For these parameters, by path. */
    public static Muon of(Map<String, Parameter> parameters, Schedule schedule, Options options) {
        return new Muon(parameters, schedule, options);
    }

    /** With a constant learning rate (0.02 is usual) and {@link Options#DEFAULT}. */
    public static Muon of(Map<String, Parameter> parameters, double learningRate) {
        return of(parameters, Schedule.constant(learningRate), Options.DEFAULT);
    }

    @Override
    public OptimizerState state() {
        return state;
    }

    @Override
    public void step(Gradients gradients, Tensor learningRate, Tensor step) {
        state.each(gradients, learningRate, step, u -> {
            if (!u.slot().has("momentum")) {
                AdamW.fused(u, options.adam, u.slot().weightDecay());
                return;
            }
            Tensor g = u.gradient();
            Variable m = u.slot().variable("momentum");
            u.assign(m, m.value().mul(options.momentum).add(g));
            Tensor direction = options.nesterov ? g.add(m.value().mul(options.momentum)) : m.value();
            double rows = direction.dim(0);
            Tensor move = orthogonalize(direction).mul(Math.sqrt(Math.max(1, rows / Math.max(1, direction.dim(1)))));
            if (u.slot().weightDecay() != 0) {
                move = move.add(u.value().mul(u.slot().weightDecay()));
            }
            u.assign(u.slot().parameter().variable(), u.value().sub(move.mul(u.learningRate())));
        });
    }

    /**
     * The matrix with its singular values brought near 1 (between about 0.7 and 1.2) by the quintic Newton-Schulz
     * iteration x = a x + b (x x^T) x + c (x x^T)^2 x.
     *
     * @param matrix [R, C]
     */
    public static Tensor orthogonalize(Tensor matrix) {
        if (matrix.rank() != 2) {
            throw new ShapeException("orthogonalize: needs a matrix, got " + matrix.shape());
        }
        boolean tall = matrix.dim(0) > matrix.dim(1);
        Tensor x = tall ? matrix.transpose(0, 1) : matrix;
        x = x.div(x.sumSquares().sqrt().add(EPS));
        for (int i = 0; i < NEWTON_SCHULZ_STEPS; i++) {
            Tensor gram = x.matmul(x.transpose(0, 1));
            Tensor quintic = gram.mul(B).add(gram.matmul(gram).mul(C));
            x = x.mul(A).add(quintic.matmul(x));
        }
        return tall ? x.transpose(0, 1) : x;
    }
}
