package dev.ricci.tensor.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.RandomDistribution;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/**
 * Files that somebody changed: read or refused with an exception of the family, and never a large allocation. The property
 * {@code ricci.fuzz} says how many files each reader gets, at least.
 */
class FormatFuzzProperties {
    private static final List<String> TOKENS = List.of("-1", "0", "1", "2147483647", "4294967296",
            "9223372036854775807", "1e999", "\"F64\"", "\"BOOL\"", "\"U64\"", "\"F8_E4M3\"", "[", "]", "{", "}", ",", ":", "(", ")", "'", "\"",
            "null", "True", "\\ud800", "'<f8'", "\0", "\u00ff", "[[[[[[[[", "999999999999999999999999999");
    private static Path folder;

    private interface Reader {
        Object read(Path file) throws IOException;
    }

    @BeforeContainer
    static void create() throws IOException {
        folder = Files.createTempDirectory("fuzz");
    }

    @AfterContainer
    static void delete() throws IOException {
        try (var files = Files.list(folder)) {
            for (Path p : files.toList()) {
                Files.delete(p);
            }
        }
        Files.delete(folder);
    }

    /** One to six changes: bytes replaced, runs removed or doubled, the end cut, tokens put in. */
    private static byte[] mutate(byte[] valid, RandomGenerator random) {
        byte[] b = valid;
        for (int n = 1 + random.nextInt(6); n > 0 && b.length > 0; n--) {
            int at = random.nextInt(b.length);
            int end = Math.min(b.length, at + 1 + random.nextInt(9));
            byte[] put = switch (random.nextInt(6)) {
                case 0 -> new byte[] {(byte) random.nextInt()};
                case 1 -> new byte[0];
                case 2 -> Arrays.copyOfRange(b, at, end);
                case 3 -> new byte[] {(byte) (b[at] ^ 1 << random.nextInt(8))};
                case 4 -> Arrays.copyOf(new byte[0], random.nextInt(3));
                default -> TOKENS.get(random.nextInt(TOKENS.size())).getBytes(StandardCharsets.ISO_8859_1);
            };
            int resume = switch (random.nextInt(8)) {
                case 0 -> b.length;
                case 1, 2 -> at;
                case 3, 4 -> end;
                default -> at + 1;
            };
            byte[] next = Arrays.copyOf(b, at + put.length + b.length - resume);
            System.arraycopy(put, 0, next, at, put.length);
            System.arraycopy(b, resume, next, at + put.length, b.length - resume);
            b = next;
        }
        return b;
    }

    /** Files that each of so many tries changes. */
    private static int rounds(int tries) {
        return Math.max(1, Math.ceilDiv(Integer.getInteger("ricci.fuzz", 1), tries));
    }

    private static void readsOrRefuses(byte[] valid, long seed, int rounds, String name, Reader reader) throws IOException {
        RandomGenerator random = new SplittableRandom(seed);
        for (int i = 0; i < rounds; i++) {
            readsOrRefuses(mutate(valid, random), name, reader);
        }
    }

    private static void readsOrRefuses(byte[] bytes, String name, Reader reader) throws IOException {
        Path file = Files.write(folder.resolve(name), bytes);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        try {
            reader.read(file);
        } catch (TensorException | IOException refused) {
            assertTrue(refused.getMessage().length() < 2000, refused.getMessage());
        }
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        // A JSON header takes some dozen times its bytes as objects; the constant is the class loading of a first call.
        assertTrue(allocated < 8_000_000 + 200L * bytes.length, allocated + " bytes for a file of " + bytes.length);
    }

    /** Hardly ever the same: of those that jqwik prefers a fifth are. */
    @Provide
    Arbitrary<Long> seeds() {
        return Arbitraries.longs().withDistribution(RandomDistribution.uniform()).withoutEdgeCases();
    }

    @Property(tries = 3000)
    void safetensors(@ForAll("seeds") long seed) throws IOException {
        Path valid = folder.resolve("valid.safetensors");
        if (!Files.exists(valid)) {
            Safetensors.save(valid, SafetensorsTest.everyType(), Map.of("k", "v"));
        }
        readsOrRefuses(Files.readAllBytes(valid), seed, rounds(3000), "f.safetensors", Safetensors::load);
    }

    @Property(tries = 2000)
    void safetensorsHeader(@ForAll("seeds") long seed) throws IOException {
        // The length is right, so that what is behind it is reached.
        String header = "{\"a\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
                + "\"b\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[24,32]},\"__metadata__\":{\"k\":\"v\"}}";
        RandomGenerator random = new SplittableRandom(seed);
        for (int i = rounds(2000); i > 0; i--) {
            String changed = new String(mutate(header.getBytes(StandardCharsets.ISO_8859_1), random),
                    StandardCharsets.ISO_8859_1);
            readsOrRefuses(SafetensorsTest.file(changed, 32), "h.safetensors", Safetensors::load);
        }
    }

    @Property(tries = 500)
    void safetensorsIndex(@ForAll("seeds") long seed) throws IOException {
        Safetensors.save(folder.resolve("m-1.safetensors"), Map.of("a", Tensor.of(1f)));
        byte[] index = "{\"metadata\":{\"total_size\":4},\"weight_map\":{\"a\":\"m-1.safetensors\"}}"
                .getBytes(StandardCharsets.UTF_8);
        readsOrRefuses(index, seed, rounds(500), "m.safetensors.index.json", Safetensors::load);
    }

    @Property(tries = 3000)
    void npy(@ForAll("seeds") long seed) throws IOException {
        String header = "{'descr': '<f4', 'fortran_order': " + ((seed & 1) == 0 ? "True" : "False")
                + ", 'shape': (2, 3), }";
        byte[] valid = NpyTest.file((int) Math.floorMod(seed, 3L) + 1, header, new byte[24]);
        readsOrRefuses(valid, seed, rounds(3000), "f.npy", Npy::load);
    }

    @Property(tries = 5000)
    void json(@ForAll("seeds") long seed) throws IOException {
        byte[] valid = "{\"a\": [1, -2.5e3, true, null, {\"b\": \"x\\u00e9\\n\"}], \"c\": {}}"
                .getBytes(StandardCharsets.UTF_8);
        readsOrRefuses(valid, seed, rounds(5000), "f.json", file -> {
            Object value = Json.read(file);
            assertEquals(value, Json.parse(Json.write(value)));
            return value;
        });
    }

    @Provide
    Arbitrary<Object> values() {
        Arbitrary<Object> leaves = Arbitraries.oneOf(Arbitraries.longs().asGeneric(),
                Arbitraries.doubles().asGeneric(), Arbitraries.of(true, false).asGeneric(),
                Arbitraries.strings().filter(s -> new String(s.getBytes(StandardCharsets.UTF_8),
                        StandardCharsets.UTF_8).equals(s)).asGeneric()).injectNull(0.1);
        return Arbitraries.recursive(() -> leaves, inner -> Arbitraries.oneOf(
                inner.list().ofMaxSize(4).map(l -> (Object) new ArrayList<>(l)),
                Arbitraries.maps(Arbitraries.strings().alpha().ofMaxLength(5), inner).ofMaxSize(4)
                        .map(m -> (Object) new LinkedHashMap<>(m))), 0, 4);
    }

    @Property(tries = 500)
    void jsonGivesBackWhatItWrote(@ForAll("values") Object value) {
        assertEquals(value, Json.parse(Json.write(value)));
        String canonical = Json.write(value, Json.Style.CANONICAL);
        assertEquals(value, Json.parse(canonical));
        assertEquals(canonical, Json.write(Json.parse(canonical), Json.Style.CANONICAL));
    }
}
