package dev.ricci.models.weights.onnx;

import dev.ricci.models.weights.Mutations;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Files that somebody changed: read or refused with an exception of the family, and never a large allocation. */
class OnnxProperties {
    private static Path folder;

    @BeforeContainer
    static void create() throws IOException {
        folder = Files.createTempDirectory("onnx");
    }

    @AfterContainer
    static void delete() throws IOException {
        Files.deleteIfExists(folder.resolve("f.onnx"));
        Files.delete(folder);
    }

    @Property(tries = 5000)
    void readsOrRefuses(@ForAll(supplier = Mutations.Seeds.class) long seed) {
        Mutations.readsOrRefuses(OnnxFileTest.valid(), seed, Mutations.rounds(5000), 136, bytes -> {
            OnnxReader.Graph graph = OnnxReader.read(MemorySegment.ofArray(bytes), "changed");
            graph.nodes().toString();
            graph.initializers().values().forEach(t -> t.stored().read(t.bytes(), "changed"));
        });
    }

    /** As a file: this is slower, for a map is closed each time, and a hundredth of the files will do. */
    @Property(tries = 100)
    void opensOrRefuses(@ForAll(supplier = Mutations.Seeds.class) long seed) {
        Mutations.readsOrRefuses(OnnxFileTest.valid(), seed, Mutations.rounds(10_000), 136, bytes -> {
            try (OnnxWeights w = new OnnxWeights(OnnxFile.open(Files.write(folder.resolve("f.onnx"), bytes)))) {
                w.asMap().values().forEach(t -> t.shape());
            }
        });
    }
}
