package dev.ricci.models.weights.gguf;

import dev.ricci.models.weights.Mutations;
import dev.ricci.tensor.weights.BlockDecoder;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Files that somebody changed: read or refused with an exception of the family, and never a large allocation. */
class GgufProperties {
    private static Path folder;
    private static byte[] valid;

    @BeforeContainer
    static void create() throws IOException {
        folder = Files.createTempDirectory("gguf");
        valid = GgufFileTest.valid(folder);
    }

    @AfterContainer
    static void delete() throws IOException {
        try (var files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }

    @Property(tries = 5000)
    void readsOrRefuses(@ForAll(supplier = Mutations.Seeds.class) long seed) {
        Mutations.readsOrRefuses(valid, seed, Mutations.rounds(5000), 72, bytes -> {
            MemorySegment file = MemorySegment.ofArray(bytes);
            GgufReader.Head head = GgufReader.read(file, "changed");
            head.metadata().toString();
            for (GgufTensorInfo t : head.tensors().values()) {
                float[] to = new float[t.shape().size()];
                BlockDecoder.decode(t.type().stored(), file.asSlice(head.dataStart() + t.offset(), t.bytes()), to, 0, to.length);
            }
        });
    }

    /** As a file: this is slower, for a map is closed each time, and a hundredth of the files will do. */
    @Property(tries = 100)
    void opensOrRefuses(@ForAll(supplier = Mutations.Seeds.class) long seed) {
        Mutations.readsOrRefuses(valid, seed, Mutations.rounds(10_000), 72, bytes -> {
            try (GgufFile f = GgufFile.open(Files.write(folder.resolve("f.gguf"), bytes))) {
                f.asMap().values().forEach(t -> t.shape());
            }
        });
    }

    /** One of three parts is changed. */
    @Property(tries = 30)
    void opensPartsOrRefuses(@ForAll(supplier = Mutations.Seeds.class) long seed,
            @ForAll @IntRange(min = 1, max = 3) int changed) throws IOException {
        Path first = GgufPartsTest.split(folder.resolve("valid.gguf"), folder, 3);
        Path part = folder.resolve("m-0000" + changed + "-of-00003.gguf");
        Mutations.readsOrRefuses(Files.readAllBytes(part), seed, Mutations.rounds(3_000), 1000, bytes -> {
            Files.write(part, bytes);
            try (GgufFile f = GgufFile.open(first)) {
                f.asMap().values().forEach(t -> t.shape());
            }
        });
    }
}
