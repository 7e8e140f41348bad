package dev.ricci.examples;

import dev.ricci.models.decoder.DecoderConfig;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Says what is in a file of weights, without reading them. */
@Command(name = "inspect", description = "Show what a model is: its shape, its parameters, their types, the memory it takes.")
public final class InspectCommand implements RicciCommand {
    private static final double MEBIBYTE = 1 << 20;
    private static final int SHOWN = 100;

    @Parameters(paramLabel = "MODEL", description = "A folder with config.json; a .gguf, .safetensors or .onnx file, or the"
        + " first of its parts or the index of shards; a run folder of ricci train; or a llama2.c model.")
    private Path model;

    @Option(names = "--tensors", description = "List every tensor.")
    private boolean tensors;

    @Option(names = "--context", paramLabel = "N", defaultValue = "0",
        description = "Count the memory of a cache of N tokens. 0: the model's whole context.")
    private int context;

    /** Made by the service loader. */
    public InspectCommand() {
    }

    @Override
    public Map<String, ?> run(CommonOptions options) throws Exception {
        if (context < 0) {
            throw new UsageException("--context: must be 0 or more, got " + context);
        }
        WeightFile file = WeightFile.read(model);
        Map<String, Object> results = new LinkedHashMap<>();
        results.put("format", file.format());
        results.put("parameters", file.tensors().stream().mapToLong(t -> t.shape().size()).sum());
        results.put("bytes", file.tensors().stream().mapToLong(WeightFile.Entry::bytes).sum());
        results.put("tensors", file.tensors().size());
        results.put("types", types(file.tensors()));
        results.put("settings", file.settings());
        results.put("vocabulary", file.vocabulary());
        results.put("chat_template", file.chatTemplate());
        decoder(file.shape(), results);
        if (tensors) {
            results.put("table", file.tensors().stream().map(WeightFile.Entry::toMap).toList());
        }
        show(results, options);
        return results;
    }

    private static Map<String, Object> types(List<WeightFile.Entry> tensors) {
        Map<String, long[]> sums = new TreeMap<>();
        for (WeightFile.Entry t : tensors) {
            long[] sum = sums.computeIfAbsent(t.type(), k -> new long[3]);
            sum[0]++;
            sum[1] += t.shape().size();
            sum[2] += t.bytes();
        }
        Map<String, Object> types = new LinkedHashMap<>();
        sums.forEach((type, sum) -> {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("tensors", sum[0]);
            row.put("parameters", sum[1]);
            row.put("bytes", sum[2]);
            types.put(type, row);
        });
        return types;
    }

    /** What Ricci makes of it, if it is a language model. */
    private void decoder(WeightFile.ModelShape shape, Map<String, Object> results) {
        if (shape.notSupported() != null) {
            results.put("not_supported", shape.notSupported());
        }
        if (shape.architecture() != null) {
            DecoderConfig c = shape.architecture().config();
            int tokens = context == 0 ? c.contextLength() : Math.min(context, c.contextLength());
            // Keys and values of every layer, as F32.
            long perToken = 2L * Float.BYTES * c.layers() * c.attention().kvHeads() * c.attention().headWidth();
            results.put("architecture", shape.architecture().name());
            results.put("decoder", c.toMap());
            results.put("cache_tokens", tokens);
            results.put("cache_bytes", perToken * tokens);
        }
    }

    private void show(Map<String, Object> results, CommonOptions options) {
        results.forEach((name, value) -> {
            switch (name) {
                case "settings", "decoder", "types" -> {
                    if (!((Map<?, ?>) value).isEmpty()) {
                        options.out().println(name + ":");
                        ((Map<?, ?>) value).forEach((k, v) -> options.out().printf("  %-40s %s%n", k, shortened(v)));
                    }
                }
                case "table" -> ((List<?>) value).forEach(row -> {
                    Map<?, ?> t = (Map<?, ?>) row;
                    options.out().printf("%-48s %-6s %-20s %,d%n", t.get("name"), t.get("type"), t.get("shape"), t.get("bytes"));
                });
                case "bytes", "cache_bytes" -> options.out().printf("%-14s %,d (%.1f MiB)%n", name, (Long) value,
                    (Long) value / MEBIBYTE);
                case "parameters" -> options.out().printf("%-14s %,d%n", name, (Long) value);
                default -> options.out().printf("%-14s %s%n", name, value);
            }
        });
    }

    private static String shortened(Object value) {
        String s = String.valueOf(value).replace("\n", "\\n");
        return s.length() <= SHOWN ? s : s.substring(0, SHOWN) + "...";
    }
}
