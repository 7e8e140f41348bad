package dev.ricci.models.serve;

import dev.ricci.models.LanguageModel;
import dev.ricci.models.chat.ChatEncoder;
import dev.ricci.models.generation.TokenEngine;
import dev.ricci.models.tokenizer.Tokenizer;
import java.util.Optional;
import java.util.Set;

/**
 * A language model that a server serves. The engine belongs to the caller until {@link OpenAiServer#shutdown} closes it.
 *
 * @param engine continues prompts
 * @param tokenizer the model's vocabulary
 * @param chat how the model holds a conversation; empty for one that only continues texts
 * @param endIds each of these ids ends an answer
 * @param contextLength most tokens of prompt and answer
 */
public record ServedModel(TokenEngine engine, Tokenizer tokenizer, Optional<ChatEncoder> chat, Set<Integer> endIds,
        int contextLength) {
    /** A model as it was loaded, with an engine that was made for it. */
    public static ServedModel of(LanguageModel model, TokenEngine engine) {
        return new ServedModel(engine, model.tokenizer(), ChatEncoder.of(model), model.endIds(),
                model.decoder().config().contextLength());
    }
}
