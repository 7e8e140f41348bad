package dev.ricci.models.tokenizer;

import java.nio.charset.StandardCharsets;

/** The 256 bytes of UTF-8: any text, no training, long sequences. */
public final class ByteTokenizer implements Tokenizer {
    /** A byte tokenizer; all are alike. */
    public ByteTokenizer() {
    }

    @Override
    public int[] encode(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int[] ids = new int[bytes.length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = bytes[i] & 0xFF;
        }
        return ids;
    }

    @Override
    public byte[] piece(int id) {
        checkId(id);
        return new byte[] {(byte) id};
    }

    @Override
    public int vocabSize() {
        return 256;
    }
}
