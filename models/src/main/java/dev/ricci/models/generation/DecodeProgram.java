package dev.ricci.models.generation;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.nn.KvCache;
import dev.ricci.nn.KvStep;
import dev.ricci.tensor.Device;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Program;
import dev.ricci.tensor.Tensor;
import java.util.List;

/**
 * The step of a decode as one captured program: an id and its position in, the logits of the next id out. Keys and values
 * are those of a cache, which the model may also read and write op by op between two steps. For one thread.
 */
final class DecodeProgram implements AutoCloseable {
    private final Decoder model;
    private final KvCache cache;
    private final Device device;
    /** Captured at the first step. */
    private Program program;

    /**
     * @param cache of one sequence, as large as it will ever be: each step attends over all of it
     * @param device where the steps run
     */
    DecodeProgram(Decoder model, KvCache cache, Device device) {
        this.model = model;
        this.cache = cache;
        this.device = device;
    }

    /** Reads an id behind those that the cache holds, and gives the logits of the next one, [V]. */
    float[] logits(int id) {
        int at = cache.length();
        cache.checkRoom(at, 1);
        Tensor ids = Tensor.ofInts(new int[] {id}, 1, 1);
        Tensor position = Tensor.ofInts(new int[] {at}).reshape();
        if (program == null) {
            program = NoGrad.call(() -> Program.capture("decode",
                    in -> List.of(model.stepLogits(in.get(0), new KvStep(cache, in.get(1), 1))), List.of(ids, position)))
                    .on(device);
        }
        float[] logits = program.run(ids, position).getFirst().toFloatArray();
        cache.advance(1);
        return logits;
    }

    /** Gives the device's memory back. */
    @Override
    public void close() {
        if (program != null) {
            program.close();
        }
    }
}
