package dev.ricci.nn.optim;

import dev.ricci.autograd.Gradients;
import dev.ricci.nn.LoadReport;
import dev.ricci.nn.Parameter;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.DTypeException;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.TensorSpec;
import dev.ricci.tensor.Variable;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;

/** The part that all optimizers share: which parameters, what is kept for each, the schedule and the step count. */
public final class OptimizerState {
    private static final String STEP = "step";

    /** One parameter and what is kept for it. */
    public static final class Slot {
        private final String path;
        private final Parameter parameter;
        private final double learningRateMultiplier;
        private final double weightDecay;
        private final Map<String, Variable> variables = new LinkedHashMap<>();

        private Slot(String path, Parameter parameter, double learningRateMultiplier, double weightDecay) {
            this.path = path;
            this.parameter = parameter;
            this.learningRateMultiplier = learningRateMultiplier;
            this.weightDecay = weightDecay;
        }

        /** The parameter. */
        public Parameter parameter() {
            return parameter;
        }

        /** What the learning rate is multiplied by. */
        public double learningRateMultiplier() {
            return learningRateMultiplier;
        }

        /** The parameter's weight decay. */
        public double weightDecay() {
            return weightDecay;
        }

        /** Whether something of this kind is kept. */
        public boolean has(String kind) {
            return variables.containsKey(kind);
        }

        /** What is kept under this kind. */
        public Variable variable(String kind) {
            return variables.get(kind);
        }
    }

    /** One parameter's part in one step. All tensors have the parameter's element type. */
    public static final class Update {
        private final Slot slot;
        private final Gradients gradients;
        private final Scalars scalars;

        private Update(Slot slot, Gradients gradients, Scalars scalars) {
            this.slot = slot;
            this.gradients = gradients;
            this.scalars = scalars;
        }

        /** The parameter and what is kept for it. */
        public Slot slot() {
            return slot;
        }

        /** The parameter's value, untracked. */
        public Tensor value() {
            return slot.parameter.value().detach();
        }

        /** The gradient. */
        public Tensor gradient() {
            return gradients.get(slot.parameter.variable()).detach();
        }

        /** The gradient before it is multiplied by {@link #scale()}. */
        public Tensor rawGradient() {
            return gradients.raw(slot.parameter.variable()).detach();
        }

        /** What {@link #rawGradient()} is to be multiplied by, a scalar; 0 and NaN make no step. */
        public Tensor scale() {
            return scalars.scale;
        }

        /**
         * Replaces the value of the parameter, or of something kept for it, unless {@link #scale()} makes no step.
         *
         * @param next computed from the gradient
         */
        public void assign(Variable cell, Tensor next) {
            OptimizerState.assign(cell, next, scalars.moves);
        }

        /** 1 if there is a step, else 0. */
        Tensor moves() {
            return scalars.moves.to(scalars.scale.dtype());
        }

        /** The learning rate of this parameter, a scalar. */
        public Tensor learningRate() {
            return slot.learningRateMultiplier == 1 ? scalars.learningRate
                    : scalars.learningRate.mul(slot.learningRateMultiplier);
        }

        /** The number of this step from 1, a scalar. */
        public Tensor step() {
            return scalars.step;
        }
    }

    private record Scalars(Tensor learningRate, Tensor step, Tensor scale, Tensor moves) {
    }

    private final String optimizer;
    private final Schedule schedule;
    private final List<Slot> slots = new ArrayList<>();
    private long steps;

    /**
     * @param optimizer named in errors
     * @param parameters by path
     * @param schedule of the learning rate
     * @param groups the first that has a parameter counts
     * @param weightDecay of parameters without a group, and of groups that keep it
     * @param kinds the tensors kept for a parameter, by kind; they begin with zeros
     */
    public OptimizerState(String optimizer, Map<String, Parameter> parameters, Schedule schedule,
            List<ParameterGroup> groups, double weightDecay, Function<Parameter, Map<String, TensorSpec>> kinds) {
        if (parameters.isEmpty()) {
            throw new TensorException(optimizer + ": needs one parameter or more, got none");
        }
        ParameterGroup.checkDecay(optimizer, weightDecay);
        this.optimizer = optimizer;
        this.schedule = schedule;
        parameters.forEach((path, p) -> {
            ParameterGroup group = groups.stream().filter(g -> g.members().test(p)).findFirst().orElse(null);
            Slot slot = group == null ? new Slot(path, p, 1, weightDecay) : new Slot(path, p,
                    group.learningRateMultiplier(), group.weightDecay().orElse(weightDecay));
            kinds.apply(p).forEach((kind, spec) -> slot.variables.put(kind,
                    Variable.of(path + "." + kind, Tensor.full(spec.shape(), spec.dtype(), 0), false)));
            slots.add(slot);
        });
    }

