package dev.ricci.models.generation;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.nn.KvCache;
import dev.ricci.nn.KvStep;
import dev.ricci.tensor.Device;
import dev.ricci.tensor.DeviceException;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Program;
import dev.ricci.tensor.Tensor;
import java.util.List;

/**
 * The step of a decode as one captured program: an id and its position in, the logits of the next id out. Keys and values
 * are those of a cache, which the model may also read and write op by op between two steps. For one thread.
 */
final class DecodeProgram {
    private final KvCache cache;
    private final Program program;

    /** @param cache of one sequence, and so large as it will ever be */
    DecodeProgram(Decoder model, KvCache cache, Device device) {
        this.cache = cache;
        this.program = on(device, NoGrad.call(() -> Program.capture("decode",
                in -> List.of(model.nextLogits(in.get(0), new KvStep(cache, in.get(1), 1))), List.of(ids(0), position(0)))));
    }

    // The one place where a device comes in: program.on(device), as soon as programs have it.
    private static Program on(Device device, Program program) {
        if (!device.equals(Device.cpu())) {
            throw new DeviceException("generate: a captured step runs on the CPU only, got " + device);
        }
        return program;
    }

    /** Reads an id behind those that the cache holds, and gives the logits of the next one, [V]. */
    float[] logits(int id) {
        int at = cache.length();
        cache.checkRoom(at, 1);
        float[] logits = program.run(ids(id), position(at)).getFirst().toFloatArray();
        cache.advance(1);
        return logits;
    }

    private static Tensor ids(int id) {
        return Tensor.ofInts(new int[] {id}, 1, 1);
    }

    private static Tensor position(int at) {
        return Tensor.ofInts(new int[] {at}).reshape();
    }
}
