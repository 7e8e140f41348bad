package dev.ricci.tensor.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.FormatException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
    @Test
    void readsEveryKindOfValue() {
        assertEquals(Arrays.asList(1L, -2L, 0L, 1.5, 1e300, -0.0, true, false, null,
                        "a\"\\/\b\f\n\r\té😀", List.of(), Map.of()),
                Json.parse(" [1,-2 , 0,1.5,1E+300,-0, true,false,null,"
                        + "\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\uDE00\","
                        + "[],{}]\r\n\t "));
        assertEquals(Long.MIN_VALUE, Json.parse("-9223372036854775808"));
        assertEquals(List.of("b", "a"), new ArrayList<>(Json.parseObject("{\"b\":1,\"a\":{}}", "x").keySet()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "[", "[1", "[1,", "[1,]", "[,1]", "{", "{\"a\"", "{\"a\":", "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}", "{a:1}", "{'a':1}", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "01", "-", "+1", ".5", "1.", "1e", "1e+",
        "0x1", "1_0", "NaN", "Infinity", "-Infinity", "tru", "nul", "True", "\"", "\"\\", "\"\\x\"", "\"\\u12\"",
        "\"\\u12g4\"", "\"\\u\uff11234\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\ud800\"",
        "\"\udc00a\"",
        "\"\n\"", "\"\0\"", "1 2", "[] x", "{}{}", "\ufeff1", "/*c*/1", "1//c", "9223372036854775808", "1e309",
        "-1e400", "{\"a\":1,\"a\":2}", "{\"\\u0061\":1,\"a\":2}", "\u00a01"})
    void refusesWhatIsNotStrict(String text) {
        FormatException e = assertThrows(FormatException.class, () -> Json.parse(text, "here"));
        assertTrue(e.getMessage().startsWith("here: not valid JSON: "), e.getMessage());
    }

    @ParameterizedTest
    @CsvSource({"1, 1x", "2, ' 0y'"})
    void saysWhere(int column, String text) {
        FormatException e = assertThrows(FormatException.class, () -> Json.parse("[\n1,\n" + text, "f"));
        assertTrue(e.getMessage().contains("line 3, column " + (column + 1)), e.getMessage());
    }

    @Test
    void limitsDepthAndLengthOfNumbers() {
        assertEquals("[".repeat(64) + "]".repeat(64), Json.write(Json.parse("[".repeat(64) + "]".repeat(64))));
        assertThrows(FormatException.class, () -> Json.parse("[".repeat(65) + "]".repeat(65)));
        assertThrows(FormatException.class, () -> Json.parse("[".repeat(1_000_000)));
        assertThrows(FormatException.class, () -> Json.parse("1" + "0".repeat(1_000_000)));
        assertThrows(FormatException.class, () -> Json.parse("0." + "0".repeat(1_000_000)));
        List<Object> self = new ArrayList<>();
        self.add(self);
        assertThrows(FormatException.class, () -> Json.write(self));
    }

    @Test
    void writesDeterministically() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("b", Arrays.asList(1, 2.5f, null, true));
        map.put("a", Map.of("x", "q\"\\\n\u0001\u2028é😀"));
        map.put("c", List.of());
        assertEquals("{\"b\":[1,2.5,null,true],\"a\":{\"x\":\"q\\\"\\\\\\n\\u0001\\u2028é😀\"},\"c\":[]}",
                Json.write(map));
        assertEquals("""
                {
                  "a": {
                    "x": "q\\"\\\\\\n\\u0001\\u2028é😀"
                  },
                  "b": [
                    1,
                    2.5,
                    null,
                    true
                  ],
                  "c": []
                }
                """, Json.write(map, Json.Style.CANONICAL));
    }

    @Test
    void refusesToWriteWhatJsonHasNot() {
        for (Object bad : new Object[] {Double.NaN, Double.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, "\ud800",
            "\udc00\ud800", Map.of(1, 2), new Object(), 'c', new int[1]}) {
            assertThrows(FormatException.class, () -> Json.write(bad));
        }
    }

    @Test
    void refusesAnotherKindThanAnObject() {
        FormatException e = assertThrows(FormatException.class, () -> Json.parseObject("[]", "f"));
        assertEquals("f: expected a JSON object, got an array", e.getMessage());
    }
}
