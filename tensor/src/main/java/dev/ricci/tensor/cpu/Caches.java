package dev.ricci.tensor.cpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The sizes of this machine's caches, for block sizes that decide speed and not bits. */
final class Caches {
    private static final int SECOND_LEVEL_GUESS = 1 << 20;
    private static final int SECOND_LEVEL = read("/sys/devices/system/cpu/cpu0/cache/index2/size", SECOND_LEVEL_GUESS);

    private Caches() {
    }

    /** Bytes of one core's second cache: as Linux tells, elsewhere a guess. */
    static int secondLevelBytes() {
        return SECOND_LEVEL;
    }

    private static int read(String file, int otherwise) {
        try {
            String text = Files.readString(Path.of(file)).strip();
            return text.matches("[1-9][0-9]{1,5}K") ? Integer.parseInt(text.substring(0, text.length() - 1)) << 10
                    : otherwise;
        } catch (IOException | SecurityException e) {
            return otherwise;
        }
    }
}
