package dev.ricci.models.lora;

import dev.ricci.nn.Layer;
import dev.ricci.nn.Linear;
import dev.ricci.nn.Parameter;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A low-rank adapter of a model: h = W x + b + s B A x at each of its targets (Hu et al. 2021, eq. 3), W frozen. It is a
 * layer of its own beside the model, with the parameters {@code <path of the target>.lora_A.weight} [r, in] and
 * {@code .lora_B.weight} [out, r]: its {@code parameters()} are what an optimizer trains, and a trainer that is given the
 * adapter as its model keeps no copy of the base in checkpoints:
 *
 * {@snippet :
 * LoraAdapter adapter = LoraAdapter.on(model, LoraConfig.of(8), Rng.of(1));
 * Trainer.of(adapter, b -> model.loss(b.inputs(), b.targets()), loader, AdamW.of(adapter.parameters(), 1e-3), options).run();
 * PeftFolder.save(folder, adapter, "the-base-model");
 * }
 *
 * <p>The model computes with every adapter that is attached to it; {@link #detach} takes one away, {@link #merge} puts it
 * into the weights. The base may be loaded as stored, unless it is merged.
 */
public final class LoraAdapter extends Layer {
    /** A linear layer, its adapter, and its weight as it was before it was merged, or null. */
    private static final class Target {
        final Linear linear;
        final LoraLinear adapter;
        Tensor original;

        Target(Linear linear, LoraLinear adapter) {
            this.linear = linear;
            this.adapter = adapter;
        }

        /** W + s B A. */
        Tensor merged(Tensor weight) {
            return NoGrad.call(() -> weight.add(adapter.delta()));
        }
    }

    /** The part of the paths below one name. */
    private static final class Branch extends Layer {
        Branch(Map<String, LoraLinear> adapters) {
            byFirstName(adapters).forEach((name, below) -> child(name, part(below)));
        }
    }

    private final LoraConfig config;
    private final Map<String, Target> targets = new LinkedHashMap<>();
    private boolean attached;
    private boolean merged;

    /** Not yet attached. */
    LoraAdapter(Map<String, Linear> layers, LoraConfig config, Rng rng) {
        this.config = config;
        Map<String, LoraLinear> adapters = new LinkedHashMap<>();
        layers.forEach((path, linear) -> {
            LoraLinear adapter = new LoraLinear(linear.weight().spec().shape().dim(1),
                    linear.weight().spec().shape().dim(0), config, rng.split(path));
            adapters.put(path, adapter);
            targets.put(path, new Target(linear, adapter));
        });
        byFirstName(adapters).forEach((name, below) -> child(name, part(below)));
    }

    private static Map<String, Map<String, LoraLinear>> byFirstName(Map<String, LoraLinear> adapters) {
        Map<String, Map<String, LoraLinear>> grouped = new LinkedHashMap<>();
        adapters.forEach((path, adapter) -> {
            int dot = path.indexOf('.');
            String first = dot < 0 ? path : path.substring(0, dot);
            grouped.computeIfAbsent(first, name -> new LinkedHashMap<>())
                    .put(dot < 0 ? "" : path.substring(dot + 1), adapter);
        });
        return grouped;
    }

    private static Layer part(Map<String, LoraLinear> below) {
        LoraLinear here = below.get("");
        return here != null ? here : new Branch(below);
    }

    /**
     * Freezes a model and attaches a fresh adapter, which changes nothing until it is trained.
     *
     * @param rng of the first A
     * @throws TensorException if no linear layer is a target, or one is the output head
     */
    public static LoraAdapter on(Layer model, LoraConfig config, Rng rng) {
        Map<String, Linear> all = linears(model);
        Map<String, Linear> chosen = new LinkedHashMap<>(all);
        chosen.keySet().removeIf(path -> !config.targets().matches(path));
        if (chosen.isEmpty()) {
            throw new TensorException("lora: no linear layer of " + model + " fits the targets " + config.targets().toJson()
                    + "; it has " + all.keySet());
        }
        return new LoraAdapter(chosen, config, rng).attachTo(model);
    }

    /** Every linear layer by path. */
    static Map<String, Linear> linears(Layer model) {
        Map<String, Linear> found = new LinkedHashMap<>();
        collect(model, "", found);
        return found;
    }

    private static void collect(Layer layer, String path, Map<String, Linear> found) {
        layer.children().forEach((name, child) -> {
            if (child instanceof Linear linear) {
                found.put(path + name, linear);
            } else {
                collect(child, path + name + ".", found);
            }
        });
    }

    LoraAdapter attachTo(Layer model) {
        targets.keySet().stream().filter(LoraTargets::isHead).findFirst().ifPresent(head -> {
            throw new TensorException("lora: '" + head + "' is the output head, which takes no adapter: the loss reads its"
                    + " weight directly, and it may be the embedding's; leave it out of the targets");
        });
        model.freeze();
        attach();
        return this;
    }

    /** What it is made of. */
    public LoraConfig config() {
        return config;
    }

    /** Makes the model compute with this adapter again. */
    public void attach() {
        refuseIfMerged("attach");
        if (!attached) {
            targets.values().forEach(t -> t.linear.attach(t.adapter));
            attached = true;
        }
    }

    /** Makes the model compute without this adapter. */
    public void detach() {
        refuseIfMerged("detach");
        targets.values().forEach(t -> t.linear.detach(t.adapter));
        attached = false;
    }

    private void refuseIfMerged(String what) {
        if (merged) {
            throw new TensorException("lora: " + what + ": the adapter is merged into the weights; unmerge() it first");
        }
    }

    /**
     * Adds the adapter to the weights, W + s B A, and computes with those alone: as fast as the base. The weights as they
     * were are kept for {@link #unmerge}. No other thread may use the model meanwhile.
     *
     * @throws TensorException if it is merged already, or a weight was loaded as stored, which never changes; nothing has
     *     changed then
     */
    public void merge() {
        refuseIfMerged("merge");
        targets.forEach((path, t) -> {
            Parameter weight = t.linear.weight();
            if (!weight.storedAs().equals(weight.spec().dtype().name())) {
                throw new TensorException("lora: merge: the weight of '" + path + "' is kept as " + weight.storedAs()
                        + ", which never changes; load the model with F32 weights to merge");
            }
        });
        detach();
        targets.values().forEach(t -> {
            t.original = t.linear.weight().snapshot();
            t.linear.weight().assign(t.merged(t.original));
        });
        merged = true;
    }

    /**
     * Puts back the weights as they were before {@link #merge}, bit for bit, and attaches the adapter. No other thread may
     * use the model meanwhile.
     *
     * @throws TensorException if it is not merged, or weights have changed since, by training or by another adapter that
     *     was merged later; nothing has changed then
     */
    public void unmerge() {
        if (!merged) {
            throw new TensorException("lora: unmerge: the adapter is not merged");
        }
        targets.forEach((path, t) -> {
            if (!sameValues(t.merged(t.original), t.linear.weight().value())) {
                throw new TensorException("lora: unmerge: the weight of '" + path + "' is not what merge() made of it; what"
                        + " was changed since would be lost. Unmerge adapters in the reverse order, before anything is"
                        + " trained");
            }
        });
        targets.values().forEach(t -> {
            t.linear.weight().assign(t.original);
            t.original = null;
        });
        merged = false;
        attach();
    }

    private static boolean sameValues(Tensor a, Tensor b) {
        return NoGrad.call(() -> a.eq(b).all().item()) != 0;
    }

    /** Whether it is merged into the weights. */
    public boolean isMerged() {
        return merged;
    }
}
