package dev.ricci.models.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A tokenizer of the parts that {@code tokenizer.json} describes: added tokens, normalizer, pre-tokenizer, model,
 * post-processor and decoder. {@link TokenizerJson}, {@link Gpt2Files}, {@link EmbeddedVocabulary} and {@link BpeTrainer}
 * make one.
 *
 * <p>Added tokens are found in every text, the special ones too: what a stranger writes may hold {@code <|im_end|>}, which
 * {@link #encode(String, BitSet)} leaves as text. {@link #encode(String)} leaves out what the post-processor puts around a text; {@link #encodePrompt} puts it there.
 * Decoding leaves special tokens out.
 */
public final class PipelineTokenizer implements Tokenizer {
    private final Parts parts;
    private final OptionalInt bos;
    private final OptionalInt eos;
    private final int size;
    private final int[] prefix;
    private final int[] suffix;
    private final PieceCache cache = new PieceCache();
    /** The content of the tokenizer.json that describes this, if it is kept; else null. */
    private final Map<String, ?> definition;

    /**
     * What a tokenizer is made of.
     *
     * @param frame the special tokens around each prompt
     */
    record Parts(AddedTokens added, Normalizer normalizer, PreTokenizer preTokenizer, TokenModel model,
            TokenDecoder decoder, SpecialFrame frame) {
    }

    /**
     * A tokenizer whose frame says which ids begin and end a sequence.
     *
     * @throws dev.ricci.tensor.FormatException if the frame has an id that is no token
     */
    PipelineTokenizer(Parts parts, String where) {
        this(parts, first(parts.frame.prefix()), first(parts.frame.suffix()), null);
        parts.frame.check(id -> id < size && written(id) != null, where);
    }

    private static OptionalInt first(int[] ids) {
        return ids.length == 0 ? OptionalInt.empty() : OptionalInt.of(ids[0]);
    }

    private PipelineTokenizer(Parts parts, OptionalInt bos, OptionalInt eos, Map<String, ?> definition) {
        this.parts = parts;
        this.definition = definition;
        this.bos = bos;
        this.eos = eos;
        this.prefix = parts.frame.prefix();
        this.suffix = parts.frame.suffix();
        this.size = Math.max(parts.model.vocabulary().size(), parts.added.size());
    }

    /** The same tokenizer with other ids for the beginning and the end of a sequence. */
    PipelineTokenizer with(OptionalInt newBos, OptionalInt newEos) {
        return new PipelineTokenizer(parts, newBos, newEos, definition);
    }

    /** The same tokenizer, which keeps the content of the file that describes it. */
    PipelineTokenizer with(Map<String, ?> content) {
        return new PipelineTokenizer(parts, bos, eos, content);
    }

    /** Whether the content of the file that describes this is kept, so that it can be saved. */
    public boolean isDefined() {
        return definition != null;
    }

    /** The content of the file that describes this, if it is kept. */
    Optional<Map<String, ?>> definition() {
        return Optional.ofNullable(definition);
    }

    /**
     * {@inheritDoc}
     *
     * @throws dev.ricci.tensor.TensorException also if the text has a lone surrogate
     */
    @Override
    public int[] encode(String text) {
        IdBuffer out = new IdBuffer();
        encode(text, out);
        return out.from(0);
    }

    @Override
    public int[] encode(String text, BitSet foreign) {
        Utf8.check(text);
        IdBuffer out = new IdBuffer();
        parts.added.split(text, foreign, parts.normalizer, into(out));
        return out.from(0);
    }

    private void encode(String text, IdBuffer out) {
        Utf8.check(text);
        parts.added.split(text, parts.normalizer, into(out));
    }

    private AddedTokens.Parts into(IdBuffer out) {
        PreTokenizer.Words words = (t, from, to, first) -> cache.encode(parts.model, t, from, to, out);
        return new AddedTokens.Parts() {
            @Override
            public void text(String stretch, boolean first) {
                char[] chars = stretch.toCharArray();
                parts.preTokenizer.split(chars, 0, chars.length, first, words);
            }

            @Override
            public void token(int id) {
                out.add(id);
            }
        };
    }

    /**
     * What an encoder reads of a text: its ids between the special tokens that the post-processor puts around them.
     *
     * @param most ids in all; what is more is cut from the text's end
     * @throws dev.ricci.tensor.TensorException as {@link #encode}, or if there is no room for the special tokens
     */
    public EncoderInput encoderInput(String text, int most) {
        return parts.frame.around(most, encode(text));
    }

    /**
     * What an encoder reads of two texts that it compares: joined as the post-processor does it.
     *
     * @param most ids in all; what is more is cut from the end of the longer text, and then of both alike
     * @throws dev.ricci.tensor.TensorException as {@link #encode}, or if nothing says how two texts are joined, or there is
     *     no room for the special tokens
     */
    public EncoderInput encoderInput(String first, String second, int most) {
        return parts.frame.around(most, encode(first), encode(second));
    }

    /** The ids of a prompt: the text between the special tokens that the post-processor puts around it. */
    @Override
    public int[] encodePrompt(String text) {
        IdBuffer out = new IdBuffer();
        out.add(prefix);
        encode(text, out);
        out.add(suffix);
        return out.from(0);
    }

    @Override
    public String decode(int... ids) {
        Decoding decoding = new Decoding();
        StringBuilder text = new StringBuilder();
        for (int id : ids) {
            text.append(decoding.next(id));
        }
        return text.append(decoding.end()).toString();
    }

    /** The last stage. */
    private static TokenDecoder.Stage sink(StringBuilder out) {
        return new TokenDecoder.Stage() {
            @Override
            public void token(String piece, boolean ends) {
                out.append(piece);
            }

            @Override
            public void end() {
            }
        };
    }

    /** Ids to text, one by one. */
    final class Decoding {
        private final StringBuilder out = new StringBuilder();
        private final TokenDecoder.Stage stage = parts.decoder.start(sink(out));

        /** The text that an id makes certain. */
        String next(int id) {
            checkId(id);
            String token = shown(id);
            if (token != null) {
                stage.token(token, true);
            }
            return take();
        }

        /** The rest. */
        String end() {
            stage.end();
            return take();
        }

        private String take() {
            String text = out.toString();
            out.setLength(0);
            return text;
        }
    }

    /** The token of an id as it is written in the vocabulary, or null: ids may leave gaps. */
    private String written(int id) {
        String content = parts.added.content(id);
        return content != null ? content : parts.model.vocabulary().token(id);
    }

    /** As {@link #written}, null also for those that text leaves out. */
    private String shown(int id) {
        return parts.added.isSpecial(id) ? null : written(id);
    }

    /**
     * {@inheritDoc} Where the decoder treats the first token of a text otherwise, this is what the id adds after another
     * one.
     */
    @Override
    public byte[] piece(int id) {
        checkId(id);
        String token = shown(id);
        if (token == null) {
            return new byte[0];
        }
        if (parts.decoder instanceof TokenDecoder.ByteLevel) {
            return ByteLevelStage.bytes(token);
        }
        int b = ByteFallbackStage.byteOf(token);
        if (b >= 0 && parts.decoder instanceof TokenDecoder.Sequence s
                && s.steps().contains(new TokenDecoder.ByteFallback())) {
            return new byte[] {(byte) b};
        }
        StringBuilder out = new StringBuilder();
        TokenDecoder.Stage stage = parts.decoder.start(sink(out));
        stage.token("x", true);
        int before = out.length();
        stage.token(token, true);
        stage.end();
        return out.substring(before).getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public int vocabSize() {
        return size;
    }

    /** The id of a token as it is written in the vocabulary, such as {@code <|im_end|>}; empty if there is none. */
    public OptionalInt id(String token) {
        int id = parts.added.id(token);
        id = id >= 0 ? id : parts.model.vocabulary().id(token);
        return id >= 0 ? OptionalInt.of(id) : OptionalInt.empty();
    }

    /** The token of an id as it is written in the vocabulary; empty for an id that stands for nothing. */
    public String token(int id) {
        checkId(id);
        String token = written(id);
        return token == null ? "" : token;
    }

    @Override
    public OptionalInt bos() {
        return bos;
    }

    @Override
    public OptionalInt eos() {
        return eos;
    }
}
