package dev.ricci.models.architecture;

import dev.ricci.models.architecture.TensorNames.Stored;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.decoder.DecoderConfig.Norm;
import dev.ricci.models.weights.gguf.GgufFile;
import dev.ricci.models.weights.gguf.GgufMetadata;
import dev.ricci.nn.LoadReport;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.TensorSpec;
import dev.ricci.tensor.io.TensorSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

/**
 * What a published model is: the shape of its decoder, and where its tensors lie in its files. Read from
 * {@code config.json} of Hugging Face's layout (gpt2, llama, mistral, qwen2, qwen3, gemma2, llada) or from the metadata of a
 * GGUF file (gpt2, llama, qwen2, qwen3, gemma2). What the description says beyond what is known is refused by name, never
 * ignored; mixtures of experts (mixtral, olmoe, qwen2_moe, qwen3_moe) are understood and refused when the decoder is built.
 */
public final class Architecture {
    private static final String HEAD = "lm_head.weight";

    private final String name;
    private final DecoderConfig config;
    private final TensorNames names;

    Architecture(String name, DecoderConfig config, TensorNames names) {
        this.name = name;
        this.config = config;
        this.names = names;
    }

    /**
     * As {@code config.json} describes it.
     *
     * @param config the file's content, as {@code Json} reads it
     * @param where names the file in errors
     * @throws FormatException if the kind of model is unknown, or a key is missing, unknown or has a value that is not
     *     supported
     */
    public static Architecture ofConfig(Map<String, ?> config, String where) {
        try {
            return HfConfig.read(config, where);
        } catch (FormatException e) {
            throw e;
        } catch (TensorException e) {
            throw new FormatException(where + ": " + e.getMessage(), e);
        }
    }

    /**
     * As the metadata of a GGUF file describe it.
     *
     * @throws FormatException as {@link #ofConfig}
     */
    public static Architecture ofGguf(GgufFile file, String where) {
        try {
            return GgufConfig.read(file, where);
        } catch (FormatException e) {
            throw e;
        } catch (TensorException e) {
            throw new FormatException(where + ": " + e.getMessage(), e);
        }
    }

    /** Of files that hold a decoder under its own paths. */
    public static Architecture ofDecoder(DecoderConfig config) {
        return new Architecture("decoder", config, TensorNames.LLAMA);
    }

    /**
     * The content of {@code config.json} for a decoder: that of the first kind of llama, mistral, qwen2, qwen3, gemma2, gpt2
     * and llada which, read back, gives this configuration. Pairs of rotary positions are halves there, and dropout is not
     * said.
     *
     * @throws TensorException if none does
     */
    public static Map<String, Object> toConfig(DecoderConfig config) {
        Map<String, Object> json = new LinkedHashMap<>();
        HfConfig.write(config, json);
        return json;
    }

    /**
     * A decoder's tensors as a folder of Hugging Face's layout holds them, made one by one when they are asked for.
     *
     * @param state by the decoder's paths, as {@code stateDict} gives them
     * @throws TensorException as {@link #toConfig}
     */
    public static TensorSource toFolder(DecoderConfig config, Map<String, Tensor> state) {
        return HfConfig.write(config, new LinkedHashMap<>()).file(config, state);
    }

    /**
     * A decoder's hyper-parameters as metadata of a GGUF file: those of the first architecture of llama, qwen2, qwen3, gemma2
     * and gpt2 which, read back, gives this configuration up to the precision of 32-bit floats.
     *
     * @throws TensorException if none does
     */
    public static GgufMetadata toMetadata(DecoderConfig config) {
        return GgufConfig.write(config).metadata();
    }

    /**
     * A decoder's tensors as a GGUF file holds them, made one by one when they are asked for.
     *
     * @param state by the decoder's paths, as {@code stateDict} gives them
     * @throws TensorException as {@link #toMetadata}
     */
    public static TensorSource toGguf(DecoderConfig config, Map<String, Tensor> state) {
        return GgufConfig.write(config).tensors(config, state);
    }

    /** What the description calls it, such as {@code llama}. */
    public String name() {
        return name;
    }

    /** The shape of the decoder. */
    public DecoderConfig config() {
        return config;
    }

    /** A decoder's tensors under the names of this architecture's files. */
    TensorSource file(DecoderConfig from, Map<String, Tensor> state) {
        BiFunction<String, Tensor, Tensor> mover = Pairs.mover(from, config.positions().kind());
        int shift = (from.norm().kind() == Norm.Kind.RMS_FROM_ONE ? 1 : 0)
                - (config.norm().kind() == Norm.Kind.RMS_FROM_ONE ? 1 : 0);
        return new FileView(state, (path, t) -> {
            boolean shifted = shift != 0 && path.contains("norm") && !path.contains("self_attn");
            return shifted ? t.add(shift) : mover.apply(path, t);
        }, names.of(config));
    }

    /**
     * The tensors of a file of this architecture under the decoder's paths, read one by one when they are asked for.
     *
     * @param file closed with the result
     * @param where names the file in errors
     * @throws FormatException naming all tensors that are missing, unexpected or of another shape, as the file calls them;
     *     nothing was read then
     */
    public TensorSource view(TensorSource file, String where) {
        // Before a list is made of what each layer should have.
        if (config.layers() > file.names().size()) {
            throw new FormatException(where + ": it describes " + config.layers() + " layers, but there are no more than "
                    + file.names().size() + " tensors");
        }
        TensorNames used = !names.prefix().isEmpty() && file.names().stream().noneMatch(n -> n.startsWith(names.prefix()))
                ? names.withoutPrefix() : names;
        List<Stored> stored;
        Map<String, TensorSpec> expected = new LinkedHashMap<>();
        try {
            stored = used.of(config);
            stored.forEach(s -> expected.put(s.name(), new TensorSpec(DType.F32, s.shape())));
        } catch (ShapeException e) {
            throw new FormatException(where + ": it describes a decoder that has a tensor of an impossible size: " + config, e);
        }
        Map<String, TensorSpec> found = new LinkedHashMap<>();
        file.names().stream().filter(n -> !used.ignored().matcher(n).matches()).forEach(n -> found.put(n, file.spec(n)));
        String head = used.name(HEAD);
        if (config.tiedHead() && found.containsKey(head)) {
            // Some files repeat the embedding; the decoder compares the two.
            Stored embedding = stored.getFirst();
            expected.put(head, new TensorSpec(DType.F32, embedding.shape()));
            stored.add(new Stored(head, false, Map.of(HEAD, embedding.shape())));
        }
        LoadReport report = LoadReport.of(expected, found, true);
        if (!report.isComplete()) {
            throw new FormatException(where + ": the tensors do not fit a decoder of the kind " + name + "; " + report);
        }
        return new DecoderView(file, stored);
    }

    @Override
    public String toString() {
        return name + " " + config;
    }
}