    /** The schedule. */
    public Schedule schedule() {
        return schedule;
    }

    /** How many steps were counted. */
    public long steps() {
        return steps;
    }

    /** The learning rate of the next step, checked. */
    public double learningRate() {
        return Schedule.check(optimizer + ": " + schedule + " at step " + steps, schedule.at(steps));
    }

    /** Counts a step that was made with explicit numbers; {@link Optimizer#step(Gradients)} counts its own. */
    public void counted() {
        steps++;
    }

    /** BOOL, a scalar: whether gradients with this scale make a step. */
    static Tensor moves(Tensor scale) {
        return scale.abs().gt(0);
    }

    static void assign(Variable cell, Tensor next, Tensor moves) {
        cell.assign(moves.where(next, cell.value().detach()));
    }

    /**
     * Runs a rule for every parameter that has a gradient, untracked.
     *
     * @throws TensorException if none has, or the numbers are no floating scalars
     */
    public void each(Gradients gradients, Tensor learningRate, Tensor step, Consumer<Update> rule) {
        checkScalar("the learning rate", learningRate);
        checkScalar("the step", step);
        List<Slot> moving = slots.stream()
                .filter(s -> s.parameter.isTrainable() && gradients.contains(s.parameter.variable())).toList();
        if (moving.isEmpty()) {
            throw new TensorException(optimizer + ": none of its " + slots.size() + " parameters ('"
                    + slots.getFirst().path + "', ...) has a gradient here; are they frozen, or of another model than"
                    + " the loss?");
        }
        NoGrad.run(() -> {
            Map<DType, Scalars> scalars = new EnumMap<>(DType.class);
            Tensor moves = moves(gradients.scale());
            for (Slot slot : moving) {
                rule.accept(new Update(slot, gradients, scalars.computeIfAbsent(slot.parameter.spec().dtype(),
                        t -> new Scalars(learningRate.to(t), step.to(t), gradients.scale().to(t), moves))));
            }
        });
    }

    private void checkScalar(String what, Tensor t) {
        if (t.rank() != 0) {
            throw new ShapeException(optimizer + ": " + what + " must be a scalar, got " + t.spec());
        }
        if (!t.dtype().isComputable()) {
            throw new DTypeException(optimizer + ": " + what + " must be F32 or F64, got " + t.spec());
        }
    }

    /** The cells of the parameters, in order. */
    public List<Variable> parameters() {
        return slots.stream().map(s -> s.parameter.variable()).toList();
    }

    /** The cells of what is kept beside the parameters, in order. */
    public List<Variable> variables() {
        return slots.stream().flatMap(s -> s.variables.values().stream()).toList();
    }

    /** What is saved (see {@link Optimizer#stateDict()}). */
    public Map<String, Tensor> stateDict() {
        Map<String, Tensor> all = new LinkedHashMap<>();
        slots.forEach(s -> s.variables.forEach((kind, v) -> all.put(s.path + "." + kind, v.value())));
        all.put(STEP, Tensor.full(Shape.scalar(), DType.I64, steps));
        return all;
    }

    /**
     * How saved tensors fit.
     *
     * @param saved by the names of {@link #stateDict()}
     */
    public LoadReport compare(Map<String, Tensor> saved) {
        List<String> loaded = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        List<LoadReport.Mismatch> mismatched = new ArrayList<>();
        Map<String, Tensor> expected = stateDict();
        expected.forEach((name, t) -> {
            Tensor found = saved.get(name);
            if (found == null) {
                missing.add(name);
            } else if (!found.spec().equals(t.spec())) {
                mismatched.add(new LoadReport.Mismatch(name, t.spec(), found.spec()));
            } else {
                loaded.add(name);
            }
        });
        return new LoadReport(loaded, missing,
                saved.keySet().stream().filter(name -> !expected.containsKey(name)).toList(), mismatched);
    }

    /** Goes on from a saved state (see {@link Optimizer#load}). */
    public void load(Map<String, Tensor> saved) {
        LoadReport report = compare(saved);
        if (!report.isComplete()) {
            throw new TensorException("load: the saved state is not one of this " + optimizer + "; " + report
                    + "\nNothing was loaded.");
        }
        long step = saved.get(STEP).toLongArray()[0];
        if (step < 0) {
            throw new TensorException("load: the saved state of " + optimizer + " has the step " + step);
        }
        slots.forEach(s -> s.variables.forEach((kind, v) -> v.assign(saved.get(s.path + "." + kind))));
        steps = step;
    }
}
