package dev.ricci.examples;

import dev.ricci.models.encoder.SentenceEmbedder;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.io.Npy;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Embeds texts with an encoder, or ranks them by their likeness to a query. */
@Command(name = "embed", description = "Embed texts with an encoder, or rank them by likeness to a query.")
public final class EmbedCommand implements RicciCommand {
    @Parameters(index = "0", paramLabel = "MODEL",
        description = "A folder with config.json, model.safetensors and tokenizer.json; a .gguf file; or a .onnx file"
            + " with its tokenizer.json beside it.")
    private Path model;

    @Parameters(index = "1..*", arity = "0..*", paramLabel = "TEXT", showDefaultValue = Visibility.NEVER,
        description = "Texts to embed.")
    private List<String> texts = List.of();

    @Option(names = "--input", paramLabel = "FILE", description = "More texts, one a line, in UTF-8.")
    private Path input;

    @Option(names = "--query", paramLabel = "TEXT",
        description = "Print the texts by the cosine of their angle to this one, the likest first.")
    private String query;

    @Option(names = "--npy", paramLabel = "FILE", description = "Write the embeddings as an array [texts, width].")
    private Path npy;

    /** Made by the service loader. */
    public EmbedCommand() {
    }

    @Override
    public Map<String, ?> run(CommonOptions options) throws Exception {
        List<String> all = new ArrayList<>(texts);
        if (input != null) {
            TextSource.read(input).lines().forEach(all::add);
        }
        if (all.isEmpty()) {
            throw new UsageException("embed: nothing to embed; give texts, or --input FILE");
        }
        SentenceEmbedder embedder = SentenceEmbedder.load(model);
        long began = System.nanoTime();
        float[][] rows = embedder.embed(all);
        double seconds = (System.nanoTime() - began) / 1e9;
        Map<String, Object> results = new LinkedHashMap<>();
        results.put("texts", all.size());
        results.put("width", embedder.width());
        results.put("seconds", seconds);
        if (npy != null) {
            Npy.save(npy, Tensor.stack(0, Arrays.stream(rows).map(Tensor::of).toList()));
            options.out().printf(Locale.ROOT, "%d embeddings of %d numbers in %s%n", all.size(), embedder.width(), npy);
            results.put("npy", npy.toString());
        }
        if (query != null) {
            results.put("ranking", ranking(embedder.embed(query), all, rows, options.out()));
        } else if (npy == null) {
            for (float[] row : rows) {
                options.out().println(String.join(" ", numbers(row).stream().map(Object::toString).toList()));
            }
            results.put("embeddings", IntStream.range(0, rows.length).mapToObj(i -> numbers(rows[i])).toList());
        }
        return results;
    }

    private static List<Float> numbers(float[] row) {
        List<Float> numbers = new ArrayList<>(row.length);
        for (float x : row) {
            numbers.add(x);
        }
        return numbers;
    }

    private static List<Map<String, Object>> ranking(float[] query, List<String> texts, float[][] rows, PrintStream out) {
        return IntStream.range(0, rows.length).boxed()
            .map(i -> Map.entry(i, SentenceEmbedder.cosine(query, rows[i])))
            .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder())).map(e -> {
                String text = texts.get(e.getKey());
                out.printf(Locale.ROOT, "%6.3f  %s%n", e.getValue(), text);
                Map<String, Object> line = new LinkedHashMap<>();
                line.put("cosine", e.getValue());
                line.put("text", text);
                return line;
            }).toList();
    }
}
