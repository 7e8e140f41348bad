package dev.ricci.examples.tutorial;

import dev.ricci.nn.data.Dataset;
import dev.ricci.nn.data.Images;
import dev.ricci.nn.data.InMemory;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/**
 * Images of digits: the user's own, or ones that the project draws itself, the seven segments of a pocket calculator,
 * each slanted, shifted, of its own size and thickness, under noise.
 */
final class Digits {
    private static final int SIDE = 16;
    private static final double NOISE = 0.15;

    /** For each digit the segments that are lit, in the order of {@link #SEGMENTS}. */
    private static final String[] LIT = {"1110111", "0010010", "1011101", "1011011", "0111010", "1101011", "1101111",
        "1010010", "1111111", "1111011"};

    /** Ends of the segments, x0 y0 x1 y1, in a box of 1 by 2: top, left and right, middle, left and right, bottom. */
    private static final double[][] SEGMENTS = {{0, 0, 1, 0}, {0, 0, 0, 1}, {1, 0, 1, 1}, {0, 1, 1, 1}, {0, 1, 0, 2},
        {1, 1, 1, 2}, {0, 2, 1, 2}};

    private Digits() {
    }

    /** The user's images, by MNIST's names with or without .gz; without a folder, {@code count} drawn ones. */
    static Dataset of(Lesson lesson, String part, int count) throws IOException {
        Path folder = lesson.data();
        if (folder == null) {
            return draw(count, lesson.seed() + part.hashCode());
        }
        return Images.idx(file(folder, part + "-images-idx3-ubyte"), file(folder, part + "-labels-idx1-ubyte"));
    }

    private static Path file(Path folder, String name) {
        Path plain = folder.resolve(name);
        return Files.exists(plain) ? plain : folder.resolve(name + ".gz");
    }

    /** Images F32 [n, 1, 16, 16] in 0 .. 1, labels I32 [n]. */
    private static Dataset draw(int n, long seed) {
        Random random = new Random(seed);
        float[] pixels = new float[n * SIDE * SIDE];
        int[] labels = new int[n];
        for (int i = 0; i < n; i++) {
            labels[i] = random.nextInt(LIT.length);
            drawOne(LIT[labels[i]], random, pixels, i * SIDE * SIDE);
        }
        return InMemory.of(Tensor.of(pixels, Shape.of(n, 1, SIDE, SIDE)), Tensor.ofInts(labels));
    }

    private static void drawOne(String lit, Random random, float[] pixels, int at) {
        double width = 3.5 + 2.5 * random.nextDouble();
        double height = 4.5 + 1.5 * random.nextDouble();
        double left = 2 + random.nextDouble() * (SIDE - 4 - width);
        double top = 1.5 + random.nextDouble() * (SIDE - 3 - 2 * height);
        double slant = (random.nextDouble() - 0.5) * 0.6;
        double thickness = 0.7 + 0.6 * random.nextDouble();
        for (int p = 0; p < SIDE * SIDE; p++) {
            double y = p / SIDE;
            double x = p % SIDE + slant * (y - SIDE / 2.0);
            double ink = 0;
            for (int s = 0; s < SEGMENTS.length; s++) {
                double[] ends = SEGMENTS[s];
                if (lit.charAt(s) == '1') {
                    double dx = x - clamp(x, left + ends[0] * width, left + ends[2] * width);
                    double dy = y - clamp(y, top + ends[1] * height, top + ends[3] * height);
                    ink = Math.max(ink, clamp(1.5 + thickness - Math.sqrt(dx * dx + dy * dy) - 1, 0, 1));
                }
            }
            pixels[at + p] = (float) clamp(ink * 0.85 + NOISE * random.nextGaussian(), 0, 1);
        }
    }

    private static double clamp(double x, double low, double high) {
        return Math.max(low, Math.min(high, x));
    }

    /** An image as characters, for a terminal. */
    static String picture(Tensor image) {
        int width = image.dim(-1);
        String shades = " .:-=+*#%@";
        float[] values = image.toFloatArray();
        StringBuilder text = new StringBuilder();
        for (int p = 0; p < values.length; p++) {
            text.append(shades.charAt((int) (values[p] * (shades.length() - 1))));
            text.append(p % width == width - 1 ? "\n" : "");
        }
        return text.toString();
    }
}
