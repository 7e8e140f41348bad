package dev.ricci.examples;

import dev.ricci.models.cost.Cost;
import dev.ricci.models.cost.CostModel;
import dev.ricci.models.cost.DecodingMethod;
import dev.ricci.models.cost.DecodingPlan;
import dev.ricci.models.cost.Machine;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.tensor.TensorException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Says what generating costs, before anything is built. */
@Command(name = "cost", description = "Count FLOPs, bytes and time of generating, token by token and by masked diffusion.")
public final class CostCommand implements RicciCommand {
    private static final double GIGA = 1e9;
    private static final double TERA = 1e12;

    @Option(names = "--model", paramLabel = "MODEL", defaultValue = "llada-8b",
        description = "llada-8b, llama-3-8b, or any model that ricci inspect understands.")
    private String model;

    @Option(names = "--machine", paramLabel = "MACHINE", defaultValue = "a6000",
        description = "a6000, a100, h100, h200, or a JSON file such as ricci bench roofline writes.")
    private String machine;

    @Option(names = "--context", paramLabel = "N", defaultValue = "128", description = "Tokens of the prompt.")
    private int context;

    @Option(names = "--length", paramLabel = "N", defaultValue = "256", description = "New tokens of each sequence.")
    private int length;

    @Option(names = "--block", paramLabel = "N", defaultValue = "32", description = "Tokens that diffusion works on together.")
    private int block;

    @Option(names = "--steps", paramLabel = "N", defaultValue = "0",
        description = "Denoising steps of diffusion, all blocks together. 0: as many as new tokens.")
    private int steps;

    @Option(names = "--batch", paramLabel = "N", defaultValue = "1", description = "Sequences at the same time.")
    private int batch;

    @Option(names = "--bytes", paramLabel = "N", defaultValue = "2", description = "Bytes of a number.")
    private int bytes;

    @Option(names = "--ops", paramLabel = "METHOD",
        description = "Also list the ops of one method: ar, full, growing, block, prefix or dual.")
    private String ops;

    /** Made by the service loader. */
    public CostCommand() {
    }

    @Override
    public Map<String, ?> run(CommonOptions options) throws Exception {
        Machine on = named("--machine", machine, Machine.presets(), Machine::read);
        DecoderConfig config = named("--model", model, CostModel.presets(), CostCommand::config);
        CostModel costs;
        DecodingPlan plan;
        try {
            costs = new CostModel(config, bytes);
            plan = new DecodingPlan(DecodingMethod.AUTOREGRESSIVE, batch, context, length, block, steps == 0 ? length : steps);
        } catch (TensorException e) {
            throw new UsageException(e.getMessage());
        }
        DecodingMethod listed = ops == null ? null : Arrays.stream(DecodingMethod.values()).filter(m -> m.text().equals(ops))
            .findFirst().orElseThrow(() -> new UsageException("--ops: unknown method '" + ops + "'; one of "
                + Arrays.stream(DecodingMethod.values()).map(DecodingMethod::text).collect(Collectors.joining(", "))));
        options.out().printf("%s, %d bytes a number, on %s: %.1f GB/s, %.4g TFLOP/s, ridge at %.1f FLOP/byte%n", model, bytes,
            on.name(), on.bandwidth() / GIGA, on.peak() / TERA, on.ridge());
        options.out().printf("batch %d, prompt %d, %d new tokens; diffusion in blocks of %d, %d steps%n%n", batch, context,
            length, block, plan.steps());
        Map<String, Object> results = new LinkedHashMap<>();
        results.put("model", model);
        results.put("machine", on.toMap());
        results.put("methods", methods(costs, plan, on, options));
        if (listed != null) {
            options.out().println();
            results.put("ops", ops(costs.costByOp(plan.with(listed), on), options));
        }
        return results;
    }

    /** What reads a file. */
    private interface Reader<T> {
        T read(Path file) throws IOException;
    }

    private static <T> T named(String option, String name, Map<String, T> presets, Reader<T> reader) throws IOException {
        if (presets.containsKey(name)) {
            return presets.get(name);
        }
        Path file = Path.of(name);
        if (!Files.exists(file)) {
            throw new UsageException(option + ": there is no file " + name + ", and it is none of "
                + String.join(", ", presets.keySet()));
        }
        return reader.read(file);
    }

    private static DecoderConfig config(Path file) throws IOException {
        WeightFile.ModelShape shape = WeightFile.read(file).shape();
        if (shape.architecture() == null) {
            throw new UsageException("--model: " + file + " does not describe a decoder"
                + (shape.notSupported() == null ? "" : "; " + shape.notSupported()));
        }
        return shape.architecture().config();
    }

    private static List<Map<String, Object>> methods(CostModel costs, DecodingPlan plan, Machine on, CommonOptions options) {
        Cost ar = costs.cost(plan, on);
        options.out().printf("%-9s%8s%10s%11s%11s%10s%10s%11s%9s%9s%n", "method", "passes", "TFLOP", "GB", "FLOP/byte", "s",
            "ms/token", "tokens/s", "x ar", "K*");
        List<Map<String, Object>> rows = new ArrayList<>();
        for (DecodingMethod method : DecodingMethod.values()) {
            DecodingPlan other = plan.with(method);
            Cost cost = costs.cost(other, on);
            boolean diffusion = method != DecodingMethod.AUTOREGRESSIVE;
            double even = diffusion ? costs.breakEvenSteps(other, ar.seconds(), on) : Double.NaN;
            int passes = other.phases().stream().mapToInt(DecodingPlan.Phase::count).sum();
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("method", method.text());
            row.put("passes", passes);
            put(row, cost);
            row.put("ms_per_token", cost.seconds() * 1e3 / plan.length());
            row.put("tokens_per_s", plan.tokens() / cost.seconds());
            row.put("speed_to_ar", ar.seconds() / cost.seconds());
            // Fewer than one step a block there cannot be.
            row.put("break_even_steps", even >= plan.blocks() ? even : null);
            rows.add(row);
            options.out().printf("%-9s%8d%10.4g%11.5g%11.2f%10.4g%10.4g%11.1f%9.2f%9s%n", method.text(), passes,
                cost.flops() / TERA, cost.bytes() / GIGA, cost.intensity(), cost.seconds(), row.get("ms_per_token"),
                row.get("tokens_per_s"), row.get("speed_to_ar"), !diffusion ? ""
                : even >= plan.blocks() ? "%.1f".formatted(even) : "none");
        }
        options.out().printf("%nx ar: speed, ar = 1. K*: steps at which it is as fast as ar; none: slower with one a block.%n");
        return rows;
    }

    private static List<Map<String, Object>> ops(Map<String, Cost> costs, CommonOptions options) {
        double seconds = costs.values().stream().mapToDouble(Cost::seconds).sum();
        options.out().printf("%-20s%12s%12s%12s%12s%7s%n", "op", "GFLOP", "GB", "FLOP/byte", "ms", "%");
        List<Map<String, Object>> rows = new ArrayList<>();
        costs.forEach((name, cost) -> {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("op", name);
            put(row, cost);
            rows.add(row);
            options.out().printf("%-20s%12.5g%12.5g%12.2f%12.5g%7.1f%n", name, cost.flops() / GIGA, cost.bytes() / GIGA,
                cost.intensity(), cost.seconds() * 1e3, 100 * cost.seconds() / seconds);
        });
        return rows;
    }

    private static void put(Map<String, Object> row, Cost cost) {
        row.put("flops", cost.flops());
        row.put("bytes", cost.bytes());
        row.put("intensity", cost.intensity());
        row.put("seconds", cost.seconds());
    }
}
