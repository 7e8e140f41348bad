package dev.ricci.nn.optim;

import dev.ricci.tensor.TensorException;

/** The schedules that {@link Schedule} makes. */
final class Schedules {
    private Schedules() {
    }

    private static void checkStep(long step) {
        if (step < 0) {
            throw new TensorException("schedule: steps count from 0, got " + step);
        }
    }

    private static void checkLength(String schedule, String what, long steps, long least) {
        if (steps < least) {
            throw new TensorException(schedule + ": " + what + " must be " + least + " or more steps, got " + steps);
        }
    }

    private static double mix(double from, double to, double share) {
        return from + (to - from) * share;
    }

    record Constant(double rate) implements Schedule {
        Constant {
            Schedule.check("constant", rate);
        }

        @Override
        public double at(long step) {
            checkStep(step);
            return rate;
        }
    }

    record Linear(double from, double to, long steps) implements Schedule {
        Linear {
            Schedule.check("linear", from);
            Schedule.check("linear", to);
            checkLength("linear", "its length", steps, 1);
        }

        @Override
        public double at(long step) {
            checkStep(step);
            return step >= steps ? to : mix(from, to, (double) step / steps);
        }
    }

    record Cosine(double from, double to, long steps) implements Schedule {
        Cosine {
            Schedule.check("cosine", from);
            Schedule.check("cosine", to);
            checkLength("cosine", "its length", steps, 1);
        }

        @Override
        public double at(long step) {
            checkStep(step);
            // StrictMath: the same bits on every platform, interpreted or compiled.
            return step >= steps ? to : mix(to, from, 0.5 * (1 + StrictMath.cos(StrictMath.PI * step / steps)));
        }
    }

    record WarmUp(long steps, Schedule then) implements Schedule {
        WarmUp {
            checkLength("warm-up", "its length", steps, 0);
        }

        @Override
        public double at(long step) {
            checkStep(step);
            return step < steps ? then.at(0) * (step + 1) / (steps + 1) : then.at(step - steps);
        }

        @Override
        public String toString() {
            return "WarmUp[steps=" + steps + ", then=" + Schedule.describe(then) + "]";
        }
    }

    record InverseSquareRoot(double peak, long warmUp) implements Schedule {
        InverseSquareRoot {
            Schedule.check("inverse square root", peak);
            checkLength("inverse square root", "the warm-up", warmUp, 1);
        }

        @Override
        public double at(long step) {
            checkStep(step);
            double n = step + 1.0;
            return n < warmUp ? peak * n / warmUp : peak * Math.sqrt(warmUp / n);
        }
    }

    record Cyclic(double low, double high, long half) implements Schedule {
        Cyclic {
            Schedule.check("cyclic", low);
            Schedule.check("cyclic", high);
            checkLength("cyclic", "half a cycle", half, 1);
        }

        @Override
        public double at(long step) {
            checkStep(step);
            long within = step % (2 * half);
            return mix(low, high, (double) (within <= half ? within : 2 * half - within) / half);
        }
    }

    record WarmUpStableDecay(double peak, double last, long warmUp, long stable, long decay) implements Schedule {
        WarmUpStableDecay {
            Schedule.check("warm-up-stable-decay", peak);
            Schedule.check("warm-up-stable-decay", last);
            checkLength("warm-up-stable-decay", "the warm-up", warmUp, 0);
            checkLength("warm-up-stable-decay", "the stable part", stable, 0);
            checkLength("warm-up-stable-decay", "the decay", decay, 1);
        }

        @Override
        public double at(long step) {
            checkStep(step);
            if (step < warmUp) {
                return peak * (step + 1) / (warmUp + 1);
            }
            long decayed = step - warmUp - stable;
            return decayed <= 0 ? peak : decayed >= decay ? last : mix(peak, last, (double) decayed / decay);
        }
    }
}
