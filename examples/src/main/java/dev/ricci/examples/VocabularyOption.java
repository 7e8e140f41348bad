package dev.ricci.examples;

import dev.ricci.models.LoadOptions;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The vocabulary of models that come without one: what every command that reads a model takes. */
final class VocabularyOption {
    @Option(names = "--tokenizer", paramLabel = "FILE", description = "The vocabulary of a llama2.c model.")
    private Path tokenizer;

    /** The usual way to read a model, with this vocabulary if one is named. */
    LoadOptions loadOptions() {
        LoadOptions usual = LoadOptions.usual();
        return tokenizer == null ? usual : usual.withVocabulary(tokenizer);
    }

    /** As it stands on a command line, with a space before it; empty if none is named. */
    String asTyped() {
        return tokenizer == null ? "" : " --tokenizer " + tokenizer;
    }
}
