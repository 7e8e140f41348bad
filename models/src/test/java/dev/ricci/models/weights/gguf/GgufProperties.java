package dev.ricci.models.weights.gguf;

import dev.ricci.models.weights.Mutations;
import dev.ricci.tensor.weights.BlockDecoder;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
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
        for (String name : List.of("valid.gguf", "f.gguf")) {
            Files.deleteIfExists(folder.resolve(name));
        }
        Files.delete(folder);
    }

    @Property(tries = 5000)
    void readsOrRefuses(@ForAll long seed) {
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
    void opensOrRefuses(@ForAll long seed) {
        Mutations.readsOrRefuses(valid, seed, Mutations.rounds(10_000), 72, bytes -> {
            try (GgufFile f = GgufFile.open(Files.write(folder.resolve("f.gguf"), bytes))) {
                f.asMap().values().forEach(t -> t.shape());
            }
        });
    }
}
