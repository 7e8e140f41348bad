package dev.ricci.examples;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Automatic differentiation of single numbers, complete: the idea of the whole library without a tensor in sight, and
 * independent of it. A {@link Value} remembers which values it came from and how fast it changes with each of them;
 * {@link #gradients} walks back from a result and multiplies these slopes along every path (the chain rule).
 */
public final class Micrograd {
    private Micrograd() {
    }

    /** A number that knows where it came from. Immutable; two values are equal only if they are the same object. */
    public static final class Value {
        private final double data;
        private final Value[] inputs;
        /** The derivative of this value by each input, at the inputs' present numbers. */
        private final double[] slopes;
        /** One more than the deepest input's: along every path from a result back to the leaves it only falls. */
        private final int depth;

        private Value(double data, Value[] inputs, double... slopes) {
            this.data = data;
            this.inputs = inputs;
            this.slopes = slopes;
            int deepest = -1;
            for (Value input : inputs) {
                deepest = Math.max(deepest, input.depth);
            }
            this.depth = deepest + 1;
        }

        /** A leaf: a weight, a datum or a constant. */
        public static Value of(double data) {
            return new Value(data, new Value[0]);
        }

        private static Value unary(double data, Value x, double slope) {
            return new Value(data, new Value[] {x}, slope);
        }

        /** The number. */
        public double data() {
            return data;
        }

        /** this + y; both slopes are 1. */
        public Value plus(Value y) {
            return new Value(data + y.data, new Value[] {this, y}, 1, 1);
        }

        /** this * y; the slope by one factor is the other factor. */
        public Value times(Value y) {
            return new Value(data * y.data, new Value[] {this, y}, y.data, data);
        }

        /** this * c. */
        public Value times(double c) {
            return unary(data * c, this, c);
        }

        /** this - y. */
        public Value minus(Value y) {
            return new Value(data - y.data, new Value[] {this, y}, 1, -1);
        }

        /** this / y. */
        public Value div(Value y) {
            return new Value(data / y.data, new Value[] {this, y}, 1 / y.data, -data / (y.data * y.data));
        }

        /** e to the power of this: its own slope. */
        public Value exp() {
            double e = StrictMath.exp(data);
            return unary(e, this, e);
        }

        /** Natural logarithm. */
        public Value log() {
            return unary(StrictMath.log(data), this, 1 / data);
        }

        /** Hyperbolic tangent. */
        public Value tanh() {
            double t = StrictMath.tanh(data);
            return unary(t, this, 1 - t * t);
        }

        /** max(this, 0), with slope 0 at 0. */
        public Value relu() {
            return unary(Math.max(data, 0), this, data > 0 ? 1 : 0);
        }
    }

    /**
     * The derivative of a result by every value that it came from, and by itself, which is 1.
     *
     * @param result any value
     * @return by identity; a value that took no part is not in it
     */
    public static Map<Value, Double> gradients(Value result) {
        // A value's gradient is complete when all that was made from it has been visited: visit the deep ones first.
        // A list and a sort, no recursion, so that a sum of a million terms does not overflow the stack.
        List<Value> order = new ArrayList<>();
        Set<Value> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        Deque<Value> open = new ArrayDeque<>(List.of(result));
        while (!open.isEmpty()) {
            Value v = open.pop();
            if (seen.add(v)) {
                order.add(v);
                open.addAll(List.of(v.inputs));
            }
        }
        order.sort(Comparator.comparingInt((Value v) -> v.depth).reversed());
        Map<Value, Double> gradients = new IdentityHashMap<>(order.size());
        gradients.put(result, 1.0);
        for (Value v : order) {
            for (int i = 0; i < v.inputs.length; i++) {
                gradients.merge(v.inputs[i], gradients.get(v) * v.slopes[i], Double::sum);
            }
        }
        return gradients;
    }
}
