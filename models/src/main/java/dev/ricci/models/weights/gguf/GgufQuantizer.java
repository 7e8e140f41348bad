package dev.ricci.models.weights.gguf;

import dev.ricci.tensor.TensorException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Writes the tensors of a GGUF file in another type; everything else in the file stays as it is. */
public final class GgufQuantizer {
    /** Small matrices that decide much: the choice of experts, positions, kinds of tokens. The format's own tool keeps them. */
    private static final List<String> KEPT = List.of("ffn_gate_inp.weight", "position_embd.weight", "token_types.weight");

    private GgufQuantizer() {
    }

    /**
     * Writes a file whose matrices have a type, as far as {@link GgufWriter#typeFor} lets them: those whose rows are no
     * multiple of the type's block become F16, and tensors of one axis stay as they are. One tensor is in memory at a time.
     *
     * @param from a GGUF file
     * @param to replaced if it is there; a whole file or none
     * @param type one that {@link GgufWriter#add} writes: F32, F16, BF16, Q8_0 or Q4_0
     * @param again whether tensors that are quantised already may be: they are rounded a second time
     * @return the number of tensors of each type in the new file
     * @throws TensorException if a tensor is quantised already, or cannot be
     * @throws IOException if a file cannot be read or written; an old one is intact then
     */
    public static Map<GgufType, Integer> quantize(Path from, Path to, GgufType type, boolean again) throws IOException {
        try (GgufFile in = GgufFile.open(from)) {
            GgufMetadata metadata = in.metadata().with("general.file_type", GgufValue.of(type.fileType()))
                    .with("general.quantization_version", GgufValue.of(2));
            GgufWriter out = new GgufWriter(metadata);
            Map<GgufType, Integer> counts = new EnumMap<>(GgufType.class);
            for (GgufTensorInfo t : in.tensors()) {
                GgufType wanted = wanted(t, type);
                if (wanted == t.type()) {
                    out.addBlocks(t.name(), t.type(), t.shape(), in.blocks(t.name()));
                } else if (t.type().isQuantised() && !again) {
                    throw new TensorException("quantize: " + from + ": the tensor '" + t.name() + "' is " + t.type()
                            + " already, and would be rounded a second time; start from a file of F32, F16 or BF16, or allow"
                            + " it, on the command line with --requantize");
                } else {
                    out.add(t.name(), wanted, t.shape(), () -> in.floats(t.name()));
                }
                counts.merge(wanted, 1, Integer::sum);
            }
            out.write(to);
            return counts;
        }
    }

    private static GgufType wanted(GgufTensorInfo t, GgufType type) {
        return t.shape().rank() < 2 || KEPT.stream().anyMatch(t.name()::endsWith) ? t.type()
                : GgufWriter.typeFor(type, t.shape());
    }
}
