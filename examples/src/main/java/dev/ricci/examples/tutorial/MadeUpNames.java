package dev.ricci.examples.tutorial;

import java.util.Random;
import java.util.regex.Pattern;

/**
 * Names by a small grammar of our own: two or three syllables of a consonant and a vowel, perhaps a last consonant,
 * and vowels in harmony: a, o and u never in one name with e and i. Being made, they have something that real names
 * have not: the least loss that any model can reach is known.
 */
final class MadeUpNames {
    private static final String CONSONANTS = "bdfgklmnprst";
    private static final String[] VOWELS = {"aou", "ei"};
    private static final String[] ENDS = {"", "n", "r", "s"};
    private static final Pattern GRAMMAR =
        Pattern.compile("(([bdfgklmnprst][aou]){2,3}|([bdfgklmnprst][ei]){2,3})[nrs]?");

    private MadeUpNames() {
    }

    /** A text of so many names, each with a line feed behind it. */
    static String text(int count, long seed) {
        Random random = new Random(seed);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < count; i++) {
            String vowels = VOWELS[random.nextInt(VOWELS.length)];
            for (int syllables = 2 + random.nextInt(2); syllables > 0; syllables--) {
                text.append(CONSONANTS.charAt(random.nextInt(CONSONANTS.length())));
                text.append(vowels.charAt(random.nextInt(vowels.length())));
            }
            text.append(ENDS[random.nextInt(ENDS.length)]).append('\n');
        }
        return text.toString();
    }

    /** Whether a name follows the grammar. */
    static boolean wellFormed(String name) {
        return GRAMMAR.matcher(name).matches();
    }

    /** Nats per character, the line feed counted as one: the entropy of the choices, over the mean length. */
    static double leastLoss() {
        double vowel = (StrictMath.log(3) + StrictMath.log(2)) / 2;
        double syllable = StrictMath.log(CONSONANTS.length()) + vowel;
        double nats = 2 * StrictMath.log(2) + 2.5 * syllable + StrictMath.log(ENDS.length);
        return nats / (2 * 2.5 + 0.75 + 1);
    }
}
