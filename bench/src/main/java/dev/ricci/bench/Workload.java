package dev.ricci.bench;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.encoder.Encoder;
import dev.ricci.models.encoder.EncoderConfig;
import dev.ricci.models.weights.gguf.GgufType;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Work that Ricci and its peers do side by side, with what it costs at the least. All numbers are F32. */
public sealed interface Workload {
    /** How the row is called. */
    String title();

    /** Floating-point operations that count against the FMA peak; 0 if bytes alone limit it. */
    double flops();

    /** Bytes that must be moved: every input and output once. */
    double bytes();

    /** How much results may differ between contestants, as a part of the largest number. */
    default double agreement() {
        return 2e-3;
    }

    /** Whether the bytes are only read, as weights are, or read and written. */
    default boolean readsOnly() {
        return false;
    }

    /**
     * A matrix product C = A B.
     *
     * @param a [M, K], or [K, M] if transposed
     * @param b [K, N], or [N, K] if transposed
     * @param transA whether A is the transpose of {@code a}
     * @param transB whether B is the transpose of {@code b}
     */
    record Gemm(Tensor a, Tensor b, boolean transA, boolean transB) implements Workload {
        /** Draws n x n operands. */
        public static Gemm cube(int n, boolean transA, boolean transB) {
            return new Gemm(Rng.of(1).normal(n, n), Rng.of(2).normal(n, n), transA, transB);
        }

        /** Rows of the result. */
        public int m() {
            return a.dim(transA ? 1 : 0);
        }

        /** The length of the sums. */
        public int k() {
            return a.dim(transA ? 0 : 1);
        }

        /** Columns of the result. */
        public int n() {
            return b.dim(transB ? 0 : 1);
        }

        @Override
        public String title() {
            return "matmul %d x %d x %d %s%s".formatted(m(), k(), n(), transA ? "T" : "N", transB ? "T" : "N");
        }

        @Override
        public double flops() {
            return 2.0 * m() * k() * n();
        }

        @Override
        public double bytes() {
            return 4.0 * ((double) m() * k() + (double) k() * n() + (double) m() * n());
        }
    }

    /**
     * Inference through a linear layer without bias, its weight constant: x W^T.
     *
     * @param x [M, K]
     * @param weight [N, K]
     */
    record Linear(Tensor x, Tensor weight) implements Workload {
        @Override
        public String title() {
            return "linear %d x %d x %d".formatted(x.dim(0), x.dim(1), weight.dim(0));
        }

        @Override
        public double flops() {
            return 2.0 * x.dim(0) * weight.size();
        }

        @Override
        public double bytes() {
            return 4.0 * (x.size() + weight.size() + (double) x.dim(0) * weight.dim(0));
        }

        @Override
        public boolean readsOnly() {
            return true;
        }
    }

    /** Functions that memory limits. */
    enum Function {
        /** Along the last axis. */
        SOFTMAX,
        /** Along the last axis, with weight and bias. */
        LAYER_NORM,
        /** Along the last axis, with weight. */
        RMS_NORM,
        /** With the error function. */
        GELU,
        /** With the hyperbolic tangent. */
        GELU_TANH,
        /** x sigmoid(x). */
        SILU,
        /** The mean over the rows. */
        CROSS_ENTROPY;

        /** As a row calls it. */
        public String text() {
            return name().toLowerCase(Locale.ROOT).replace('_', ' ');
        }
    }

    /**
     * A function of the rows of a matrix.
     *
     * @param function which
     * @param x [R, D]
     * @param backward whether the gradients of x and of weights are taken too
     */
    record Rows(Function function, Tensor x, boolean backward) implements Workload {
        /** Weight and bias [D], targets [R] I32, or nothing. */
        public List<Tensor> parameters() {
            Tensor weight = Rng.of(5).uniform(x.dim(1));
            return switch (function) {
                case LAYER_NORM -> List.of(weight, weight);
                case RMS_NORM -> List.of(weight);
                case CROSS_ENTROPY -> List.of(Rng.of(6).ints(x.dim(1), x.dim(0)));
                case SOFTMAX, GELU, GELU_TANH, SILU -> List.of();
            };
        }

        /** The gradient that comes from above: [R, D], or a scalar 1 behind the cross-entropy. */
        public Tensor above() {
            return function == Function.CROSS_ENTROPY ? Tensor.of(1) : Rng.of(7).normal(x.dim(0), x.dim(1));
        }

        @Override
        public String title() {
            return "%s %d x %d%s".formatted(function.text(), x.dim(0), x.dim(1), backward ? ", with gradients" : "");
        }

        @Override
        public double flops() {
            return 0;
        }

        @Override
        public double bytes() {
            int passes = function == Function.CROSS_ENTROPY ? 1 : 2;
            return 4.0 * x.size() * passes * (backward ? 2 : 1);
        }

