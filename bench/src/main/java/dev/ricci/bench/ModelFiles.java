package dev.ricci.bench;

import dev.ricci.models.LanguageModel;
import dev.ricci.models.LoadOptions;
import dev.ricci.models.architecture.GgufConverter;
import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.weights.gguf.GgufMetadata;
import dev.ricci.models.weights.gguf.GgufType;
import dev.ricci.tensor.Rng;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

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
        GgufConverter.decoder("yardstick", config, new Decoder(config, Rng.of(1)).stateDict(), type, vocabulary)
                .write(file);
    }

    /** The model of such a file, its matrices as stored. */
    static Decoder load(Path file) throws IOException {
        return LanguageModel.load(file, LoadOptions.usual().withWeights(LoadOptions.Weights.AS_STORED)).decoder();
    }
}
