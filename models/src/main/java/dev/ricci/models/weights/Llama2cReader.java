package dev.ricci.models.weights;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Reads models in the file format of llama2.c (version 0): seven little-endian 32-bit integers (dim, hidden, layers,
 * heads, key-value heads, vocabulary, sequence), then float32 weights. A negative vocabulary size says that the head is
 * not tied to the embedding.
 */
public final class Llama2cReader {
    private static final int HEADER = 28;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int LIMIT = 1 << 24;

    private final Path file;
    private final MemorySegment data;
    private long at = HEADER;

    private Llama2cReader(Path file, MemorySegment data) {
        this.file = file;
        this.data = data;
    }

    /**
     * The model in a file.
     *
     * @throws FormatException if the file is not of this format, truncated, or longer than its header says
     * @throws IOException if it cannot be read
     */
    public static Decoder load(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ); Arena arena = Arena.ofConfined()) {
            MemorySegment data = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            return new Llama2cReader(file, data).read();
        }
    }

    private Decoder read() {
        if (data.byteSize() < HEADER) {
            throw new FormatException("llama2.c model " + file + ": " + data.byteSize()
                    + " bytes are fewer than its header of " + HEADER);
        }
        int[] h = new int[7];
        for (int i = 0; i < h.length; i++) {
            h[i] = data.get(INT, 4L * i);
        }
        boolean tied = h[5] > 0;
        h[5] = Math.abs(h[5]);
        for (int v : h) {
            if (v <= 0 || v > LIMIT) {
                throw new FormatException("llama2.c model " + file + ": the header holds " + v
                        + ", where sizes of 1 .. " + LIMIT + " stand; it is not a llama2.c model");
            }
        }
        int dim = h[0];
        int hidden = h[1];
        int layers = h[2];
        int vocab = h[5];
        int sequence = h[6];
        if (h[3] > dim || dim % h[3] != 0 || dim / h[3] % 2 != 0 || h[4] > h[3] || h[3] % h[4] != 0) {
            throw new FormatException("llama2.c model " + file + ": " + h[3] + " heads and " + h[4]
                    + " key-value heads do not divide a width of " + dim);
        }
        long kv = (long) dim / h[3] * h[4];
        long perLayer = 2L * dim + 2L * dim * dim + 2 * kv * dim + 3L * hidden * dim;
        // All factors are at most 2^24, so that no product here exceeds 2^63.
        long floats = (long) vocab * dim * (tied ? 1 : 2) + dim + (long) sequence * (dim / h[3]);
        long available = (data.byteSize() - HEADER) / 4;
        if (floats > available || perLayer > (available - floats) / layers
                || data.byteSize() != HEADER + 4 * (floats + layers * perLayer)) {
            throw new FormatException("llama2.c model " + file + ": the header asks for more or fewer weights than the "
                    + data.byteSize() + " bytes hold; the file is truncated or of another format");
        }
        DecoderConfig llama = DecoderConfig.llama(vocab, sequence, layers, h[3], h[4], dim, hidden).withTiedHead(tied);
        DecoderConfig config = llama.with(
                llama.positions().withKind(DecoderConfig.Positions.Kind.ROTARY_INTERLEAVED));
        Decoder decoder = new Decoder(config, Rng.of(0));
        decoder.load(weights(config, (int) kv));
        return decoder;
    }

    private Map<String, Tensor> weights(DecoderConfig c, int kv) {
        Map<String, Tensor> w = new LinkedHashMap<>();
        w.put("model.embed_tokens.weight", next(c.vocabSize(), c.width()));
        perLayer(w, c, "input_layernorm.weight", c.width());
        perLayer(w, c, "self_attn.q_proj.weight", c.width(), c.width());
        perLayer(w, c, "self_attn.k_proj.weight", kv, c.width());
        perLayer(w, c, "self_attn.v_proj.weight", kv, c.width());
        perLayer(w, c, "self_attn.o_proj.weight", c.width(), c.width());
        perLayer(w, c, "post_attention_layernorm.weight", c.width());
        perLayer(w, c, "mlp.gate_proj.weight", c.mlp().hidden(), c.width());
        perLayer(w, c, "mlp.down_proj.weight", c.width(), c.mlp().hidden());
        perLayer(w, c, "mlp.up_proj.weight", c.mlp().hidden(), c.width());
        w.put("model.norm.weight", next(c.width()));
        at += 4L * c.contextLength() * c.attention().headWidth(); // tables of cosines and sines, which are computed here
        if (!c.tiedHead()) {
            w.put("lm_head.weight", next(c.vocabSize(), c.width()));
        }
        return w;
    }

    private void perLayer(Map<String, Tensor> w, DecoderConfig c, String name, int... shape) {
        for (int layer = 0; layer < c.layers(); layer++) {
            w.put("model.layers." + layer + "." + name, next(shape));
        }
    }

    private Tensor next(int... dims) {
        Shape shape = Shape.of(dims);
        float[] values = new float[shape.size()];
        MemorySegment.copy(data, FLOAT, at, values, 0, values.length);
        at += 4L * values.length;
        return Tensor.wrap(values, shape);
    }
}