        @Override
        public boolean readsOnly() {
            return function == Function.CROSS_ENTROPY && !backward;
        }
    }

    /**
     * Causal attention and its gradients.
     *
     * @param q [B, H, T, D]
     * @param k [B, H, T, D]
     * @param v [B, H, T, D]
     */
    record Attention(Tensor q, Tensor k, Tensor v) implements Workload {
        /** The gradient that comes from above: [B, H, T, D]. */
        public Tensor above() {
            return Rng.of(7).normal(q.dim(0), q.dim(1), q.dim(2), q.dim(3));
        }

        @Override
        public String title() {
            return "attention B %d H %d T %d D %d, with gradients".formatted(q.dim(0), q.dim(1), q.dim(2), q.dim(3));
        }

        /** Two products forward and five backward, half of each: what the mask hides need not be computed. */
        @Override
        public double flops() {
            return 7 * 2.0 * q.size() * q.dim(2) / 2;
        }

        @Override
        public double bytes() {
            return 4.0 * 8 * q.size();
        }
    }

    /**
     * A step of training a decoder: forward, backward, clipping, AdamW.
     *
     * @param label of the model
     * @param config its shape; sequences are as long as its context
     * @param batch B
     */
    record TrainStep(String label, DecoderConfig config, int batch) implements Workload {
        /** Numbers of AdamW: learning rate, betas, eps, decay of matrices, largest global norm of the gradients. */
        public static final double RATE = 3e-4;
        /** The first moment's. */
        public static final double BETA_1 = 0.9;
        /** The second moment's. */
        public static final double BETA_2 = 0.95;
        /** Added to the root of the second moment. */
        public static final double EPS = 1e-8;
        /** Of matrices; vectors have none. */
        public static final double DECAY = 0.1;
        /** The largest global norm of the gradients. */
        public static final double CLIP = 1;

        /** The same fresh weights for everybody. */
        public Decoder model() {
            return new Decoder(config, Rng.of(1));
        }

        /** [B, T] I32. */
        public Tensor ids() {
            return Rng.of(2).ints(config.vocabSize(), batch, config.contextLength());
        }

        /** [B, T] I32. */
        public Tensor targets() {
            return Rng.of(3).ints(config.vocabSize(), batch, config.contextLength());
        }

        /** Tokens a step. */
        public int tokens() {
            return batch * config.contextLength();
        }

        @Override
        public String title() {
            return "%s, %d tokens".formatted(label, tokens());
        }

        /** 6 a weight of a matrix and token (the tied head is one, look-ups are none), and causal attention's. */
        @Override
        public double flops() {
            double c = config.width();
            double matrices = config.layers() * (4 * c * c + 2 * c * config.mlp().hidden()) + c * config.vocabSize();
            return tokens() * (6 * matrices + 12.0 * config.layers() * config.contextLength() * c / 2);
        }

        @Override
        public double bytes() {
            return 0;
        }
    }

    /**
     * The next token's logits, behind a cache of the tokens before.
     *
     * @param label of the model
     * @param model whose weights nobody changes
     * @param context tokens in the cache
     */
    record Decode(String label, Decoder model, int context) implements Workload {
        /** [1, context] I32: what the cache holds. */
        public Tensor prompt() {
            return Rng.of(2).ints(model.config().vocabSize(), 1, context);
        }

        /** [1, 1] I32: the token behind it. */
        public Tensor next() {
            return Rng.of(3).ints(model.config().vocabSize(), 1, 1);
        }

        @Override
        public String title() {
            return "%s, a token at context %d".formatted(label, context);
        }

        @Override
        public double flops() {
            return 0;
        }

        /** Every matrix once, and the cache. */
        @Override
        public double bytes() {
            DecoderConfig config = model.config();
            double c = config.width();
            return 4 * (config.layers() * (4 * c * c + 2 * c * config.mlp().hidden() + 2 * context * c)
                    + c * config.vocabSize());
        }

        @Override
        public boolean readsOnly() {
            return true;
        }
    }

    /**
     * Sentence embeddings: token sequences to the mean of their hidden states.
     *
     * @param label of the model and the texts
     * @param encoder whose weights nobody changes
     * @param onnx the same model for others, or null
     * @param ids of the sequences, of any lengths
     */
    record Encode(String label, Encoder encoder, Path onnx, List<int[]> ids) implements Workload {
        /** Of all sequences. */
        public int tokens() {
            return ids.stream().mapToInt(s -> s.length).sum();
        }

        @Override
        public String title() {
            return label;
        }

        /** 2 a weight of a matrix and token, and attention's two products. */
        @Override
        public double flops() {
            EncoderConfig c = encoder.config();
            double width = c.width();
            double attention = ids.stream().mapToDouble(s -> 4 * width * s.length * s.length).sum();
            return c.layers() * (2 * tokens() * (4 * width * width + 2 * width * c.hidden()) + attention);
        }

