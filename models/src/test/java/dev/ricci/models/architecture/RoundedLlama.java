package dev.ricci.models.architecture;

import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.weights.gguf.GgufFile;
import dev.ricci.models.weights.gguf.GgufType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.EnumSet;
import java.util.Set;

/**
 * The obvious loops of a Llama in double precision, whose products round what they multiply weights with as llama.cpp
 * rounds it for a type of weights: to 8 bits with a scale for 32 or 256 elements, or to BF16.
 */
final class RoundedLlama {
    private static final Set<GgufType> MINIMA = EnumSet.of(GgufType.Q4_1, GgufType.Q5_1);
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final DecoderConfig config;
    private final GgufFile weights;
    private final GgufType type;

    RoundedLlama(DecoderConfig config, GgufFile weights, GgufType type) {
        this.config = config;
        this.weights = weights;
        this.type = type;
    }

    /** {@return [ids, vocabulary], row-major} */
    double[] logits(int[] ids) {
        int width = config.width();
        float[] table = floats("token_embd.weight");
        double[][] x = new double[ids.length][width];
        for (int t = 0; t < ids.length; t++) {
            for (int i = 0; i < width; i++) {
                x[t][i] = table[ids[t] * width + i];
            }
        }
        for (int layer = 0; layer < config.layers(); layer++) {
            String at = "blk." + layer + ".";
            add(x, product(at + "attn_output.weight", attention(at, normalised(x, at + "attn_norm.weight"))));
            double[][] h = normalised(x, at + "ffn_norm.weight");
            double[][] gate = product(at + "ffn_gate.weight", h);
            double[][] up = product(at + "ffn_up.weight", h);
            for (int t = 0; t < x.length; t++) {
                for (int i = 0; i < up[t].length; i++) {
                    up[t][i] *= gate[t][i] / (1 + StrictMath.exp(-gate[t][i]));
                }
            }
            add(x, product(at + "ffn_down.weight", up));
        }
        double[][] rows = product("output.weight", normalised(x, "output_norm.weight"));
        double[] all = new double[ids.length * config.vocabSize()];
        for (int t = 0; t < ids.length; t++) {
            System.arraycopy(rows[t], 0, all, t * config.vocabSize(), config.vocabSize());
        }
        return all;
    }

    private float[] floats(String name) {
        return weights.floats(name).toFloatArray();
    }

    private static void add(double[][] x, double[][] y) {
        for (int t = 0; t < x.length; t++) {
            for (int i = 0; i < x[t].length; i++) {
                x[t][i] += y[t][i];
            }
        }
    }

    private double[][] normalised(double[][] x, String name) {
        float[] w = floats(name);
        double[][] y = new double[x.length][w.length];
        for (int t = 0; t < x.length; t++) {
            double squares = 0;
            for (double v : x[t]) {
                squares += v * v;
            }
            for (int i = 0; i < w.length; i++) {
                y[t][i] = x[t][i] / Math.sqrt(squares / w.length + config.norm().eps()) * w[i];
            }
        }
        return y;
    }

    private double[][] attention(String at, double[][] h) {
        double[][] q = product(at + "attn_q.weight", h);
        double[][] k = product(at + "attn_k.weight", h);
        double[][] v = product(at + "attn_v.weight", h);
        int size = config.attention().headWidth();
        rotate(q, size);
        rotate(k, size);
        double[][] y = new double[h.length][q[0].length];
        for (int head = 0; head < config.attention().heads(); head++) {
            int from = size * head;
            int shared = size * (head * config.attention().kvHeads() / config.attention().heads());
            for (int t = 0; t < h.length; t++) {
                double[] weight = new double[t + 1];
                double sum = 0;
                for (int s = 0; s <= t; s++) {
                    for (int i = 0; i < size; i++) {
                        weight[s] += q[t][from + i] * k[s][shared + i];
                    }
                    weight[s] = StrictMath.exp(weight[s] / Math.sqrt(size));
                    sum += weight[s];
                }
                for (int s = 0; s <= t; s++) {
                    for (int i = 0; i < size; i++) {
                        y[t][from + i] += weight[s] / sum * v[s][shared + i];
                    }
                }
            }
        }
        return y;
    }

    /** Neighbours: Llama's rows are in such an order in these files. */
    private void rotate(double[][] x, int size) {
        for (int t = 0; t < x.length; t++) {
            for (int i = 0; i < x[t].length; i += 2) {
                double angle = t * StrictMath.pow(config.positions().theta(), -1.0 * (i % size) / size);
                double a = x[t][i];
                double b = x[t][i + 1];
                x[t][i] = a * StrictMath.cos(angle) - b * StrictMath.sin(angle);
                x[t][i + 1] = a * StrictMath.sin(angle) + b * StrictMath.cos(angle);
            }
        }
    }

    private double[][] product(String name, double[][] x) {
        float[] w = floats(name);
        int in = x[0].length;
        double[][] y = new double[x.length][w.length / in];
        for (int t = 0; t < x.length; t++) {
            double[] sums = new double[in / type.blockElements()];
            double[] rounded = rounded(x[t], sums);
            for (int o = 0; o < y[t].length; o++) {
                for (int i = 0; i < in; i++) {
                    y[t][o] += w[o * in + i] * rounded[i];
                }
                for (int b = 0; b < sums.length && MINIMA.contains(type); b++) {
                    y[t][o] += minimum(weights.blocks(name), o * sums.length + b) * sums[b];
                }
            }
        }
        return y;
    }

    private double minimum(MemorySegment blocks, int block) {
        return Float.float16ToFloat(blocks.get(SHORT, (long) block * type.blockBytes() + 2));
    }

    /**
     * Rounded elements.
     *
     * @param sums for each block, what its sum becomes by a rounding of its own to F16, by which minima are multiplied
     */
    private double[] rounded(double[] x, double[] sums) {
        double[] y = x.clone();
        if (type == GgufType.BF16) {
            for (int i = 0; i < x.length; i++) {
                double step = Math.ulp((float) x[i]) * 65536;
                y[i] = Math.rint(x[i] / step) * step;
            }
        }
        int block = type.blockElements();
        for (int at = 0; at < x.length && type.isQuantised(); at += block) {
            double most = 0;
            for (int i = at; i < at + block; i++) {
                most = Math.max(most, Math.abs(x[i]));
            }
            double scale = most / 127;
            // Blocks of 32 keep their scale as F16.
            double kept = block == 32 ? half(scale) : scale;
            double sum = 0;
            for (int i = at; i < at + block && most > 0; i++) {
                double q = Math.rint(x[i] / scale);
                y[i] = q * kept;
                sum += q;
            }
            sums[at / block] = half(sum * scale) - sum * kept;
        }
        return y;
    }

    private static double half(double x) {
        return Float.float16ToFloat(Float.floatToFloat16((float) x));
    }
}
