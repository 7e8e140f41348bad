package dev.ricci.models.cost;

import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.io.AtomicFiles;
import dev.ricci.tensor.io.Json;
import dev.ricci.tensor.io.JsonObject;
import dev.ricci.tensor.profile.OpCost;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The limits of a machine (Williams, Waterman and Patterson 2009). An op takes the longer of bytes / bandwidth and work /
 * peak.
 *
 * @param name of it
 * @param bandwidth of the memory, in bytes a second
 * @param peak of matrix products, in FLOP/s
 * @param elements element-wise operations a second when no memory is touched; they do not run on the units of the products
 * @param source where the numbers are from
 */
public record Machine(String name, double bandwidth, double peak, double elements, String source) {
    private static final double TERA = 1e12;

    /** Checks every field. */
    public Machine {
        positive("bandwidth", bandwidth);
        positive("peak", peak);
        positive("elements", elements);
    }

    private static void positive(String name, double value) {
        if (!(value > 0) || Double.isInfinite(value)) {
            throw new TensorException("machine: " + name + " must be positive and finite, got " + value);
        }
    }

    /** The known ones by name, for 16-bit numbers; vendors' peaks are those without sparsity. */
    public static Map<String, Machine> presets() {
        // 84 multiprocessors at 1.41 GHz, each with 4 tensor cores of 256 multiply-adds and 128 plain cores.
        double clocks = 84 * 1.41e9;
        Map<String, Machine> all = new LinkedHashMap<>();
        for (Machine m : List.of(
                new Machine("a6000", 768e9, 2 * 4 * 256 * clocks, 128 * clocks, "the model of the roofline scripts in the"
                        + " public repository minseo25/LLaDA (arXiv 2510.04146)"),
                new Machine("a100", 2.039 * TERA, 312 * TERA, 19.5 * TERA / 2, "NVIDIA's data sheet, A100 80 GB SXM"),
                new Machine("h100", 3.35 * TERA, 989.4 * TERA, 66.9 * TERA / 2, "NVIDIA's data sheet, H100 SXM5"),
                new Machine("h200", 4.8 * TERA, 989.4 * TERA, 66.9 * TERA / 2, "NVIDIA's data sheet, H200 SXM"))) {
            all.put(m.name, m);
        }
        return all;
    }

    /** FLOPs per byte at which products stop being bound by the memory. */
    public double ridge() {
        return peak / bandwidth;
    }

    /** The least time of one run of an op, in seconds. */
    public double seconds(OpRow.Kind kind, OpCost cost) {
        return Math.max(cost.bytes() / bandwidth, cost.flops() / (kind == OpRow.Kind.ELEMENTWISE ? elements : peak));
    }

    /** The fields by name, as JSON values. */
    public Map<String, Object> toMap() {
        Map<String, Object> m = new LinkedHashMap<>();
        m.put("name", name);
        m.put("bandwidth_bytes_per_s", bandwidth);
        m.put("peak_flops_per_s", peak);
        m.put("elements_per_s", elements);
        m.put("source", source);
        return m;
    }

    /** Writes {@link #toMap} as JSON. */
    public void write(Path file) throws IOException {
        AtomicFiles.writeString(file, Json.write(toMap(), Json.Style.CANONICAL));
    }

    /**
     * Reads what {@link #write} wrote, or a person.
     *
     * @throws FormatException if a field is missing, unknown or no positive number
     */
    public static Machine read(Path file) throws IOException {
        JsonObject json = JsonObject.ofAll(Json.read(file), file.toString(), "mean another machine");
        try {
            Machine machine = new Machine(json.text("name"), json.number("bandwidth_bytes_per_s"),
                    json.number("peak_flops_per_s"), json.number("elements_per_s"), json.text("source"));
            json.end();
            return machine;
        } catch (FormatException e) {
            throw e;
        } catch (TensorException e) {
            throw new FormatException(file + ": " + e.getMessage(), e);
        }
    }
}
