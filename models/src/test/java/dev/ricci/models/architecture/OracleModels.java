package dev.ricci.models.architecture;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.decoder.DecoderConfig.Attention;
import dev.ricci.models.decoder.DecoderConfig.Mlp;
import dev.ricci.models.decoder.DecoderConfig.Norm;
import dev.ricci.models.decoder.DecoderConfig.Positions;
import dev.ricci.models.decoder.DecoderConfig.QkNorm;
import dev.ricci.models.decoder.DecoderConfig.Window;
import dev.ricci.models.weights.gguf.GgufMetadata;
import dev.ricci.nn.Activation;
import dev.ricci.nn.RopeScaling;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.io.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Small models with random weights, one for each thing that an architecture may say. */
public final class OracleModels {
    static final int TOKENS = 24;
    static final int IDS = 288;
    private static final int CONTEXT = 64;

    private OracleModels() {
    }

    public static Map<String, DecoderConfig> configs() {
        DecoderConfig llama = DecoderConfig.llama(IDS, CONTEXT, 2, 4, 2, 64, 96);
        DecoderConfig qwen = llama.with(Positions.rotary(1e6, 16)).with(Norm.rms(1e-6)).with(
                llama.attention().withBias(true, false));
        Map<String, DecoderConfig> all = new LinkedHashMap<>();
        all.put("llama", llama);
        all.put("llama-biased", llama.withBias(true).withTiedHead(true));
        all.put("llama-scaled", llama.with(Positions.rotary(500000, 16).withScaling(
                new RopeScaling.Llama3(8, 1, 4, 16))));
        all.put("llama-linear", llama.with(Positions.rotary(10000, 16).withScaling(new RopeScaling.Linear(4))));
        all.put("qwen2", qwen.withTiedHead(true));
        all.put("qwen2-yarn", qwen.with(Positions.rotary(10000, 16).withScaling(
                new RopeScaling.Yarn(4, 16, 32, 1, RopeScaling.Yarn.usualMagnitude(4)))));
        all.put("qwen3", llama.with(Attention.of(4, 2, 32).withQkNorm(QkNorm.HEAD)).with(Positions.rotary(1e6, 32)));
        all.put("gemma2", llama.with(Attention.of(4, 2, 32).withScores(0, 2).withWindow(new Window(8, 0, 2)))
                .with(Mlp.of(96, Activation.GELU_TANH, true)).with(new Norm(Norm.Kind.RMS_FROM_ONE, 1e-6, false, true))
                .with(Positions.rotary(10000, 32)).withTiedHead(true).withScales(Math.sqrt(64), 5));
        all.put("gpt2", DecoderConfig.gpt2(IDS, CONTEXT, 2, 4, 64));
        return all;
    }

    /** With weights that are large enough for everything to matter. */
    public static Decoder model(DecoderConfig config) {
        Decoder model = new Decoder(config, Rng.of(1));
        Rng rng = Rng.of(2);
        model.parameters().forEach((path, p) -> {
            int[] shape = p.spec().shape().toArray();
            Tensor normal = rng.split(path).normal(shape);
            boolean fromOne = config.norm().kind() == Norm.Kind.RMS_FROM_ONE;
            p.assign(shape.length == 2 ? normal.mul(path.contains("embed") ? 0.5 : 1.5 / Math.sqrt(shape[1]))
                    : normal.mul(0.3).add(path.endsWith("norm.weight") && !fromOne ? 1 : 0));
        });
        return model;
    }

    static int[] ids() {
        int[] ids = new int[TOKENS];
        for (int i = 0; i < TOKENS; i++) {
            ids[i] = 3 + (37 * i + i * i) % (IDS - 3);
        }
        return ids;
    }

    /** For all positions and ids. */
    static Tensor logits(Decoder model) {
        return NoGrad.call(() -> model.logits(Tensor.ofInts(ids(), 1, TOKENS)));
    }

    /** By model, what llama.cpp says of every 18th logit. */
    static Map<?, ?> golden() throws IOException {
        try (InputStream in = OracleModels.class.getResourceAsStream("llama-cpp.json")) {
            return (Map<?, ?>) Json.parse(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    /** Where files are left for llama.cpp, else a temporary folder. */
    static Path folder(Path temporary) {
        String out = System.getProperty("ricci.gguf.out");
        return out == null ? temporary : Path.of(out);
    }

    /** Control pieces, all bytes and a few letters: what another reader needs so that it opens a file. */
    static GgufMetadata vocabulary() {
        List<GgufConverter.Piece> pieces = new ArrayList<>();
        for (String control : List.of("<unk>", "<s>", "</s>")) {
            pieces.add(new GgufConverter.Piece(control, 0));
        }
        for (int b = 0; b < 256; b++) {
            pieces.add(new GgufConverter.Piece("<0x%02X>".formatted(b), 0));
        }
        while (pieces.size() < IDS) {
            pieces.add(new GgufConverter.Piece(pieces.size() == 259 ? "\u2581" : Character.toString('a' + pieces.size() - 260),
                    -pieces.size()));
        }
        return GgufConverter.sentencePiece(pieces);
    }
}
