package dev.ricci.examples;

import dev.ricci.models.LanguageModel;
import dev.ricci.models.tokenizer.PipelineTokenizer;
import dev.ricci.models.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows what a model sees of a text. */
@Command(name = "tokenize", description = "Show the ids of a text and what each stands for, or the text of ids.")
public final class TokenizeCommand implements RicciCommand {
    @Parameters(index = "0", paramLabel = "MODEL", description = "A tokenizer.json, or a folder with one; a .gguf file; a"
        + " .safetensors file or run folder of ricci train; or the vocabulary of a llama2.c model.")
    private Path model;

    @Parameters(index = "1", arity = "0..1", paramLabel = "TEXT", description = "The text. Without it: standard input.")
    private String text;

    @Option(names = "--file", paramLabel = "FILE", description = "Take the text from a file, in UTF-8.")
    private Path file;

    @Option(names = "--ids", paramLabel = "ID", split = ",", description = "The way back: the text of these ids, with commas.")
    private List<Integer> ids;

    @Option(names = "--prompt", description = "With the tokens that begin and end a prompt.")
    private boolean prompt;

    /** Made by the service loader. */
    public TokenizeCommand() {
    }

    @Override
    public Map<String, ?> run(CommonOptions options) throws Exception {
        long given = IntStream.of(text == null ? 0 : 1, file == null ? 0 : 1, ids == null ? 0 : 1).sum();
        if (given > 1) {
            throw new UsageException("TEXT, --file and --ids: give one of them");
        }
        if (ids != null && prompt) {
            throw new UsageException("--prompt: needs a text, not --ids");
        }
        Tokenizer tokenizer = LanguageModel.tokenizer(model);
        if (ids != null) {
            String decoded = tokenizer.decode(ids.stream().mapToInt(Integer::intValue).toArray());
            options.out().println(decoded);
            return Map.of("text", decoded);
        }
        String read = text != null ? text : file != null ? TextSource.read(file) : standardInput();
        int[] encoded = prompt ? tokenizer.encodePrompt(read) : tokenizer.encode(read);
        List<String> pieces = Arrays.stream(encoded).mapToObj(id -> piece(tokenizer, id)).toList();
        for (int i = 0; i < encoded.length; i++) {
            options.out().printf("%8d  %s%n", encoded[i], shown(pieces.get(i)));
        }
        Map<String, Object> results = new LinkedHashMap<>();
        results.put("count", encoded.length);
        results.put("ids", Arrays.stream(encoded).boxed().toList());
        results.put("pieces", pieces);
        return results;
    }

    private static String standardInput() throws IOException {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(System.in.readAllBytes())).toString();
        } catch (CharacterCodingException e) {
            throw new IOException("standard input is not UTF-8; convert it first", e);
        }
    }

    /** The text of an id; of one without any how its vocabulary writes it. */
    private static String piece(Tokenizer tokenizer, int id) {
        String text = new String(tokenizer.piece(id), StandardCharsets.UTF_8);
        return text.isEmpty() && tokenizer instanceof PipelineTokenizer p ? p.token(id) : text;
    }

    /** Between quotes, what cannot be seen as an escape. */
    private static String shown(String piece) {
        return "\"" + piece.codePoints().mapToObj(c -> switch (c) {
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            case '"' -> "\\\"";
            case '\\' -> "\\\\";
            default -> Character.isISOControl(c) ? String.format("\\u%04x", c) : Character.toString(c);
        }).collect(Collectors.joining()) + "\"";
    }
}
