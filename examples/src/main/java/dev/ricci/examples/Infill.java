package dev.ricci.examples;

import dev.ricci.models.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** Text with gaps, {@code "to be [MASK:20] the question"}, as ids. */
final class Infill {
    private static final Pattern GAP = Pattern.compile("\\[MASK:([1-9][0-9]{0,5})\\]");

    private Infill() {
    }

    /**
     * The ids of the text between gaps, and the mask id in them.
     *
     * @throws UsageException if there is no gap
     */
    static int[] ids(String text, Tokenizer tokenizer, int maskId) {
        Matcher gaps = GAP.matcher(text);
        IntStream.Builder ids = IntStream.builder();
        tokenizer.bos().ifPresent(ids);
        int at = 0;
        while (gaps.find()) {
            Arrays.stream(tokenizer.encode(text.substring(at, gaps.start()))).forEach(ids);
            IntStream.range(0, Integer.parseInt(gaps.group(1))).forEach(i -> ids.add(maskId));
            at = gaps.end();
        }
        if (at == 0) {
            throw new UsageException("--infill: the text has no gap; write [MASK:20] where 20 tokens are missing");
        }
        Arrays.stream(tokenizer.encode(text.substring(at))).forEach(ids);
        return ids.build().toArray();
    }
}
