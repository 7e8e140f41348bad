package dev.ricci.models.architecture;

import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.weights.gguf.GgufMetadata;
import dev.ricci.models.weights.gguf.GgufType;
import dev.ricci.models.weights.gguf.GgufValue;
import dev.ricci.models.weights.gguf.GgufWriter;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.io.TensorSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Decoders as GGUF files of the architectures that {@link Architecture} reads. */
public final class GgufConverter {
    private static final int NORMAL = 1;
    private static final int UNKNOWN = 2;
    private static final int CONTROL = 3;
    private static final int BYTE = 6;

    private GgufConverter() {
    }

    /**
     * One piece of a vocabulary.
     *
     * @param text with the space as U+2581, bytes as {@code <0x0A>}
     * @param score the higher, the sooner a pair is joined to it
     */
    public record Piece(String text, float score) {
    }

    /**
     * A writer with a model's tensors and hyper-parameters.
     *
     * @param name of the model
     * @param config of the decoder
     * @param state the decoder's tensors by path, as {@code stateDict} gives them
     * @param type of the matrices; see {@link GgufWriter#typeFor}
     * @param tokenizer metadata of the vocabulary, such as {@link #sentencePiece} gives; empty for none
     * @throws TensorException if no architecture says what the model is
     */
    public static GgufWriter decoder(String name, DecoderConfig config, Map<String, Tensor> state, GgufType type,
            GgufMetadata tokenizer) {
        GgufMetadata metadata = Architecture.toMetadata(config)
                .with("general.name", GgufValue.of(name))
                .with("general.file_type", GgufValue.of(type.fileType()))
                .with("general.quantization_version", GgufValue.of(2));
        for (Map.Entry<String, GgufValue> e : tokenizer.values().entrySet()) {
            metadata = metadata.with(e.getKey(), e.getValue());
        }
        GgufWriter writer = new GgufWriter(metadata);
        TensorSource tensors = Architecture.toGguf(config, state);
        for (String tensor : tensors.names()) {
            Shape shape = tensors.spec(tensor).shape();
            writer.add(tensor, GgufWriter.typeFor(type, shape), shape, () -> tensors.tensor(tensor));
        }
        return writer;
    }

    /**
     * Metadata of a SentencePiece-style vocabulary with byte fallback, whose ids 0, 1 and 2 are unknown, BOS and EOS.
     *
     * @param pieces by id; those written {@code <0x00>} to {@code <0xFF>} are bytes
     */
    public static GgufMetadata sentencePiece(List<Piece> pieces) {
        float[] scores = new float[pieces.size()];
        long[] types = new long[pieces.size()];
        List<String> texts = new ArrayList<>();
        for (int id = 0; id < pieces.size(); id++) {
            Piece p = pieces.get(id);
            texts.add(p.text);
            scores[id] = p.score;
            types[id] = id == 0 ? UNKNOWN : id < 3 ? CONTROL : p.text.matches("<0x[0-9A-F]{2}>") ? BYTE : NORMAL;
        }
        return GgufMetadata.empty()
                .with("tokenizer.ggml.model", GgufValue.of("llama"))
                .with("tokenizer.ggml.tokens", GgufValue.strings(texts))
                .with("tokenizer.ggml.scores", GgufValue.floats(scores))
                .with("tokenizer.ggml.token_type", GgufValue.ints(types))
                .with("tokenizer.ggml.unknown_token_id", GgufValue.of(0))
                .with("tokenizer.ggml.bos_token_id", GgufValue.of(1))
                .with("tokenizer.ggml.eos_token_id", GgufValue.of(2))
                .with("tokenizer.ggml.add_bos_token", GgufValue.of(true));
    }
}
