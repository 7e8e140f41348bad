package dev.ricci.bench;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.weights.gguf.GgufConverter;
import dev.ricci.models.weights.gguf.GgufFile;
import dev.ricci.models.weights.gguf.GgufMetadata;
import dev.ricci.models.weights.gguf.GgufType;
import dev.ricci.nn.RopeScaling;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorSpec;
import dev.ricci.tensor.io.TensorSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeMap;

/** GGUF files of a Llama-shaped model with random weights: the same numbers in several types. */
final class ModelFiles {
    /** Byte pieces behind the three special ones. */
    private static final int BYTES = 256;

    private ModelFiles() {
    }

    /** 100 M parameters: 12 layers of width 768, 12 heads on 4 key-value heads, 32,000 ids, a tied head. */
    static DecoderConfig large() {
        return DecoderConfig.llama(32000, 2048, 12, 12, 4, 768, 2048).withTiedHead(true);
    }

    /** A tiny one of the same kind. */
    static DecoderConfig small() {
        return DecoderConfig.llama(512, 128, 1, 2, 1, 64, 128).withTiedHead(true);
    }

    /** Writes the model with matrices of a type. */
    static void write(DecoderConfig config, GgufType type, Path file) throws IOException {
        List<GgufConverter.Piece> pieces = new ArrayList<>();
        for (String special : List.of("<unk>", "<s>", "</s>")) {
            pieces.add(new GgufConverter.Piece(special, 0));
        }
        for (int i = 0; i < BYTES; i++) {
            pieces.add(new GgufConverter.Piece("<0x%02X>".formatted(i), 0));
        }
        while (pieces.size() < config.vocabSize()) {
            pieces.add(new GgufConverter.Piece("\u2581t" + pieces.size(), -pieces.size()));
        }
        GgufMetadata vocabulary = GgufConverter.sentencePiece(pieces);
        GgufConverter.llama("yardstick", config, new Decoder(config, Rng.of(1)).stateDict(), type, vocabulary)
                .write(file);
    }

    /** The model of such a file, its matrices as stored. */
    static Decoder load(DecoderConfig written, Path file) throws IOException {
        DecoderConfig config = written.with(new DecoderConfig.Positions(
                DecoderConfig.Positions.Kind.ROTARY_INTERLEAVED, written.positions().theta(),
                written.positions().dims(), new RopeScaling.None()));
        Decoder model = new Decoder(config, Rng.of(1));
        try (TensorSource source = new Renamed(GgufFile.open(file))) {
            model.loadAsStored(source);
        }
        return model;
    }

    /** A file's tensors under a decoder's names. */
    private static final class Renamed implements TensorSource {
        private final TensorSource file;
        private final TreeMap<String, String> names = new TreeMap<>();

        Renamed(TensorSource file) {
            this.file = file;
            file.names().forEach(n -> names.put(n.replace("token_embd", "model.embed_tokens")
                    .replace("output_norm", "model.norm").replaceFirst("^blk", "model.layers")
                    .replace("attn_norm", "input_layernorm").replace("ffn_norm", "post_attention_layernorm")
                    .replace("attn_output", "self_attn.o_proj").replaceAll("attn_([qkv])", "self_attn.$1_proj")
                    .replaceAll("ffn_(gate|up|down)", "mlp.$1_proj"), n));
        }

        @Override
        public SortedSet<String> names() {
            return Collections.unmodifiableSortedSet(names.navigableKeySet());
        }

        @Override
        public TensorSpec spec(String name) {
            return file.spec(names.get(name));
        }

        @Override
        public Tensor tensor(String name) {
            return file.tensor(names.get(name));
        }

        @Override
        public Tensor stored(String name) {
            return file.stored(names.get(name));
        }

        @Override
        public void close() {
            file.close();
        }
    }
}
