package dev.ricci.models.weights;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.ricci.tensor.TensorException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ArbitrarySupplier;
import net.jqwik.api.RandomDistribution;

/**
 * Changed copies of valid binary files, which a reader must take or refuse with an exception of the family, and without a
 * large allocation. The property {@code ricci.fuzz} says how many files each reader gets, at least.
 */
public final class Mutations {
    private static final long[] EXTREMES = {-1, 0, 1, 2, 127, 128, 255, 1 << 16, Integer.MAX_VALUE, 1L << 31, 1L << 32,
        Long.MAX_VALUE, Long.MIN_VALUE, Long.MAX_VALUE / 4 + 1, 0x0300_0000};

    private Mutations() {
    }

    /** Seeds that are hardly ever the same: of those that jqwik prefers a fifth are. */
    public static final class Seeds implements ArbitrarySupplier<Long> {
        @Override
        public Arbitrary<Long> get() {
            return Arbitraries.longs().withDistribution(RandomDistribution.uniform()).withoutEdgeCases();
        }
    }

    /** Reads everything of a file's bytes. */
    public interface Reader {
        /** Reads them. */
        void read(byte[] bytes) throws IOException;
    }

    /** Files that each of so many tries changes: one usually, more where {@code ricci.fuzz} asks for more. */
    public static int rounds(int tries) {
        return Math.max(1, Math.ceilDiv(Integer.getInteger("ricci.fuzz", 1), tries));
    }

    /**
     * Changes a file's bytes and reads them.
     *
     * @param valid what is read without a change
     * @param seed of the changes
     * @param rounds how many times
     * @param factor bytes that may be allocated for each byte of the file
     */
    public static void readsOrRefuses(byte[] valid, long seed, int rounds, int factor, Reader reader) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < rounds; i++) {
            byte[] bytes = mutate(valid, random);
            long before = threads.getCurrentThreadAllocatedBytes();
            try {
                reader.read(bytes);
            } catch (TensorException | IOException refused) {
                assertTrue(refused.getMessage().length() < 2000, refused.getMessage());
            }
            long allocated = threads.getCurrentThreadAllocatedBytes() - before;
            // The constant is the class loading of a first call.
            assertTrue(allocated < 8_000_000 + (long) factor * bytes.length,
                    allocated + " bytes for a file of " + bytes.length);
        }
    }

    /** One to four changes: bits flipped, numbers made extreme, runs removed, doubled or filled, the end cut. */
    public static byte[] mutate(byte[] valid, RandomGenerator random) {
        byte[] b = valid.clone();
        for (int n = 1 + random.nextInt(4); n > 0 && b.length > 0; n--) {
            // Most changes near the start, where the head lies.
            int at = random.nextInt(random.nextBoolean() ? b.length : Math.max(1, Math.min(b.length, 200)));
            int end = Math.min(b.length, at + 1 + random.nextInt(16));
            switch (random.nextInt(8)) {
                case 0 -> b[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> b[at] = (byte) random.nextInt();
                case 2, 3 -> number(b, at, random, 8);
                case 4 -> number(b, at, random, 4);
                case 5 -> b = splice(b, at, end);
                case 6 -> b = splice(b, end, at);
                default -> b = random.nextInt(4) == 0 ? Arrays.copyOf(b, at) : splice(b, end, end - 1);
            }
        }
        return b;
    }

    private static void number(byte[] b, int at, RandomGenerator random, int bytes) {
        byte[] v = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN)
                .putLong(EXTREMES[random.nextInt(EXTREMES.length)]).array();
        System.arraycopy(v, 0, b, at, Math.min(bytes, b.length - at));
    }

    /** What is before {@code head}, then what is from {@code tail} on: removes a run, or doubles one. */
    private static byte[] splice(byte[] b, int tail, int head) {
        byte[] out = Arrays.copyOf(b, head + b.length - tail);
        System.arraycopy(b, tail, out, head, b.length - tail);
        return out;
    }
}
