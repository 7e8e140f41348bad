package dev.ricci.models.weights.onnx;

import dev.ricci.models.weights.Mutations;
import java.io.IOException;
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

    @Property(tries = 4000)
    void readsOrRefuses(@ForAll long seed) throws IOException {
        Mutations.readsOrRefuses(OnnxFileTest.valid(), seed, folder.resolve("f.onnx"), 136, file -> {
            try (OnnxWeights w = new OnnxWeights(OnnxFile.open(file))) {
                w.asMap().values().forEach(t -> t.shape());
            }
        });
    }
}
