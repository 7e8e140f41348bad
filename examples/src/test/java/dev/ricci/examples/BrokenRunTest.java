package dev.ricci.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs in JVMs of their own: killed and resumed, interpreted, with other numbers of threads. All end in the same bytes. */
class BrokenRunTest {
    private static final int KILLS = 20;
    private static final int KILLS_WHILE_WRITING = 5;
    private static final String[] TINY = {"--layers", "1", "--heads", "2", "--kv-heads", "2", "--width", "16", "--hidden",
        "32", "--context", "16", "--batch", "4", "--dropout", "0.1"};

    @TempDir
    private Path dir;

    private Process train(Path run, List<String> jvmFlags, String... more) throws IOException {
        Path text = dir.resolve("text.txt");
        if (Files.notExists(text)) {
            Files.writeString(text, "she sells sea shells by the sea shore. ".repeat(60));
        }
        String[] args = Stream.of(new String[] {"train", "--preset", "tiny", "--text", text.toString(),
            "--out", run.toString(), "--seed", "7"}, TINY, more).flatMap(Arrays::stream).toArray(String[]::new);
        return CommandLineRun.start(dir.resolve("log.txt"), jvmFlags, args);
    }

    private void await(Process p) throws IOException, InterruptedException {
        assertTrue(p.waitFor(5, TimeUnit.MINUTES), "the run hangs");
        assertEquals(0, p.exitValue(), Files.readString(dir.resolve("log.txt")));
    }

    @Test
    void aRunKilledTwentyTimesEndsWithTheBytesOfAnUnbrokenOne() throws Exception {
        String[] length = {"--steps", "3000", "--checkpoint-every", "5", "--eval-every", "50"};
        Path whole = dir.resolve("whole");
        await(train(whole, List.of(), length));
        Path broken = dir.resolve("broken");
        String[] resumed = Stream.of(length, new String[] {"--resume"}).flatMap(Arrays::stream)
            .toArray(String[]::new);
        Random random = new Random(1);
        int kills = 0;
        int whileWriting = 0;
        long stepsAtLastKill = 0;
        // A kill aimed at a half written file may come too late, on a busy machine often: then more are made.
        while (kills < KILLS || whileWriting < KILLS_WHILE_WRITING) {
            Process p = train(broken, List.of("-XX:TieredStopAtLevel=1"), resumed);
            // Some progress first, then a random moment or, every other time, the next moment at which a file is half written.
            long target = stepsAtLastKill + 20 + random.nextInt(60);
            while (p.isAlive() && lines(broken) < target) {
                Thread.sleep(2);
            }
            long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(kills % 2 == 0 ? random.nextInt(40) : 2000);
            while (p.isAlive() && System.nanoTime() < deadline && !(kills % 2 == 1 && isWriting(broken))) {
                Thread.onSpinWait();
            }
            String so = kills + " kills so far, " + whileWriting + " of them while a checkpoint was half written; ";
            assertTrue(p.isAlive(), () -> "the run ended before it could be killed; " + so + log());
            p.destroyForcibly().waitFor();
            whileWriting += isWriting(broken) ? 1 : 0;
            stepsAtLastKill = lines(broken);
            kills++;
        }
        await(train(broken, List.of(), resumed));
        assertEquals(CommandLineRun.lastCheckpoint(whole), CommandLineRun.lastCheckpoint(broken));
        List<String> metrics = Files.readAllLines(broken.resolve("metrics.jsonl"));
        Set<String> steps = new HashSet<>();
        metrics.forEach(line -> assertTrue(steps.add(line.substring(0, line.indexOf(','))), "twice: " + line));
        assertEquals(3000, steps.size());
        assertTrue(!isWriting(broken), "something half written was left");
        System.out.println("killed " + kills + " times, " + whileWriting + " of them while a checkpoint was half written");
    }

    private String log() {
        try {
            return Files.readString(dir.resolve("log.txt"));
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static long lines(Path run) throws IOException {
        Path metrics = run.resolve("metrics.jsonl");
        return Files.exists(metrics) ? Files.readString(metrics).lines().count() : 0;
    }

    /** Whether a checkpoint is half written: a folder or file of a temporary name is there. */
    private static boolean isWriting(Path run) throws IOException {
        if (Files.notExists(run)) {
            return false;
        }
        try (var files = Files.list(run)) {
            return files.anyMatch(f -> f.getFileName().toString().contains("tmp"));
        }
    }

    @Test
    void interpretedAndCompiledAndAnyNumberOfThreadsGiveTheSameBytes() throws Exception {
        String[] length = {"--steps", "3", "--eval-every", "3"};
        Path compiled = dir.resolve("compiled");
        await(train(compiled, List.of(), length));
        Map<String, String> expected = CommandLineRun.lastCheckpoint(compiled);
        Path eager = dir.resolve("eager");
        await(train(eager, List.of("-Xcomp", "-Dricci.threads=1"), length));
        assertEquals(expected, CommandLineRun.lastCheckpoint(eager));
        Path interpreted = dir.resolve("interpreted");
        await(train(interpreted, List.of("-Xint"), length));
        assertEquals(expected, CommandLineRun.lastCheckpoint(interpreted));
    }

    @Test
    void oneTwoAndThreeThreadsGiveTheSameBytes() throws Exception {
        String[] size = {"--width", "96", "--hidden", "384", "--context", "64", "--batch", "8", "--steps", "30"};
        Map<String, String> expected = null;
        for (String threads : List.of("1", "2", "3")) {
            Path run = dir.resolve("threads" + threads);
            String[] args = Stream.of(size, new String[] {"--threads", threads})
                .flatMap(Arrays::stream).toArray(String[]::new);
            await(trainSized(run, args));
            Map<String, String> got = CommandLineRun.lastCheckpoint(run);
            expected = expected == null ? got : expected;
            assertEquals(expected, got);
        }
    }

    private Process trainSized(Path run, String... args) throws IOException {
        Path text = Files.writeString(dir.resolve("long.txt"), "she sells sea shells by the sea shore. ".repeat(60));
        String[] all = Stream.of(new String[] {"train", "--preset", "tiny", "--text", text.toString(),
            "--out", run.toString()}, args).flatMap(Arrays::stream).toArray(String[]::new);
        return CommandLineRun.start(dir.resolve("log.txt"), List.of(), all);
    }
}
