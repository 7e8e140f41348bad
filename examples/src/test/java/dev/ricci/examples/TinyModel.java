package dev.ricci.examples;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.tokenizer.CharTokenizer;
import dev.ricci.models.tokenizer.Tokenizer;
import dev.ricci.models.ModelFile;
import dev.ricci.tensor.Rng;
import java.io.IOException;
import java.nio.file.Path;

/** A model with random weights that knows the visible characters of ASCII. */
final class TinyModel {
    static final int CONTEXT = 20_000;

    private TinyModel() {
    }

    static Tokenizer tokenizer() {
        StringBuilder alphabet = new StringBuilder("\n");
        for (char c = ' '; c < 127; c++) {
            alphabet.append(c);
        }
        return CharTokenizer.of(alphabet.toString());
    }

    static Decoder decoder() {
        return new Decoder(DecoderConfig.llama(tokenizer().vocabSize(), CONTEXT, 1, 2, 1, 32, 64), Rng.of(3));
    }

    /** A file of it. */
    static Path save(Path folder) throws IOException {
        Path file = folder.resolve("tiny.safetensors");
        ModelFile.save(file, decoder(), tokenizer());
        return file;
    }
}
