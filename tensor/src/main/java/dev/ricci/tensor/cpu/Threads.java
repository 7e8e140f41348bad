package dev.ricci.tensor.cpu;

import dev.ricci.tensor.TensorException;
import java.util.function.Supplier;

/**
 * How many threads the CPU backend uses: at most the property {@code ricci.threads} (read once; by default the number
 * of processors), and fewer within {@link #limit}. Results have the same bits for every number of threads.
 */
public final class Threads {
    private static final ScopedValue<Integer> LIMIT = ScopedValue.newInstance();

    private Threads() {
    }

    private static final class Configured {
        static final int COUNT = read();

        private static int read() {
            String text = System.getProperty("ricci.threads", "");
            if (text.isEmpty()) {
                return Runtime.getRuntime().availableProcessors();
            }
            int n = 0;
            if (text.matches("[0-9]{1,4}")) {
                n = Integer.parseInt(text);
            }
            if (n < 1) {
                throw new TensorException("ricci.threads must be a number from 1 to 9999, got '" + text + "'");
            }
            return n;
        }
    }

    /** The most threads that one op may use in this JVM. */
    public static int available() {
        return Configured.COUNT;
    }

    /** The most threads that an op may use when it is called here. */
    public static int current() {
        return LIMIT.isBound() ? Math.min(LIMIT.get(), available()) : available();
    }

    /**
     * Runs {@code body} with at most {@code n} threads an op; limits nest, and the smallest counts.
     *
     * @throws TensorException if {@code n} is not positive
     */
    public static <T> T limit(int n, Supplier<T> body) {
        return ScopedValue.where(LIMIT, checked(n)).call(body::get);
    }

    /**
     * Runs {@code body} with at most {@code n} threads an op; limits nest, and the smallest counts.
     *
     * @throws TensorException if {@code n} is not positive
     */
    public static void limit(int n, Runnable body) {
        ScopedValue.where(LIMIT, checked(n)).run(body);
    }

    private static int checked(int n) {
        if (n < 1) {
            throw new TensorException("Threads.limit: needs a positive number of threads, got " + n);
        }
        return LIMIT.isBound() ? Math.min(n, LIMIT.get()) : n;
    }
}
