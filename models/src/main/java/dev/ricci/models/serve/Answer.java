package dev.ricci.models.serve;

import dev.ricci.models.generation.Generation.Candidate;
import dev.ricci.models.generation.Generation.Token;
import dev.ricci.models.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * The JSON of one answer, in the form of its endpoint.
 *
 * @param id of the answer
 * @param created seconds since 1970
 * @param model its name
 * @param chat whether a message is answered, else a text continued
 * @param logProbabilities as in {@link CompletionRequest}
 * @param tokenizer the model's vocabulary
 */
record Answer(String id, long created, String model, boolean chat, int logProbabilities, Tokenizer tokenizer) {
    static Answer of(String model, CompletionRequest request, Tokenizer tokenizer) {
        boolean chat = request.input() instanceof CompletionRequest.Input.Chat;
        return new Answer((chat ? "chatcmpl-" : "cmpl-") + UUID.randomUUID().toString().replace("-", ""),
                System.currentTimeMillis() / 1000, model, chat, request.logProbabilities(), tokenizer);
    }

    /** How many tokens there were. */
    record Usage(int prompt, int cached, int completion) {
        Map<String, Object> toJson() {
            Map<String, Object> m = new LinkedHashMap<>();
            m.put("prompt_tokens", prompt);
            m.put("completion_tokens", completion);
            m.put("total_tokens", prompt + completion);
            m.put("prompt_tokens_details", Map.of("cached_tokens", cached));
            return m;
        }
    }

    private Map<String, Object> frame(boolean piece) {
        Map<String, Object> m = new LinkedHashMap<>();
        m.put("id", id);
        m.put("object", chat ? piece ? "chat.completion.chunk" : "chat.completion" : "text_completion");
        m.put("created", created);
        m.put("model", model);
        return m;
    }

    private Map<String, Object> choice(String key, Object value, List<Token> tokens, int offset, String finish) {
        Map<String, Object> choice = new LinkedHashMap<>();
        choice.put("index", 0);
        choice.put(key, value);
        choice.put("logprobs", logProbabilities < 0 || tokens.isEmpty() ? null
                : chat ? Map.of("content", tokens.stream().map(this::entry).toList()) : columns(tokens, offset));
        choice.put("finish_reason", finish);
        return choice;
    }

    /** All of it. */
    Map<String, Object> whole(String text, List<Token> tokens, String finish, Usage usage) {
        Map<String, Object> m = frame(false);
        Map<String, Object> message = new LinkedHashMap<>();
        message.put("role", "assistant");
        message.put("content", text);
        message.put("refusal", null);
        m.put("choices", List.of(chat ? choice("message", message, tokens, 0, finish)
                : choice("text", text, tokens, 0, finish)));
        m.put("usage", usage.toJson());
        return m;
    }

    /** A chat's first piece, which says who speaks. */
    Map<String, Object> first() {
        Map<String, Object> m = frame(true);
        Map<String, Object> delta = new LinkedHashMap<>();
        delta.put("role", "assistant");
        delta.put("content", "");
        m.put("choices", List.of(choice("delta", delta, List.of(), 0, null)));
        return m;
    }

    /**
     * A piece.
     *
     * @param text what is new; empty in the last one
     * @param tokens those since the piece before
     * @param offset of the text in the answer
     * @param finish why it ends; null before the end
     */
    Map<String, Object> piece(String text, List<Token> tokens, int offset, String finish) {
        Map<String, Object> m = frame(true);
        m.put("choices", List.of(chat
                ? choice("delta", text.isEmpty() ? Map.of() : Map.of("content", text), tokens, offset, finish)
                : choice("text", text, tokens, offset, finish)));
        return m;
    }

    /** The piece behind the last, which counts tokens. */
    Map<String, Object> usage(Usage usage) {
        Map<String, Object> m = frame(true);
        m.put("choices", List.of());
        m.put("usage", usage.toJson());
        return m;
    }

    private Map<String, Object> entry(Token token) {
        Map<String, Object> m = entry(token.id(), token.logProbability());
        m.put("top_logprobs", token.top().stream().map(c -> entry(c.id(), c.logProbability())).toList());
        return m;
    }

    private Map<String, Object> entry(int id, double logProbability) {
        byte[] bytes = tokenizer.piece(id);
        List<Integer> numbers = new ArrayList<>();
        for (byte b : bytes) {
            numbers.add(b & 0xFF);
        }
        Map<String, Object> m = new LinkedHashMap<>();
        m.put("token", new String(bytes, StandardCharsets.UTF_8));
        m.put("logprob", finite(logProbability));
        m.put("bytes", numbers);
        return m;
    }

    /** Lists side by side, the older form. */
    private Map<String, Object> columns(List<Token> tokens, int offset) {
        List<Object> texts = new ArrayList<>();
        List<Object> values = new ArrayList<>();
        List<Object> tops = new ArrayList<>();
        List<Object> offsets = new ArrayList<>();
        int at = offset;
        for (Token t : tokens) {
            String text = new String(tokenizer.piece(t.id()), StandardCharsets.UTF_8);
            texts.add(text);
            values.add(finite(t.logProbability()));
            Map<String, Object> top = new LinkedHashMap<>();
            for (Candidate c : t.top()) {
                top.putIfAbsent(new String(tokenizer.piece(c.id()), StandardCharsets.UTF_8), finite(c.logProbability()));
            }
            tops.add(top);
            offsets.add(at);
            at += text.length();
        }
        Map<String, Object> m = new LinkedHashMap<>();
        m.put("tokens", texts);
        m.put("token_logprobs", values);
        m.put("top_logprobs", tops);
        m.put("text_offset", offsets);
        return m;
    }

    /** JSON has no infinity; this is what OpenAI's interface writes for what cannot come. */
    private static double finite(double logProbability) {
        return Math.max(logProbability, -9999);
    }
}
