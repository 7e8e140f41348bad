package dev.ricci.examples;

import dev.ricci.models.LanguageModel;
import dev.ricci.models.chat.ChatTemplate;
import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.tokenizer.BpeTrainer;
import dev.ricci.models.tokenizer.PipelineTokenizer;
import dev.ricci.models.tokenizer.WordPattern;
import dev.ricci.tensor.Rng;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A folder of Hugging Face's layout with random weights, a byte-level vocabulary and a chat template. */
final class TinyChat {
    private TinyChat() {
    }

    static Path save(Path folder) throws IOException {
        PipelineTokenizer tokenizer = new BpeTrainer(300, 2, WordPattern.QWEN2, List.of("<|im_start|>", "<|im_end|>"))
            .train("user assistant system low lower lowest low lower user assistant 12 345");
        Decoder decoder = new Decoder(DecoderConfig.llama(tokenizer.vocabSize(), 512, 2, 2, 1, 64, 96), Rng.of(5));
        new LanguageModel(decoder, tokenizer, Optional.of(ChatTemplate.chatMl().source()),
            Set.of(tokenizer.id("<|im_end|>").orElseThrow())).save(folder);
        return folder;
    }
}
