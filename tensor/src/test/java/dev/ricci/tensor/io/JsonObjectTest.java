package dev.ricci.tensor.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.FormatException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class JsonObjectTest {
    private static final String JSON = """
            {"name": "x", "on": true, "count": 3, "negative": -3, "huge": 5000000000, "rate": 0.5, "list": [1, 2],
             "part": {"inner": 1, "none": null}, "parts": [{"a": 1}, {"a": 2}], "nothing": null, "off": false}""";

    private static Map<String, Object> values() {
        return Json.parseObject(JSON, "the file");
    }

    private static JsonObject all() {
        return JsonObject.ofAll(values(), "the file", "change the result");
    }

    private static void refused(String message, Executable read) {
        String got = assertThrows(FormatException.class, read).getMessage();
        assertTrue(got.startsWith("the file") && got.contains(message), got);
    }

    @Test
    void valuesAreReadByTheirKind() {
        JsonObject o = all();
        assertEquals("x", o.text("name"));
        assertEquals("y", o.text("absent", "y"));
        assertTrue(o.flag("on") && o.flag("on", false) && o.flag("absent", true));
        assertEquals(3, o.integer("count"));
        assertEquals(-3, o.integer("negative", 7));
        assertEquals(7, o.integer("nothing", 7));
        assertEquals(3, o.index("count"));
        assertEquals(0.5, o.number("rate"));
        assertEquals(3.0, o.number("count", 1));
        assertEquals(List.of(1L, 2L), o.list("list"));
        assertEquals(Set.of("inner", "none"), o.map("part").keySet());
        assertEquals(1, o.object("part").index("inner"));
        assertEquals(List.of(1, 2), o.objects("parts").stream().map(p -> p.index("a")).toList());
        assertTrue(o.has("name") && o.is("name", String.class) && !o.is("name", Long.class));
        assertFalse(o.has("nothing") || o.has("absent"));
    }

    @Test
    void wrongKindsAreNamed() {
        JsonObject o = all();
        refused("'count' must be a string, got 3", () -> o.text("count"));
        refused("'absent' is missing", () -> o.text("absent"));
        refused("'nothing' is missing", () -> o.number("nothing"));
        refused("'name' must be true or false", () -> o.flag("name"));
        refused("'huge' must be a whole number of 32 bits", () -> o.integer("huge"));
        refused("'rate' must be a whole number", () -> o.integer("rate"));
        refused("'negative' must be a whole number from 0", () -> o.index("negative"));
        refused("'huge' must be a whole number from 0", () -> o.index("huge"));
        refused("'list' must be an object", () -> o.object("list"));
        refused("'part' must be a list", () -> o.list("part"));
        refused(".list[0]: must be an object", () -> o.objects("list"));
        refused(".parts[1]: 'b' is missing", () -> o.objects("parts").getLast().text("b"));
    }

    @Test
    void onlyOneValueOrNothing() {
        JsonObject o = all();
        o.only("count", 3);
        o.only("nothing", 3);
        o.only("absent", null);
        refused("'count' = 3 is not supported; supported is 4", () -> o.only("count", 4));
        refused("'name' = x is not supported", () -> o.only("name", null));
        o.refuse("off", "it does harm");
        o.refuse("nothing", "it does harm");
        refused("'on' is not supported: it does harm", () -> o.refuse("on", "it does harm"));
    }

    @Test
    void whatNobodyAskedForIsRefused() {
        JsonObject o = all();
        o.ignore("count", "huge", "list", "name", "negative", "nothing", "off", "part", "parts");
        refused("unknown keys 'on', 'rate'; ignoring what is not known could change the result", o::end);
        o.ignore(Set.of("on"));
        refused("unknown key 'rate'", o::end);
        o.number("rate");
        o.end();
        JsonObject part = o.object("part");
        part.index("inner");
        refused("unknown key 'none'", part::end);
        JsonObject present = JsonObject.ofPresent(values(), "the file", "change the result").object("part");
        refused("unknown key 'inner'", present::end);
        present.index("inner");
        present.end();
    }
}
