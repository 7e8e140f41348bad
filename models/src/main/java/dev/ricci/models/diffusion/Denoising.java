package dev.ricci.models.diffusion;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.nn.KvCache;
import dev.ricci.tensor.TensorException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** One text on its way from hidden to known: which tokens the model must read next, and what becomes of its logits. */
final class Denoising {
    /** One version of the text: as it is, or with its prompt hidden. */
    static final class Lane {
        private final boolean hidesPrompt;
        final KvCache cache;

        private Lane(boolean hidesPrompt, KvCache cache) {
            this.hidesPrompt = hidesPrompt;
            this.cache = cache;
        }
    }

    /** A prediction for a hidden place. */
    record Guess(int position, int id, double confidence, double order) {
    }

    private final DecoderConfig.Diffusion model;
    private final int vocabulary;
    private final DiffusionOptions options;
    private final double temperature;
    private final Draws draws;
    private final int[] ids;
    private final boolean[] given;
    private final int[] steps;
    private final List<int[]> groups;
    private final int stepsPerGroup;
    private final List<Lane> lanes = new ArrayList<>();

    private int group = -1;
    private int[] quota;
    private int stepInGroup;
    private int step;
    private double time;
    /** Tokens before it are known, and the exact cache holds them so. */
    private int stored;
    private int passes;
    private long tokensRead;

    /**
     * @param ids the text; hidden ones are the model's mask id. Changed as they become known
     * @param newTokens that were asked for: what steps are counted for
     */
    Denoising(Decoder decoder, int[] ids, int newTokens, DiffusionOptions options, double temperature, long seed) {
        this.model = decoder.config().diffusion().orElseThrow();
        this.vocabulary = decoder.config().vocabSize();
        this.options = options;
        this.temperature = temperature;
        this.draws = new Draws(seed);
        this.ids = ids;
        this.steps = new int[ids.length];
        this.given = new boolean[ids.length];
        for (int i = 0; i < ids.length; i++) {
            given[i] = ids[i] != model.maskId();
        }
        int block = options.blockOf(model, newTokens);
        this.groups = groups(block);
        this.stepsPerGroup = options.unmasking() instanceof Unmasking.Steps(int n, Remasking _) ? n / (newTokens / block) : 0;
        lanes.add(new Lane(false, decoder.newCache(1, ids.length)));
        if (options.guidance() > 0) {
            lanes.add(new Lane(true, decoder.newCache(1, ids.length)));
        }
        nextGroup();
    }

    /** Hidden places that are completed together: of one block of the model, or so many in order. */
    private List<int[]> groups(int block) {
        int[] hidden = IntStream.range(0, ids.length).filter(i -> !given[i]).toArray();
        List<int[]> found = new ArrayList<>();
        for (int from = 0; from < hidden.length;) {
            int to = from + 1;
            while (to < hidden.length
                    && (model.block() > 0 ? hidden[to] / block == hidden[from] / block : to - from < block)) {
                to++;
            }
            found.add(Arrays.copyOfRange(hidden, from, to));
            from = to;
        }
        return found;
    }

    private void nextGroup() {
        group++;
        stepInGroup = 0;
        time = 1;
        if (!isDone() && options.unmasking() instanceof Unmasking.Steps) {
            quota = Unmasking.Steps.split(groups.get(group).length, stepsPerGroup);
        }
    }

    /** Whether all is known. */
    boolean isDone() {
        return group == groups.size();
    }

    /** First place of the group, or of its block. */
    private int start() {
        int first = groups.get(group)[0];
        return model.block() > 0 ? first / model.block() * model.block() : first;
    }

    private int end() {
        int[] places = groups.get(group);
        return model.block() > 0 ? Math.min(ids.length, start() + model.block()) : places[places.length - 1] + 1;
    }

    /** The versions of the text that the model must read. */
    List<Lane> lanes() {
        return lanes;
    }

    /** The first token that the model must read. */
    int readFrom() {
        return switch (options.caching()) {
            case NONE -> 0;
            case PREFIX, DUAL -> stepInGroup == 0 ? 0 : start();
            case EXACT -> stored;
        };
    }

    /** One more than the last token that the model must read. */
    int readTo() {
        boolean inside = options.caching() == Caching.DUAL && stepInGroup > 0;
        return model.block() > 0 || inside ? end() : ids.length;
    }

