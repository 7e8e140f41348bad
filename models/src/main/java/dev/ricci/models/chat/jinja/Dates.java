package dev.ricci.models.chat.jinja;

import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Dates in the notation of C's strftime, in English. */
final class Dates {
    private Dates() {
    }

    static String format(ZonedDateTime time, String format) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if (c != '%' || i + 1 == format.length()) {
                out.append(c);
                continue;
            }
            i++;
            if (format.charAt(i) == '%') {
                out.append('%');
                continue;
            }
            String pattern = switch (format.charAt(i)) {
                case 'd' -> "dd";
                case 'm' -> "MM";
                case 'b' -> "MMM";
                case 'B' -> "MMMM";
                case 'y' -> "yy";
                case 'Y' -> "yyyy";
                case 'a' -> "EEE";
                case 'A' -> "EEEE";
                case 'j' -> "DDD";
                case 'H' -> "HH";
                case 'I' -> "hh";
                case 'M' -> "mm";
                case 'S' -> "ss";
                case 'p' -> "a";
                default -> throw Values.error("'strftime_now': %" + format.charAt(i) + " is not supported");
            };
            out.append(DateTimeFormatter.ofPattern(pattern, Locale.US).format(time));
        }
        return out.toString();
    }
}
