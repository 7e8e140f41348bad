package dev.ricci.models.tokenizer;

import dev.ricci.models.tokenizer.AddedTokens.AddedToken;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.io.AtomicFiles;
import dev.ricci.tensor.io.Json;
import dev.ricci.tensor.io.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Reads {@code tokenizer.json}, the file of Hugging Face's tokenizers, and gives the same ids as they do.
 *
 * <p>Supported are the models BPE (byte-level, or with byte fallback), Unigram and WordPiece, with the normalizers,
 * pre-tokenizers, post-processors and decoders that published language models use. Every other part, every unknown key
 * and every expression other than {@link WordPattern}'s is refused by name. Two things differ on purpose: a character
 * that the vocabulary cannot express and that has no id for the unknown is an error, where the original drops it, and the
 * sections {@code truncation} and {@code padding} are not applied, because they belong to making batches.
 *
 * <p>Reading takes at most 100 bytes of memory for each byte of the file, and a megabyte.
 */
public final class TokenizerJson {
    /** The file's usual name. */
    public static final String FILE = "tokenizer.json";
    private static final String CONFIG = "tokenizer_config.json";
    /** How many times as long normalizers and decoders together may make a text. */
    private static final double MAX_GROWTH = 1024;

    private TokenizerJson() {
    }

    /**
     * Reads a file. If a {@code tokenizer_config.json} lies beside it, that says which tokens begin and end a sequence; else
     * those that the post-processor puts around a text do.
     *
     * @param path the file, or the folder with a file named {@link #FILE}
     * @throws FormatException if it is malformed, or has a part that is not supported
     * @throws IOException if it cannot be read
     */
    public static PipelineTokenizer load(Path path) throws IOException {
        return load(path, false);
    }

    /** As {@link #load}; the tokenizer keeps the file's content, so that it can be saved and converted. */
    public static PipelineTokenizer loadDefined(Path path) throws IOException {
        return load(path, true);
    }

    private static PipelineTokenizer load(Path path, boolean keep) throws IOException {
        Path file = Files.isDirectory(path) ? path.resolve(FILE) : path;
        Map<String, Object> content = Json.read(file);
        PipelineTokenizer tokenizer = keep ? defined(content, file.toString()) : of(content, file.toString());
        Path config = file.resolveSibling(CONFIG);
        if (!Files.exists(config)) {
            return tokenizer;
        }
        JsonObject s = JsonObject.ofAll(Json.read(config), config.toString(), "change the ids");
        return tokenizer.with(special(s, "bos_token", tokenizer, tokenizer.bos()),
                special(s, "eos_token", tokenizer, tokenizer.eos()));
    }

    /** A token is given as a string, or as an object with its content. */
    private static OptionalInt special(JsonObject s, String key, PipelineTokenizer tokenizer, OptionalInt otherwise) {
        if (!s.has(key)) {
            return otherwise;
        }
        String token = s.is(key, Map.class) ? s.object(key).text("content") : s.text(key);
        OptionalInt id = tokenizer.id(token);
        if (id.isEmpty()) {
            throw s.error("'" + key + "' is " + Vocabulary.quoted(token) + ", which is not in the vocabulary");
        }
        return id;
    }

    /**
     * The tokenizer that the content of such a file describes.
     *
     * @param json the file as {@link Json} reads it
     * @param source where it is from, for errors
     * @throws FormatException if it is malformed, or has a part that is not supported
     */
    public static PipelineTokenizer of(Map<String, ?> json, String source) {
        JsonObject s = JsonObject.ofAll(json, "tokenizer " + source, "change the ids");
        s.ignore("truncation", "padding");
        if (s.has("version") && !s.text("version").equals("1.0")) {
            throw s.error("version " + s.text("version") + " is not supported; supported is 1.0");
        }
        Normalizer normalizer = s.has("normalizer") ? NormalizerReader.read(s.object("normalizer"))
                : new Normalizer.Sequence(List.of());
        PreTokenizerReader.Result cut = s.has("pre_tokenizer") ? PreTokenizerReader.read(s.object("pre_tokenizer"))
                : new PreTokenizerReader.Result(new PreTokenizer.Sequence(List.of()), false);
        ModelReader.Result model = ModelReader.read(s.object("model"), cut.byteLevel());
        TokenDecoder decoder = s.has("decoder") ? DecoderReader.read(s.object("decoder")) : new TokenDecoder.Join();
        if (normalizer.growth() > MAX_GROWTH || decoder.growth() > MAX_GROWTH) {
            throw s.error("its normalizer or its decoder could make a text more than " + (int) MAX_GROWTH
                    + " times as long");
        }
        SpecialFrame frame = s.has("post_processor") ? SpecialFrame.read(s.object("post_processor")) : SpecialFrame.NONE;
        AddedTokens added = new AddedTokens(
                s.has("added_tokens") ? added(s, model.model().vocabulary()) : List.of(), normalizer);
        s.end();
        PreTokenizer words = model.runs() == 0 ? cut.preTokenizer()
                : new PreTokenizer.Sequence(List.of(cut.preTokenizer(), new PreTokenizer.BeforeRuns(model.runs())));
        return new PipelineTokenizer(
                new PipelineTokenizer.Parts(added, normalizer, words, model.model(), decoder, frame), s.where());
    }

    /** As {@link #of}; the tokenizer keeps the content, so that it can be saved. */
    static PipelineTokenizer defined(Map<String, ?> json, String source) {
        return of(json, source).with(json);
    }

    /**
     * Writes a tokenizer that {@link BpeTrainer} made, atomically.
     *
     * @throws TensorException if the tokenizer was read from a file: it keeps no copy of that
     * @throws IOException if it cannot be written; an old file is intact then
     */
    public static void save(Path file, PipelineTokenizer tokenizer) throws IOException {
        Map<String, ?> json = tokenizer.definition().orElseThrow(() -> new TensorException(
                "TokenizerJson.save: the tokenizer was read from a file and keeps no copy of it; copy that file"));
        AtomicFiles.writeString(file, Json.write(json));
    }

    private static List<AddedToken> added(JsonObject s, Vocabulary vocabulary) {
        List<AddedToken> tokens = new ArrayList<>();
        Set<String> contents = new HashSet<>();
        Set<Integer> ids = new HashSet<>();
        List<JsonObject> sections = s.objects("added_tokens");
        for (JsonObject t : sections) {
            boolean special = t.flag("special", false);
            AddedToken token = new AddedToken(t.index("id"), t.text("content"), t.flag("single_word", false),
                    t.flag("lstrip", false), t.flag("rstrip", false), t.flag("normalized", !special), special);
            t.end();
            if (token.content().isEmpty()) {
                throw t.error("an added token must not be empty");
            }
            Vocabulary.checkId(token.content(), token.id(), vocabulary.size() + sections.size(), t.where());
            int known = vocabulary.id(token.content());
            String other = vocabulary.token(token.id());
            if (known >= 0 && known != token.id() || other != null && !other.equals(token.content())) {
                throw t.error("the token " + Vocabulary.quoted(token.content()) + " has the id " + token.id()
                        + "; the model's vocabulary says otherwise");
            }
            if (!contents.add(token.content()) || !ids.add(token.id())) {
                throw t.error("the token " + Vocabulary.quoted(token.content()) + " or its id " + token.id()
                        + " was added before");
            }
            tokens.add(token);
        }
        return tokens;
    }
}
