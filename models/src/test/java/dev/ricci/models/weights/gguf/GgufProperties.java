package dev.ricci.models.weights.gguf;

import dev.ricci.models.weights.Mutations;
import java.io.IOException;
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

    @Property(tries = 4000)
    void readsOrRefuses(@ForAll long seed) throws IOException {
        Mutations.readsOrRefuses(valid, seed, folder.resolve("f.gguf"), 72, file -> {
            try (GgufFile f = GgufFile.open(file)) {
                f.asMap().values().forEach(t -> t.shape());
                f.metadata().toString();
            }
        });
    }
}