        /** Every matrix once. */
        @Override
        public double bytes() {
            EncoderConfig c = encoder.config();
            return 4.0 * c.layers() * c.width() * (4.0 * c.width() + 2.0 * c.hidden());
        }

        @Override
        public boolean readsOnly() {
            return true;
        }
    }

    /**
     * Texts to ids, without special tokens.
     *
     * @param label of the vocabulary
     * @param vocabulary content of a tokenizer.json
     * @param encoding the name of the same vocabulary in OpenAI's tokenizers, or null
     * @param documents the texts
     */
    record Tokenize(String label, Map<String, ?> vocabulary, String encoding, List<String> documents)
            implements Workload {
        /** The ids of all documents, one after another, as results are compared. */
        public static float[] flat(int[][] ids) {
            float[] all = new float[Arrays.stream(ids).mapToInt(i -> i.length).sum()];
            int at = 0;
            for (int[] document : ids) {
                for (int id : document) {
                    all[at++] = id;
                }
            }
            return all;
        }

        /** Megabytes of UTF-8, 10^6 bytes each. */
        public double megabytes() {
            return documents.stream().mapToLong(d -> d.getBytes(StandardCharsets.UTF_8).length).sum() / 1e6;
        }

        @Override
        public String title() {
            return "%s, %.1f MB".formatted(label, megabytes());
        }

        @Override
        public double flops() {
            return 0;
        }

        @Override
        public double bytes() {
            return 0;
        }
    }

    /**
     * A model in a file whose matrices are used as stored: the tokens of a prompt at once, or one after the other behind
     * a cache.
     *
     * @param file GGUF
     * @param type of its matrices
     * @param model the model that the file was written from; only its shape counts
     * @param prompt whether a prompt is read, or tokens are generated
     * @param context tokens of the prompt, or those in the cache when the first is generated
     */
    record Stored(Path file, GgufType type, DecoderConfig model, boolean prompt, int context) implements Workload {
        /** Tokens that one call generates. */
        public static final int GENERATED = 16;
        /** Ids whose last logits are compared. */
        public static final int COMPARED = 20;
        private static final int FIRST_ID = 259;
        private static final int STEP = 7919;

        /** So many ids, the same for everybody. */
        public int[] ids(int n) {
            int[] ids = new int[n];
            Arrays.setAll(ids, i -> FIRST_ID + (int) ((long) i * STEP % (model.vocabSize() - FIRST_ID)));
            return ids;
        }

        /** Tokens a call. */
        public int tokens() {
            return prompt ? context : GENERATED;
        }

        @Override
        public String title() {
            return "%s file, %d layers, width %d, %s".formatted(type, model.layers(), model.width(),
                    prompt ? "a prompt of " + context + ", per token" : "a token at context " + context);
        }

        private double weights() {
            double c = model.width();
            double kv = c * model.attention().kvHeads() / model.attention().heads();
            return model.layers() * (2 * c * c + 2 * c * kv + 3 * c * model.mlp().hidden()) + c * model.vocabSize();
        }

        /** Of a prompt, 2 a weight and token but for the head, which only the last token needs. */
        @Override
        public double flops() {
            return prompt ? 2 * (weights() - (double) model.width() * model.vocabSize()) : 0;
        }

        /** Every matrix once a token, and the cache. */
        @Override
        public double bytes() {
            double cache = 2.0 * model.layers() * context * model.width() * model.attention().kvHeads()
                    / model.attention().heads();
            return prompt ? 0 : weights() * type.blockBytes() / type.blockElements() + 4 * cache;
        }

        @Override
        public boolean readsOnly() {
            return true;
        }

        /** Peers quantise what they multiply quantised weights with. */
        @Override
        public double agreement() {
            return type.isQuantised() ? 5e-2 : 5e-3;
        }
    }

    /** Work so small that only what surrounds it counts. */
    enum Small implements Workload {
        /** 16 elements. */
        ADD("add, 16 elements"),
        /** 16 elements, one operand tracked. */
        ADD_TRACKED("add, 16 elements, tracked"),
        /** 4 x 4 times 4 x 4. */
        MATMUL("matmul 4 x 4"),
        /** {@value #CHAIN_LENGTH} multiplications of 16 elements, their sum and the gradient: per multiplication. */
        CHAIN("forward and backward of a chain of 100, per op");

        /** Multiplications of {@link #CHAIN}. */
        public static final int CHAIN_LENGTH = 100;

        private final String text;

        Small(String text) {
            this.text = text;
        }

        @Override
        public double flops() {
            return 0;
        }

        @Override
        public double bytes() {
            return 0;
        }

        @Override
        public String title() {
            return text;
        }
    }
}
