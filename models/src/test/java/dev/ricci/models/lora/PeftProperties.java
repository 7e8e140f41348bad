package dev.ricci.models.lora;

import dev.ricci.models.weights.Mutations;
import dev.ricci.nn.Linear;
import dev.ricci.nn.Sequential;
import dev.ricci.tensor.Rng;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Adapters that somebody changed: read or refused with an exception of the family, and never a large allocation. */
class PeftProperties {
    private static final List<String> FILES = List.of(PeftFolder.CONFIG, PeftFolder.TENSORS);
    private static Path folder;
    private static byte[][] valid;

    private static Sequential model() {
        return new Sequential(new Linear(6, 4, Rng.of(1)), new Linear(4, 3, Rng.of(2)));
    }

    @BeforeContainer
    static void create() throws IOException {
        folder = Files.createTempDirectory("peft");
        PeftFolder.save(folder, LoraAdapter.on(model(), LoraConfig.of(2).withTargets(new LoraTargets.AllLinear()),
                Rng.of(1)), "base");
        valid = new byte[][] {Files.readAllBytes(folder.resolve(FILES.get(0))), Files.readAllBytes(folder.resolve(FILES.get(1)))};
    }

    @AfterContainer
    static void delete() throws IOException {
        for (String name : FILES) {
            Files.deleteIfExists(folder.resolve(name));
        }
        Files.delete(folder);
    }

    @Property(tries = 400)
    void readsOrRefuses(@ForAll(supplier = Mutations.Seeds.class) long seed, @ForAll boolean config) throws IOException {
        int changed = config ? 0 : 1;
        Files.write(folder.resolve(FILES.get(1 - changed)), valid[1 - changed]);
        Mutations.readsOrRefuses(valid[changed], seed, Mutations.rounds(400), 200, bytes -> {
            Files.write(folder.resolve(FILES.get(changed)), bytes);
            PeftFolder.load(folder, model());
        });
    }
}
