package dev.ricci.models.tokenizer;

import dev.ricci.tensor.TensorException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** One id for each character (Unicode code point) of a training text, in ascending order. */
public final class CharTokenizer implements Tokenizer {
    private final int[] alphabet;

    private CharTokenizer(int[] alphabet) {
        this.alphabet = alphabet;
    }

    /**
     * The characters that occur in a text.
     *
     * @throws TensorException if it is empty
     */
    public static CharTokenizer of(String text) {
        if (text.isEmpty()) {
            throw new TensorException("CharTokenizer.of: the text is empty; there is no character to learn");
        }
        return new CharTokenizer(text.codePoints().sorted().distinct().toArray());
    }

    /** The characters, in the order of their ids. */
    public String alphabet() {
        return new String(alphabet, 0, alphabet.length);
    }

    @Override
    public int[] encode(String text) {
        return text.codePoints().map(c -> {
            int id = Arrays.binarySearch(alphabet, c);
            if (id < 0) {
                throw new TensorException("encode: the character '" + Character.toString(c)
                        + String.format("' (U+%04X) did not occur in the training text; known are: ", c) + shown());
            }
            return id;
        }).toArray();
    }

    private String shown() {
        String all = alphabet().replace("\n", "\\n");
        return all.length() <= 200 ? all : all.substring(0, 200) + "...";
    }

    @Override
    public byte[] piece(int id) {
        checkId(id);
        return Character.toString(alphabet[id]).getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public int vocabSize() {
        return alphabet.length;
    }
}
