package dev.ricci.models.serve;

import dev.ricci.models.chat.ChatMessage;
import dev.ricci.models.generation.GenerationConfig;
import dev.ricci.models.generation.Sampling;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/**
 * What a client asks a language model for.
 *
 * @param model its name; null for the only one
 * @param input what is to be continued
 * @param config what to generate
 * @param logProbabilities how many of the likeliest ids to report for each token; -1 for no probabilities at all
 * @param stream whether the answer comes piece by piece
 * @param includeUsage whether the last piece says how many tokens there were
 */
record CompletionRequest(String model, Input input, GenerationConfig config, int logProbabilities, boolean stream,
        boolean includeUsage) {
    private static final Set<String> ROLES = Set.of("system", "developer", "user", "assistant");
    private static final int MAX_STOPS = 16;
    private static final int MAX_STOP_LENGTH = 1000;
    private static final int MAX_TOP = 20;
    /** What OpenAI's interface says of a completion without a number. */
    private static final int COMPLETION_TOKENS = 16;

    /** What is to be continued. */
    sealed interface Input {
        /** A conversation, and variables for its template. */
        record Chat(List<ChatMessage> messages, Map<String, Object> variables) implements Input {
        }

        /** A text. */
        record Text(String text) implements Input {
        }

        /** Ids. */
        record Ids(int[] ids) implements Input {
        }
    }

    /** The body of {@code /v1/chat/completions}. */
    static CompletionRequest chat(Map<String, Object> json, int maxTokens) {
        Fields f = new Fields(json, "");
        List<ChatMessage> messages = messages(f);
        Map<String, Object> variables = new LinkedHashMap<>();
        if (f.value("chat_template_kwargs") instanceof Map<?, ?> m) {
            m.forEach((k, v) -> variables.put((String) k, v));
        } else if (f.has("chat_template_kwargs")) {
            throw f.wrong("chat_template_kwargs", "must be an object");
        }
        long most = f.whole("max_completion_tokens", 1, maxTokens, f.whole("max_tokens", 1, maxTokens, maxTokens));
        boolean logs = f.truth("logprobs", false);
        int top = (int) f.whole("top_logprobs", 0, MAX_TOP, 0);
        if (top > 0 && !logs) {
            throw f.wrong("top_logprobs", "needs 'logprobs' to be true");
        }
        f.onlyNeutral("tools", f.value("tools") instanceof List<?> l && l.isEmpty());
        f.onlyNeutral("tool_choice", Set.of("none", "auto").contains(String.valueOf(f.value("tool_choice"))));
        f.onlyNeutral("functions", f.value("functions") instanceof List<?> l && l.isEmpty());
        f.onlyNeutral("function_call", "none".equals(f.value("function_call")));
        f.onlyNeutral("response_format", Map.of("type", "text").equals(f.value("response_format")));
        f.onlyNeutral("modalities", List.of("text").equals(f.value("modalities")));
        f.ignore("parallel_tool_calls");
        return common(f, new Input.Chat(messages, variables), (int) most, logs ? top : -1);
    }

    /** The body of {@code /v1/completions}. */
    static CompletionRequest completion(Map<String, Object> json, int maxTokens) {
        Fields f = new Fields(json, "");
        Input input = prompt(f);
        int most = (int) f.whole("max_tokens", 1, maxTokens, Math.min(COMPLETION_TOKENS, maxTokens));
        int logs = (int) f.whole("logprobs", 0, MAX_TOP, -1);
        f.onlyNeutral("best_of", Long.valueOf(1).equals(f.value("best_of")));
        f.onlyNeutral("echo", Boolean.FALSE.equals(f.value("echo")));
        f.onlyNeutral("suffix", "".equals(f.value("suffix")));
        return common(f, input, most, logs);
    }

    private static CompletionRequest common(Fields f, Input input, int maxTokens, int logProbabilities) {
        double temperature = f.number("temperature", 0, 2, 1);
        double topP = f.number("top_p", 0, 1, 1);
        if (topP == 0) {
            throw f.wrong("top_p", "must be above 0; for the likeliest token alone set 'temperature' to 0");
        }
        long topK = f.whole("top_k", -1, Integer.MAX_VALUE, 0);
        double minP = f.number("min_p", 0, 1, 0);
        double repetition = f.number("repetition_penalty", 0.01, 100, 1);
        long seed = f.whole("seed", Long.MIN_VALUE, Long.MAX_VALUE, ThreadLocalRandom.current().nextLong());
        f.onlyNeutral("n", Long.valueOf(1).equals(f.value("n")));
        f.onlyNeutral("presence_penalty", f.number("presence_penalty", -2, 2, 0) == 0);
        f.onlyNeutral("frequency_penalty", f.number("frequency_penalty", -2, 2, 0) == 0);
        f.onlyNeutral("logit_bias", f.value("logit_bias") instanceof Map<?, ?> m && m.isEmpty());
        boolean stream = f.truth("stream", false);
        boolean usage = false;
        if (f.has("stream_options")) {
            if (!stream) {
                throw f.wrong("stream_options", "needs 'stream' to be true");
            }
            Fields options = Fields.of(f.value("stream_options"), "stream_options");
            usage = options.truth("include_usage", false);
            options.ignore("include_obfuscation");
            options.end();
        }
        f.ignore("user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key",
                "prompt_cache_retention");
        String model = f.text("model", null);
        Sampling sampling = new Sampling(temperature, (int) Math.max(0, topK), topP, minP, repetition);
        GenerationConfig config = new GenerationConfig(maxTokens, sampling, seed, stops(f), true);
        f.end();
        return new CompletionRequest(model, input, config, logProbabilities, stream, usage);
    }

    private static List<String> stops(Fields f) {
        Object value = f.value("stop");
        List<?> given = value == null ? List.of() : value instanceof List<?> l ? l : List.of(value);
        if (given.size() > MAX_STOPS) {
            throw f.wrong("stop", "has " + given.size() + " texts; at most " + MAX_STOPS + " are taken");
        }
        List<String> stops = new ArrayList<>();
        for (Object stop : given) {
            if (!(stop instanceof String s) || s.isEmpty() || s.length() > MAX_STOP_LENGTH) {
                throw f.wrong("stop", "must be a text or an array of texts, each of 1 .. " + MAX_STOP_LENGTH
                        + " characters");
            }
            stops.add(s);
        }
        return stops;
    }

    private static List<ChatMessage> messages(Fields f) {
        List<?> given = f.list("messages");
        if (given.isEmpty()) {
            throw f.wrong("messages", "must hold one message or more");
        }
        List<ChatMessage> messages = new ArrayList<>();
        for (int i = 0; i < given.size(); i++) {
            String where = "messages[" + i + "]";
            Fields m = Fields.of(given.get(i), where);
            String role = m.text("role", "");
            if (!ROLES.contains(role)) {
                throw m.wrong("role", "must be one of system, developer, user, assistant; "
                        + (m.has("role") ? "got '" + role + "'" : "it is missing"));
            }
            m.ignore("name", "refusal", "annotations");
            m.onlyNeutral("audio", false);
            m.onlyNeutral("tool_calls", m.value("tool_calls") instanceof List<?> l && l.isEmpty());
            m.onlyNeutral("function_call", false);
            // What OpenAI calls a developer is what models know as the system.
            messages.add(new ChatMessage(role.equals("developer") ? "system" : role,
                    content(m.value("content"), where + ".content")));
            m.end();
        }
        return messages;
    }

    /** A text, or an array of parts that are texts. */
    private static String content(Object value, String where) {
        if (value instanceof String s) {
            return s;
        }
        if (!(value instanceof List<?> parts)) {
            throw ApiException.field(where, "must be a string or an array of text parts");
        }
        StringBuilder text = new StringBuilder();
        for (Object part : parts) {
            Fields p = Fields.of(part, where + "[]");
            if (!p.text("type", "").equals("text")) {
                throw p.wrong("type", "must be 'text': the model reads text alone");
            }
            text.append(p.text("text", ""));
            p.end();
        }
        return text.toString();
    }

    private static Input prompt(Fields f) {
        Object value = f.value("prompt");
        if (value instanceof List<?> l && l.size() == 1 && !(l.getFirst() instanceof Long)) {
            value = l.getFirst();
        }
        if (value instanceof String s) {
            return new Input.Text(s);
        }
        if (value instanceof List<?> l && !l.isEmpty() && l.stream().allMatch(
                x -> x instanceof Long n && n >= 0 && n <= Integer.MAX_VALUE)) {
            return new Input.Ids(l.stream().mapToInt(x -> ((Long) x).intValue()).toArray());
        }
        throw f.wrong("prompt", value == null ? "is missing" : "must be one text, or one array of token ids");
    }
}
