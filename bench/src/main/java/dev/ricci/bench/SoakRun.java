package dev.ricci.bench;

import com.sun.management.GarbageCollectionNotificationInfo;
import dev.ricci.autograd.Gradients;
import dev.ricci.examples.CommonOptions;
import dev.ricci.models.decoder.Decoder;
import dev.ricci.nn.optim.AdamW;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.cpu.Threads;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import javax.management.NotificationEmitter;
import javax.management.openmbean.CompositeData;

/** Trains for minutes on new tokens each step, and tells whether speed, heap and resident memory stay what they are. */
final class SoakRun {
    static final int MINUTES = 20;
    private static final double MEGABYTE = 1e6;
    private static final int LONG_PAUSE_MILLIS = 20;
    /** Everything is compiled by then. */
    private static final int WARM_MINUTE = 2;

    /** Pauses of the collectors, those that were asked for left out. */
    private static final class Pauses {
        private final AtomicLong longest = new AtomicLong();
        private final AtomicInteger count = new AtomicInteger();
        private final AtomicInteger tooLong = new AtomicInteger();

        Pauses() {
            for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
                ((NotificationEmitter) collector).addNotificationListener((notification, none) -> {
                    if (notification.getUserData() instanceof CompositeData data) {
                        add(GarbageCollectionNotificationInfo.from(data));
                    }
                }, null, null);
            }
        }

        private void add(GarbageCollectionNotificationInfo pause) {
            if (pause.getGcCause().equals("System.gc()")) {
                return;
            }
            long millis = pause.getGcInfo().getDuration();
            count.incrementAndGet();
            longest.accumulateAndGet(millis, Math::max);
            if (millis > LONG_PAUSE_MILLIS) {
                tooLong.incrementAndGet();
            }
        }
    }

    private SoakRun() {
    }

    static Map<String, ?> run(int minutes, boolean quick, CommonOptions options) throws IOException {
        Workload.TrainStep work = quick ? TrainSuite.tiny() : TrainSuite.yardstick();
        long minute = quick ? TimeUnit.MILLISECONDS.toNanos(100) : TimeUnit.MINUTES.toNanos(1);
        Decoder model = work.model();
        AdamW optimizer = AdamW.of(model.parameters(), Workload.TrainStep.RATE);
        PrintStream out = options.out();
        Pauses pauses = new Pauses();
        List<Map<String, Object>> rows = new ArrayList<>();
        long step = 0;
        for (int m = 1; m <= minutes; m++) {
            long from = System.nanoTime();
            long first = step;
            do {
                Rng rng = Rng.of(step++);
                Threads.limit(options.threads(), () -> step(work, model, optimizer, rng));
            } while (System.nanoTime() - from < minute);
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("name", "minute " + m);
            row.put("tokens_per_s", (step - first) * work.tokens() / ((System.nanoTime() - from) * 1e-9));
            row.put("longest_pause_ms", pauses.longest.getAndSet(0));
            row.put("pauses", pauses.count.getAndSet(0));
            row.put("pauses_over_20_ms", pauses.tooLong.getAndSet(0));
            boolean collect = m == WARM_MINUTE || m == minutes;
            if (collect) {
                System.gc();
            }
            row.put("resident_mb", MemoryProbe.residentBytes() / MEGABYTE);
            if (collect) {
                row.put("heap_mb", ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() / MEGABYTE);
            }
            out.println(row);
            rows.add(row);
        }
        Map<String, Object> result = new LinkedHashMap<>();
        if (minutes > WARM_MINUTE) {
            Map<String, Object> warm = rows.get(WARM_MINUTE - 1);
            for (String what : List.of("tokens_per_s", "heap_mb", "resident_mb")) {
                result.put(what + "_last_to_minute_2", number(rows.getLast(), what) / number(warm, what));
            }
        }
        result.put("rows", rows);
        return result;
    }

    private static void step(Workload.TrainStep work, Decoder model, AdamW optimizer, Rng rng) {
        int vocab = work.config().vocabSize();
        int context = work.config().contextLength();
        Tensor loss = model.loss(rng.split("ids").ints(vocab, work.batch(), context),
                rng.split("targets").ints(vocab, work.batch(), context));
        Gradients gradients = Gradients.of(loss, Gradients.reuseMemory());
        optimizer.step(gradients.clipByGlobalNorm(Workload.TrainStep.CLIP));
        gradients.release();
    }

    private static double number(Map<String, Object> row, String key) {
        return ((Number) row.get(key)).doubleValue();
    }
}
