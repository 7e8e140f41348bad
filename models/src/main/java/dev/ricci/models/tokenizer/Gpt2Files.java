package dev.ricci.models.tokenizer;

import dev.ricci.models.tokenizer.AddedTokens.AddedToken;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.io.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * Reads the two files of GPT-2's byte-level vocabulary: {@code vocab.json} with the id of each token, and
 * {@code merges.txt} with two tokens a line, the first merge first.
 */
public final class Gpt2Files {
    private static final String END = "<|endoftext|>";

    private Gpt2Files() {
    }

    /**
     * The tokenizer of two files. The token {@code <|endoftext|>}, if the vocabulary has it, is special and both begins and
     * ends a sequence; it is put before no prompt.
     *
     * @throws FormatException if a file is malformed, or they do not belong together
     * @throws IOException if one cannot be read
     */
    public static PipelineTokenizer load(Path vocab, Path merges) throws IOException {
        String where = "tokenizer " + vocab;
        Vocabulary vocabulary = Vocabulary.of(ModelReader.ids(Json.read(vocab), where), where);
        List<String[]> pairs = merges(merges);
        BpeModel.Options options = new BpeModel.Options(true, OptionalInt.empty(), false, false, false);
        BpeModel model = new BpeModel(vocabulary, BpeModel.merges(vocabulary, pairs, "tokenizer " + merges), options, where);
        Normalizer asItIs = new Normalizer.Sequence(List.of());
        int end = vocabulary.id(END);
        AddedTokens added = new AddedTokens(end < 0 ? List.of()
                : List.of(new AddedToken(end, END, false, false, false, false, true)), asItIs);
        OptionalInt control = end < 0 ? OptionalInt.empty() : OptionalInt.of(end);
        return new PipelineTokenizer(new PipelineTokenizer.Parts(added, asItIs,
                new PreTokenizer.Pattern(WordPattern.GPT2), model, new TokenDecoder.ByteLevel(), SpecialFrame.NONE), where)
                .with(control, control);
    }

    private static List<String[]> merges(Path file) throws IOException {
        if (Files.size(file) > Json.MAX_FILE_BYTES) {
            throw new FormatException("tokenizer " + file + ": larger than " + Json.MAX_FILE_BYTES
                    + " bytes; it is not a list of merges");
        }
        String text;
        try {
            text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(Files.readAllBytes(file))).toString();
        } catch (CharacterCodingException e) {
            throw new FormatException("tokenizer " + file + ": not valid UTF-8", e);
        }
        List<String[]> pairs = new ArrayList<>();
        for (String line : text.split("\r?\n")) {
            // The first line says the version.
            if (!line.isEmpty() && !line.startsWith("#version")) {
                pairs.add(ModelReader.pair(line, "tokenizer " + file, pairs.size()));
            }
        }
        return pairs;
    }
}
