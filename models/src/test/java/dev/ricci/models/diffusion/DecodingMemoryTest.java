package dev.ricci.models.diffusion;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.decoder.DecoderConfig.Diffusion;
import dev.ricci.models.generation.AutoregressiveGenerator;
import dev.ricci.models.generation.GenerationConfig;
import dev.ricci.tensor.Backends;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.cpu.CpuBackend;
import dev.ricci.tensor.cpu.Threads;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a step of each decoder allocates: little, and never more as the text grows. */
class DecodingMemoryTest {
    private static final int PROMPT = 128;
    private static final int TOKENS = 64;
    private static final int BLOCK = 32;
    private static final int WIDTH = 128;
    /** Logits of a block alone are a megabyte in double precision. */
    private static final int MASK = 4095;
    private static final int LAYERS = 2;
    private static final DecoderConfig CAUSAL = DecoderConfig.llama(MASK + 1, PROMPT + TOKENS, LAYERS, 4, 2,
            WIDTH, 2 * WIDTH);
    /** Objects, views and arrays too small for the pool; all that a block makes in the layers is 256 KiB a layer and more. */
    private static final long MOST = LAYERS * 96L << 10;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final List<Long> marks = new ArrayList<>();

    private void mark() {
        marks.add(threads.getCurrentThreadAllocatedBytes());
    }

    /** The bytes of each pass in the second half of the text. */
    private long[] steps(Runnable generation) {
        // On plain kernels and on this thread: vectors that C2 has not compiled yet live on the heap.
        Backends.with(CpuBackend.plain(), () -> Threads.limit(1, () -> {
            generation.run();
            marks.clear();
            generation.run();
            return null;
        }));
        int from = marks.size() / 2;
        long[] steps = new long[marks.size() - from - 1];
        Arrays.setAll(steps, i -> marks.get(from + i + 1) - marks.get(from + i));
        return steps;
    }

    private long[] steps(int block, DiffusionOptions options) {
        Decoder model = new Decoder(CAUSAL.with(new Diffusion(MASK, block)), Rng.of(1));
        return steps(() -> {
            int[] step = {0};
            new DiffusionGenerator(model, options).denoise(new int[PROMPT], GenerationConfig.greedy(TOKENS), r -> {
                if (r.step() > step[0]) {
                    step[0] = r.step();
                    mark();
                }
            });
        });
    }

    private static void check(String decoder, long[] steps) {
        String text = decoder + ": the steps allocated " + Arrays.toString(steps) + " bytes";
        // The median: memory that no step of a block used is not there for the next block.
        assertTrue(Arrays.stream(steps).sorted().skip(steps.length / 2).findFirst().orElseThrow() < MOST, text);
        assertTrue(steps[steps.length - 1] < 1.1 * steps[0], text);
    }

    @Test
    void leftToRight() {
        Decoder model = new Decoder(CAUSAL, Rng.of(1));
        check("ar", steps(() -> new AutoregressiveGenerator(model).generate(new int[PROMPT],
                GenerationConfig.greedy(TOKENS), id -> {
                    mark();
                    return true;
                })));
    }

    @Test
    void everyDenoiser() {
        DiffusionOptions options = DiffusionOptions.of(new Decoder(CAUSAL.with(new Diffusion(MASK, 0)),
                Rng.of(1))).with(new Unmasking.Steps(8));
        check("no cache", steps(0, options));
        check("no cache, blocks", steps(0, options.withBlock(BLOCK)));
        check("prefix", steps(0, options.withBlock(BLOCK).with(Caching.PREFIX)));
        check("dual", steps(0, options.withBlock(BLOCK).with(Caching.DUAL)));
        Decoder blocks = new Decoder(CAUSAL.with(new Diffusion(MASK, BLOCK)), Rng.of(1));
        check("exact", steps(BLOCK, DiffusionOptions.of(blocks).with(new Unmasking.Steps(8))));
    }
}
