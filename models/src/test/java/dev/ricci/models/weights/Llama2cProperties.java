package dev.ricci.models.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Models of llama2.c that somebody changed: read or refused with an exception of the family, and never a large allocation. */
class Llama2cProperties {
    private static Path file;

    @BeforeContainer
    static void create() throws IOException {
        file = Files.createTempFile("llama2c", ".bin");
    }

    @AfterContainer
    static void delete() throws IOException {
        Files.delete(file);
    }

    /** Width 4, hidden 2, one layer of two heads and one for keys, seven ids, five positions. */
    private static byte[] valid() {
        int floats = 7 * 4 + (2 * 4 + 2 * 4 * 4 + 2 * 2 * 4 + 3 * 2 * 4) + 4 + 5 * 2;
        ByteBuffer b = ByteBuffer.allocate(4 * (7 + floats)).order(ByteOrder.LITTLE_ENDIAN);
        for (int size : new int[] {4, 2, 1, 2, 1, 7, 5}) {
            b.putInt(size);
        }
        while (b.hasRemaining()) {
            b.putFloat(b.position() / 100f);
        }
        return b.array();
    }

    @Property(tries = 300)
    void readsOrRefuses(@ForAll(supplier = Mutations.Seeds.class) long seed) throws IOException {
        byte[] valid = valid();
        Files.write(file, valid);
        Llama2cReader.load(file);
        Mutations.readsOrRefuses(valid, seed, Mutations.rounds(300), 200,
                bytes -> Llama2cReader.load(Files.write(file, bytes)));
    }
}
