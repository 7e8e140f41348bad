package dev.ricci.models.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** The scanners written by hand cut as the expressions do. */
class WordPatternProperties {
    @Provide
    Arbitrary<String> texts() {
        return Arbitraries.longs().map(seed -> UnicodeTexts.of(1, seed)[0]);
    }

    @Property(tries = 3000)
    void cutsAsTheExpression(@ForAll("texts") String text, @ForAll WordPattern pattern) {
        // Java takes White_Space for \s, and folds the case of all of Unicode, only when told to.
        Pattern regex = Pattern.compile(pattern.regex(), Pattern.UNICODE_CHARACTER_CLASS | Pattern.UNICODE_CASE);
        List<String> expected = new ArrayList<>();
        Matcher m = regex.matcher(text);
        while (m.find()) {
            expected.add(m.group());
        }
        List<String> words = new ArrayList<>();
        char[] chars = text.toCharArray();
        for (int at = 0; at < chars.length;) {
            int end = pattern.next(chars, at, chars.length);
            words.add(text.substring(at, end));
            at = end;
        }
        assertEquals(expected, words, () -> HfOracle.escaped(text));
    }
}