    /** What a lane's model reads there. */
    void read(Lane lane, int[] into, int at) {
        for (int i = readFrom(); i < readTo(); i++) {
            into[at++] = lane.hidesPrompt && given[i] ? model.maskId() : ids[i];
        }
    }

    /** The places whose logits are wanted: those of the group that are hidden. */
    int[] wanted() {
        return Arrays.stream(groups.get(group)).filter(i -> ids[i] == model.maskId()).toArray();
    }

    /** All ids; hidden ones are the mask id. */
    int[] ids() {
        return ids;
    }

    /** What was made of the text so far, or of its first {@code length} ids. */
    DiffusionResult result(int length) {
        return new DiffusionResult(Arrays.copyOf(ids, length), Arrays.copyOf(steps, length), passes, tokensRead);
    }

    /**
     * Takes a step.
     *
     * @param found a guess for each of the wanted places
     * @return what became known, by place
     */
    List<Reveal> step(List<Guess> found) {
        int places = found.size();
        passes++;
        tokensRead += (long) lanes.size() * (readTo() - readFrom());
        step++;
        List<Guess> guesses = new ArrayList<>(found);
        // Equal ones in the order of their places.
        guesses.sort(Comparator.comparingDouble(Guess::order).reversed().thenComparing(Guess::position));
        List<Guess> chosen = guesses.subList(0, count(guesses));
        double noise = options.unmasking() instanceof Unmasking.FirstHitting
                ? time *= StrictMath.pow(draws.time(step), 1.0 / places)
                : (double) places / groups.get(group).length;
        List<Reveal> revealed = new ArrayList<>(chosen.size());
        for (Guess g : chosen) {
            ids[g.position] = g.id;
            steps[g.position] = step;
            revealed.add(new Reveal(step, g.position, g.id, g.confidence, noise));
        }
        revealed.sort(Comparator.comparingInt(Reveal::position));
        stored = start();
        stepInGroup++;
        if (chosen.size() == places) {
            nextGroup();
        }
        return revealed;
    }

    /** l_u + (s + 1) (l_c - l_u), into the first lane. */
    private void guide(double[] logits, int at) {
        for (int i = at; i < at + vocabulary; i++) {
            double free = logits[vocabulary + i];
            // The mask id has -infinity in both.
            logits[i] = Double.isInfinite(free) ? free : free + (options.guidance() + 1) * (logits[i] - free);
        }
    }

    /**
     * Guesses an id in the next step.
     *
     * @param position a wanted place
     * @param logits V of each lane, one lane after the other, from {@code at} on; may be written over
     * @throws TensorException if they are not finite
     */
    Guess guess(int position, double[] logits, int at) {
        int next = step + 1;
        if (lanes.size() == 2) {
            guide(logits, at);
        }
        int best = 0;
        for (int v = 0; v < vocabulary; v++) {
            if (Double.isNaN(logits[at + v])) {
                throw new TensorException("diffusion: the logit of id " + v + " at position " + position
                        + " is NaN; the model's weights or inputs are not finite");
            }
            best = logits[at + v] > logits[at + best] ? v : best;
        }
        double largest = logits[at + best];
        if (Double.isInfinite(largest)) {
            throw new TensorException("diffusion: the largest logit at position " + position + " is " + largest
                    + "; there are no probabilities");
        }
        int id = temperature == 0 ? best : draws.token(next, position, logits, at, vocabulary, temperature);
        double total = 0;
        for (int v = 0; v < vocabulary; v++) {
            total += StrictMath.exp(logits[at + v] - largest);
        }
        double confidence = StrictMath.exp(logits[at + id] - largest) / total;
        boolean random = switch (options.unmasking()) {
            case Unmasking.Steps(int _, Remasking remasking) -> remasking == Remasking.RANDOM;
            case Unmasking.Confidence _ -> false;
            case Unmasking.FirstHitting _ -> true;
        };
        return new Guess(position, id, confidence, random ? draws.place(next, position) : confidence);
    }

    /** How many of the guesses, the best first, become known. */
    private int count(List<Guess> guesses) {
        return switch (options.unmasking()) {
            case Unmasking.Steps _ -> quota[stepInGroup];
            case Unmasking.FirstHitting _ -> 1;
            case Unmasking.Confidence(double threshold) -> Math.max(1,
                    (int) guesses.stream().filter(g -> g.confidence >= threshold).count());
        };
    }
}
