package dev.ricci.examples;

import dev.ricci.models.LanguageModel;
import dev.ricci.models.chat.ChatEncoder;
import dev.ricci.models.chat.ChatMessage;
import dev.ricci.models.diffusion.DiffusionGenerator;
import dev.ricci.models.generation.EngineOptions;
import dev.ricci.models.generation.GenerationConfig;
import dev.ricci.models.generation.Generator;
import dev.ricci.models.generation.InferenceEngine;
import dev.ricci.models.generation.TextStream;
import dev.ricci.tensor.TensorException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Talks with a model, line by line. */
@Command(name = "run", description = "Talk with a model; one that has no chat template continues each line.",
    footer = {"", "Reads lines from standard input, a terminal or a pipe. /clear forgets what was said, /exit ends."})
public final class RunCommand implements RicciCommand {
    private static final int USUAL_TOKENS = 512;

    @Mixin
    private ModelOptions model;

    @Option(names = "--prompt", paramLabel = "TEXT", description = "Say this and end, instead of reading lines.")
    private String prompt;

    @Option(names = "--system", paramLabel = "TEXT", description = "What the model is told about its part.")
    private String system;

    @Option(names = "--tokens", paramLabel = "N", description = "At most this many new tokens a turn. Default: " + USUAL_TOKENS
        + ", or what fits into a diffusion model's context.")
    private Integer tokens;

    @Mixin
    private SamplingOptions sampling;

    @Mixin
    private DiffusionChoices diffusion;

    /** Made by the service loader. */
    public RunCommand() {
    }

    @Override
    public Map<String, ?> run(CommonOptions options) throws Exception {
        GenerationConfig config = sampling.config(tokens == null ? USUAL_TOKENS : tokens, options.seed(), true);
        LanguageModel loaded = model.load();
        Optional<ChatEncoder> chat = ChatEncoder.of(loaded);
        if (system != null && chat.isEmpty()) {
            throw new UsageException("--system: the model has no chat template, so it knows no roles; put the text before"
                + " the prompt");
        }
        Optional<DiffusionGenerator> denoiser = diffusion.generator(loaded.decoder());
        if (denoiser.isPresent()) {
            Generator fitting = (ids, c, onToken) -> denoiser.get().generate(ids, tokens != null ? c
                : c.withMaxNewTokens(Writer.tokens(loaded.decoder(), ids.length, USUAL_TOKENS)), onToken);
            return talk(new Conversation(fitting, loaded, chat, config, system, options.out()));
        }
        try (InferenceEngine engine = new InferenceEngine(loaded.decoder(),
            EngineOptions.of(loaded.decoder()).withMaxSequences(1))) {
            return talk(new Conversation(engine, loaded, chat, config, system, options.out()));
        }
    }

    private Map<String, ?> talk(Conversation conversation) throws IOException {
        if (prompt != null) {
            conversation.turn(prompt);
        } else {
            if (!model.isGiven()) {
                conversation.out.println("No model is named: this is " + ShippedModel.FOLDER + ", a small one that was"
                    + " trained on the sources of this project. It continues what you type.");
            }
            conversation.read();
        }
        return Map.of("turns", conversation.turns);
    }

    /** What was said so far. */
    private static final class Conversation {
        private final Generator generator;
        private final LanguageModel model;
        private final Optional<ChatEncoder> chat;
        private final GenerationConfig config;
        private final String system;
        private final PrintStream out;
        private final List<ChatMessage> messages = new ArrayList<>();
        private final List<Map<String, Object>> turns = new ArrayList<>();

        Conversation(Generator generator, LanguageModel model, Optional<ChatEncoder> chat, GenerationConfig config,
            String system, PrintStream out) {
            this.generator = generator;
            this.model = model;
            this.chat = chat;
            this.config = config;
            this.system = system;
            this.out = out;
            clear();
        }

        private void clear() {
            messages.clear();
            if (system != null) {
                messages.add(ChatMessage.system(system));
            }
        }

        void read() throws IOException {
            boolean terminal = System.console() != null && System.console().isTerminal();
            Charset charset = terminal ? System.console().charset() : StandardCharsets.UTF_8;
            BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, charset));
            while (true) {
                if (terminal) {
                    out.print("> ");
                    out.flush();
                }
                String line = lines.readLine();
                if (line == null || line.strip().equals("/exit")) {
                    return;
                }
                if (line.strip().equals("/clear")) {
                    clear();
                } else if (!line.isBlank()) {
                    turn(line);
                }
            }
        }

        void turn(String line) {
            int[] ids = ids(line);
            int context = model.decoder().config().contextLength();
            if (ids.length >= context) {
                throw new TensorException("run: the conversation has " + ids.length + " tokens, the model's context holds "
                    + context + "; /clear starts a new one");
            }
            TextStream text = new TextStream(model.tokenizer(), ids, config.stop());
            Clock clock = new Clock();
            if (chat.isEmpty()) {
                out.print(line);
            }
            generator.generate(ids, config, id -> {
                if (model.endIds().contains(id)) {
                    return false;
                }
                clock.token();
                print(text.next(id));
                return !text.stopped();
            });
            print(text.end());
            out.println();
            if (chat.isPresent()) {
                messages.add(ChatMessage.assistant(text.text()));
            }
            note(line, text.text(), clock);
        }

        private int[] ids(String line) {
            if (chat.isEmpty()) {
                int[] ids = model.tokenizer().encodePrompt(line);
                if (ids.length == 0) {
                    throw new TensorException("run: the prompt is empty, and the vocabulary has no token to begin with");
                }
                return ids;
            }
            messages.add(ChatMessage.user(line));
            return chat.get().prompt(messages);
        }

        private void print(String piece) {
            out.print(piece);
            out.flush();
        }

        private void note(String line, String text, Clock clock) {
            long nanos = System.nanoTime() - clock.start;
            Map<String, Object> turn = new LinkedHashMap<>();
            turn.put("prompt", line);
            turn.put("text", text);
            turn.put("tokens", clock.count);
            turn.put("tokens_per_second", nanos == 0 ? 0 : clock.count * 1e9 / nanos);
            turn.put("time_to_first_token_ms", clock.count == 0 ? 0 : (clock.first - clock.start) / 1e6);
            turns.add(turn);
        }
    }

    /** When tokens came. */
    private static final class Clock {
        private final long start = System.nanoTime();
        private long first;
        private int count;

        void token() {
            first = count++ == 0 ? System.nanoTime() : first;
        }
    }
}
