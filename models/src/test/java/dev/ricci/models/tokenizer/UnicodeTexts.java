package dev.ricci.models.tokenizer;

import java.util.List;
import java.util.Random;

/** Texts of every kind that tokenizers stumble over; the same for the same seed. */
final class UnicodeTexts {
    private static final List<String> FRAGMENTS = List.of("the", "Hello", " world", "tokenization", "I'm", "they'LL", "'s",
            "'T", "'ve", "'RE", "'d", "'\u017f", "x'y", "don't", "1", "42", "1234567", "3.14", " 0x1F", "a1b2", "_name",
            "snake_case", "camelCase", "    ", "\t\t", "\n", "\r\n", "\n\n  ", " \n ", "\u00a0", "\u2003", "\u3000", "\u0085",
            "\u2028", "   x", "...", "!?", "--", "==>", "{};", "(", ")", "\"", "`", "$%", "\u20ac", "<|endoftext|>",
            "<|im_start|>", "<|im_end|>", "[MASK]", " [SEP] ", "[UNK]", "<unk>", "<s>", "</s>", "##ing", "\u2581", "\u2581the",
            "<0x41>", "<0xE4>", "na\u00efve", "re\u0301sume\u0301", "A\u030a", "\u0130stanbul", "Stra\u00dfe", "\u03a3\u03a3",
            "\u039f\u03a3 ", "\ufb01n", "\u1e9e", "\uff21\uff22\uff11", "\u2460", "\u00bd", "\u2167", "\u4e16\u754c", "\u6f22",
            "\u3053\u3093\u306b\u3061\u306f", "\uff76\uff9e", "\u304b\u3099", "\ud55c\uad6d\uc5b4", "\u1112\u1161\u11ab",
            "\u0645\u0631\u062d\u0628\u0627", "\u05e9\u05b8\u05dc\u05d5\u05b9\u05dd", "\u0928\u092e\u0938\u094d\u0924\u0947",
            "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35", "\u200d", "\u200c", "\u200b", "\u202e", "\ufeff", "\u00ad", "\u0000",
            "\u0007", "\u001b[0m", "\u007f", "\u009f", "\ufffd", "\ue000", "\ud83d\ude00", "\ud83d\udc4d\ud83c\udffd",
            "\ud83d\udc69\u200d\ud83d\udc69\u200d\ud83d\udc67", "\ud83c\uddeb\ud83c\uddf7", "\u2764\ufe0f", "1\ufe0f\u20e3",
            "\ud835\udd38\ud835\udfd8", "\ud840\udc00", "\ud87e\udc04", "\ud83c\udfff", "\u0301", "\u0489", "\u0661\u0662",
            "\u4e00\u4e8c", "\u00b2", "\u203f", "\u2019s", "\u00bfqu\u00e9?", "\u2026", "\u3002", "\uff01");
    /** Blocks whose characters have not changed for many versions of Unicode. */
    private static final int[][] BLOCKS = {{0x20, 0x7E}, {0xA1, 0x17F}, {0x300, 0x341}, {0x391, 0x3A1}, {0x410, 0x44F},
        {0x5D0, 0x5EA}, {0x621, 0x64A}, {0x905, 0x939}, {0xE01, 0xE3A}, {0x1100, 0x1112}, {0x1E00, 0x1EF9},
        {0x2010, 0x2027}, {0x2190, 0x21FF}, {0x2200, 0x22FF}, {0x3041, 0x3096}, {0x4E00, 0x9FA5}, {0xAC00, 0xD7A3},
        {0xFF01, 0xFF5E}, {0x1F600, 0x1F64F}, {0x20000, 0x200FF}};

    private UnicodeTexts() {
    }

    /** So many texts of 1 to 14 fragments. */
    static String[] of(int count, long seed) {
        Random random = new Random(seed);
        String[] texts = new String[count];
        for (int i = 0; i < count; i++) {
            StringBuilder s = new StringBuilder();
            for (int n = random.nextInt(14); n >= 0; n--) {
                append(s, random);
            }
            texts[i] = s.toString();
        }
        return texts;
    }

    private static void append(StringBuilder s, Random random) {
        switch (random.nextInt(8)) {
            case 0 -> {
                int[] block = BLOCKS[random.nextInt(BLOCKS.length)];
                for (int n = random.nextInt(6); n >= 0; n--) {
                    s.appendCodePoint(block[0] + random.nextInt(block[1] - block[0] + 1));
                }
            }
            case 1 -> s.repeat(random.nextInt(4) == 0 ? "\n" : " ", 1 + random.nextInt(random.nextInt(20) == 0 ? 200 : 5));
            case 2 -> s.append(' ').append(FRAGMENTS.get(random.nextInt(FRAGMENTS.size())));
            default -> s.append(FRAGMENTS.get(random.nextInt(FRAGMENTS.size())));
        }
    }
}
