package dev.ricci.nn.optim;

import dev.ricci.tensor.TensorException;

/**
 * A learning rate as a pure function of the number of finished steps (0 at the first step): nothing to save, and a
 * resumed run needs no more than its step. The ones made here say what they are in {@code toString}, which checkpoints
 * record.
 */
@FunctionalInterface
public interface Schedule {
    /**
     * The learning rate of a step.
     *
     * @param step how many steps were finished before it, from 0
     */
    double at(long step);

    /** This schedule behind a linear warm-up of so many steps: it begins, at its own step 0, when that is over. */
    default Schedule warmUp(long steps) {
        return new Schedules.WarmUp(steps, this);
    }

    /** Always the same. */
    static Schedule constant(double rate) {
        return new Schedules.Constant(rate);
    }

    /** A straight line from one rate to another within so many steps, and the latter from then on. */
    static Schedule linear(double from, double to, long steps) {
        return new Schedules.Linear(from, to, steps);
    }

    /**
     * Half a period of a cosine from one rate to another within so many steps, and the latter from then on
     * (Loshchilov and Hutter 2017, equation 5, without restarts).
     */
    static Schedule cosine(double from, double to, long steps) {
        return new Schedules.Cosine(from, to, steps);
    }

    /**
     * Linear to the peak within {@code warmUp} steps, then peak * sqrt(warmUp / steps) (Vaswani et al. 2017,
     * equation 3).
     */
    static Schedule inverseSquareRoot(double peak, long warmUp) {
        return new Schedules.InverseSquareRoot(peak, warmUp);
    }

    /** Up and down again between two rates, linearly, {@code half} steps each way (Smith 2017). */
    static Schedule cyclic(double low, double high, long half) {
        return new Schedules.Cyclic(low, high, half);
    }

    /** Linear to the peak, then constant, then linear to the last rate (Hu et al. 2024, section 4, linear decay). */
    static Schedule warmUpStableDecay(double peak, double last, long warmUp, long stable, long decay) {
        return new Schedules.WarmUpStableDecay(peak, last, warmUp, stable, decay);
    }

    /**
     * What a schedule is, in words that are the same in every run: its {@code toString} if it is a record, as those
     * made here are, and {@code custom} for lambdas and others, whose {@code toString} may hold an address.
     */
    static String describe(Schedule schedule) {
        return schedule instanceof Record ? schedule.toString() : "custom";
    }

    /**
     * A learning rate that is a finite number and not negative.
     *
     * @param source named in the error
     */
    static double check(String source, double rate) {
        if (!(rate >= 0 && rate <= Double.MAX_VALUE)) {
            throw new TensorException(source + ": a learning rate must be finite and not negative, got " + rate);
        }
        return rate;
    }
}
