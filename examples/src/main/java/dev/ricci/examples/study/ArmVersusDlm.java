package dev.ricci.examples.study;

import dev.ricci.models.cost.Machine;
import dev.ricci.models.decoder.DecoderConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The study of Kim et al. 2025 (arXiv 2510.04146): models from left to right against masked diffusion, in its full size and in
 * one that shows in seconds that it runs.
 *
 * @param quick the short version
 * @param seeds of models and texts
 * @param machine a GPU for which the cost model predicts
 * @param text for the bits a character; that part is left out if there is no such file
 * @param threads that compute
 */
record ArmVersusDlm(boolean quick, int seeds, Machine machine, Path text, int threads) {
    /** 103 million weights in products, 411 MB: more than the last cache of any processor that the study ran on. */
    private static final QualityPart.Shape LARGE = new QualityPart.Shape(8, 16, 1024, 2816);
    /** Wide enough that a token costs more than the overhead of its ops. */
    private static final QualityPart.Shape QUICK_LARGE = new QualityPart.Shape(2, 4, 256, 704);
    private static final QualityPart.Shape SMALL = new QualityPart.Shape(2, 4, 96, 264);
    private static final QualityPart.Shape TINY = new QualityPart.Shape(1, 2, 16, 32);

    /** All parts, in the order in which they are run. */
    List<Part> parts() {
        List<Part> parts = new ArrayList<>();
        parts.add(new CostPart(machine));
        parts.add(quick ? new RooflinePart(64, 1, 4, 1, threads) : new RooflinePart(1024, 512, 256, 7, threads));
        parts.add(quick ? new TimingPart(QUICK_LARGE, new int[] {16, 1024}, new int[] {1, 2}, 32, 5, 1, threads)
            : new TimingPart(LARGE, new int[] {64, 256, 1024}, new int[] {1, 4, 16}, 64, 3, seeds, threads));
        parts.add(quick ? new WritingPart(QUICK_LARGE, 32, 32, 1, threads) : new WritingPart(LARGE, 256, 32, seeds, threads));
        for (Task task : Task.values()) {
            parts.add(quality(task));
        }
        if (text != null && Files.exists(text)) {
            for (Kind kind : Kind.BITS) {
                parts.add(quick ? new BitsPart(kind, text, TINY, 16, new Lessons(3, 2, 1e-3), 1, 200)
                    : new BitsPart(kind, text, SMALL, 64, new Lessons(2000, 16, 2e-3), seeds, 60_000));
            }
        }
        parts.add(quick ? new ExactPart(TINY, new Lessons(60, 16, 1e-2), 6)
            : new ExactPart(new QualityPart.Shape(2, 4, 32, 96), new Lessons(500, 32, 3e-3), 200));
        return parts;
    }

    private Part quality(Task task) {
        if (quick) {
            return new QualityPart(task, TINY, new Lessons(3, 4, 1e-3), 1, 16, 1);
        }
        // As long as all kinds of models need.
        Lessons lessons = switch (task) {
            case TEXT -> new Lessons(300, 32, 1.5e-3);
            case COPY -> new Lessons(400, 32, 1.5e-3);
            case SORT, SUMS -> new Lessons(3000, 32, 3e-3);
        };
        return new QualityPart(task, SMALL, lessons, 50, 20_000, seeds);
    }

    /** Those parts whose names begin with one of these; all for null. */
    List<Part> parts(String[] names) {
        return parts().stream().filter(p -> names == null || Arrays.stream(names).anyMatch(n -> isOf(p, n))).toList();
    }

    /** Whether a part is called so, or belongs to those that are. */
    static boolean isOf(Part part, String name) {
        return part.name().equals(name) || part.name().startsWith(name + "-");
    }

    /** The decoder of the timings. */
    DecoderConfig timed() {
        return TimingPart.config(quick ? QUICK_LARGE : LARGE, 2048);
    }
}
