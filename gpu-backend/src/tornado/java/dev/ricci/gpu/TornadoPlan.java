package dev.ricci.gpu;

import dev.ricci.tensor.DeviceException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.WorkerGrid2D;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;

/**
 * A program as one TornadoVM plan: a graph that stores a chunk, one that loads a chunk, and graphs of a task for each
 * launch with parameters of its own. The three arrays go to the device once and stay there.
 *
 * <p>TornadoVM compiles a task once for each name of graph and task within a plan. So all graphs have the same name, and
 * tasks are called by their kernel, their grid and how many such tasks of their graph came before: what occurs in several
 * graphs, as the layers of a decoder do, is compiled once.
 */
final class TornadoPlan implements DevicePlan {
    /**
     * Most launches of a graph: TornadoVM takes 1,024 nodes a graph, a launch is up to ten of them. Fewer make more graphs,
     * each of which costs some 55 us a run, and fewer compilations: a training step of twelve layers, 1,053 launches, is 11
     * graphs and 373 compilations with 96, 66 and 90 with 16.
     */
    private static final int TASKS = Math.clamp(Integer.getInteger("ricci.gpu.tasks", 96), 1, 96);
    private static final int LOCAL = 256;
    private static final AtomicInteger COUNT = new AtomicInteger();

    /** Small arrays that are copied on every execution, one for each type. */
    private static final class Stage {
        final FloatArray floats;
        final IntArray ints;
        final LongArray longs;
        final int[] sizes;
        final IntArray p = new IntArray(6);

        Stage(int[] sizes) {
            this.sizes = sizes;
            floats = new FloatArray(Math.max(1, sizes[0]));
            ints = new IntArray(Math.max(1, sizes[1]));
            longs = new LongArray(Math.max(1, sizes[2]));
        }

        MemorySegment segment(int type) {
            return type == 0 ? floats.getSegment() : type == 1 ? ints.getSegment() : longs.getSegment();
        }

        /** The arrays that hold anything. */
        Object[] used() {
            List<Object> used = new ArrayList<>();
            for (int t = 0; t < 3; t++) {
                if (sizes[t] > 0) {
                    used.add(t == 0 ? floats : t == 1 ? ints : longs);
                }
            }
            return used.toArray();
        }

        boolean isEmpty() {
            return sizes[0] + sizes[1] + sizes[2] == 0;
        }

        void set(int type, int count, int at) {
            p.set(2 * type, count);
            p.set(2 * type + 1, at);
        }

        Grid grid() {
            return new Grid((Math.max(1, Math.max(sizes[0], Math.max(sizes[1], sizes[2]))) + LOCAL - 1) / LOCAL, 1,
                    LOCAL);
        }
    }

    /** Groups and items of a launch. */
    private record Grid(int x, int y, int local) {
    }

    /** Graphs to execute, then what the host does. */
    private record Part(int first, int last, Runnable after) {
    }

    private final String name = "r" + COUNT.incrementAndGet();
    private final KernelContext context = new KernelContext();
    private final GridScheduler grids = new GridScheduler();
    private final FloatArray floats;
    private final IntArray ints;
    private final LongArray longs;
    private final Stage in;
    private final Stage out;
    private final Stage chunk;
    private final List<ImmutableTaskGraph> graphs = new ArrayList<>();
    private final List<Part> parts = new ArrayList<>();
    private final boolean blas = BlasCall.isAskedFor() && BlasProvider.isThere();
    private final TornadoExecutionPlan plan;

    TornadoPlan(Description d, boolean captured) {
        floats = new FloatArray(Math.max(1, d.sizes()[0]));
        ints = new IntArray(Math.max(1, d.sizes()[1]));
        longs = new LongArray(Math.max(1, d.sizes()[2]));
        in = new Stage(d.inputs());
        out = new Stage(d.results());
        chunk = new Stage(d.chunk());
        for (int t = 0; t < 3; t++) {
            in.set(t, d.inputs()[t], 0);
            out.set(t, d.results()[t], d.inputs()[t]);
        }
        addMoves();
        for (int s = 0; s < d.segments().size(); s++) {
            add(d.segments().get(s), s == 0, s == d.segments().size() - 1);
        }
        plan = new TornadoExecutionPlan(graphs.toArray(ImmutableTaskGraph[]::new));
        plan.withGridScheduler(grids);
        if (captured) {
            plan.withCUDAGraph();
        }
        execute(0); // puts the arrays there
    }

    // ---------------------------------------------------------------- building

    private TaskGraph graph() {
        TaskGraph graph = new TaskGraph(name);
        if (graphs.isEmpty()) {
            graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, floats, ints, longs);
        } else {
            graph.consumeFromDevice(floats, ints, longs);
        }
        return graph;
    }

    private void close(TaskGraph graph) {
        graph.persistOnDevice(floats, ints, longs);
        graphs.add(graph.snapshot());
    }

    /** Gives a task its grid. */
    private String task(String task, Grid g) {
        WorkerGrid grid = g.y == 1
                ? new WorkerGrid1D(g.x * g.local)
                : new WorkerGrid2D(g.x * g.local, g.y);
        grid.setLocalWork(g.local, 1, 1);
        grids.addWorkerGrid(name + "." + task, grid);
        return task;
    }

    private void addMoves() {
        TaskGraph store = graph().transferToDevice(DataTransferMode.EVERY_EXECUTION, chunk.p, chunk.floats, chunk.ints,
                chunk.longs);
        close(store.task(task("store", chunk.grid()), StageKernels::kStore, context, floats, ints, longs, chunk.floats,
                chunk.ints, chunk.longs, chunk.p));
        TaskGraph load = graph().transferToDevice(DataTransferMode.EVERY_EXECUTION, chunk.p, chunk.floats, chunk.ints,
                chunk.longs);
        close(load.task(task("load", chunk.grid()), StageKernels::kLoad, context, floats, ints, longs, chunk.floats,
                chunk.ints, chunk.longs, chunk.p).transferToHost(DataTransferMode.EVERY_EXECUTION, chunk.floats,
                chunk.ints, chunk.longs));
    }

    private void add(Segment segment, boolean first, boolean last) {
        int from = graphs.size();
        List<Launch> launches = segment.launches().stream().flatMap(this::withBias).toList();
        int at = 0;
        do {
            List<Launch> some = launches.subList(at, Math.min(launches.size(), at + TASKS));
            at += some.size();
            boolean begins = first && graphs.size() == from && !in.isEmpty();
            boolean ends = last && at == launches.size() && !out.isEmpty();
            if (!some.isEmpty() || begins || ends) {
                add(some, begins, ends);
            }
        } while (at < launches.size());
        parts.add(new Part(from, graphs.size(), segment.after()));
    }

    /** What cuBLAS is to do, or null. */
    private BlasCall call(Launch launch) {
        return blas ? BlasCall.of(launch) : null;
    }

    private Stream<Launch> withBias(Launch launch) {
        BlasCall call = call(launch);
        return call != null && call.adds() ? Stream.of(BlasCall.bias(launch), launch) : Stream.of(launch);
    }

    private void add(List<Launch> launches, boolean begins, boolean ends) {
        TaskGraph graph = graph();
        if (begins) {
            graph.transferToDevice(DataTransferMode.EVERY_EXECUTION, in.used());
            graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, in.p);
            graph.task(task("in", in.grid()), StageKernels::kStore, context, floats, ints, longs, in.floats, in.ints,
                    in.longs, in.p);
        }
        Map<String, Integer> seen = new HashMap<>();
        for (Launch launch : launches) {
            IntArray p = IntArray.fromArray(launch.ints());
            if (call(launch) != null) {
                graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, p);
                graph.libraryTask("blas" + seen.merge("blas", 1, Integer::sum), BlasProvider::task, floats, p);
                continue;
            }
            Grid grid = new Grid(launch.groupsX(), launch.groupsY(), launch.local());
            String kind = launch.kernel().name().toLowerCase(Locale.ROOT).replace("_", "") + grid.x + "x" + grid.y;
            FloatArray q = FloatArray.fromArray(launch.floats());
            graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, p, q);
            graph.task(task(kind + "n" + seen.merge(kind, 1, Integer::sum), grid),
                    TornadoHalf.code(launch.kernel()), context, floats, ints, longs, p, q);
        }
        if (ends) {
            graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, out.p, out.floats, out.ints, out.longs);
            graph.task(task("out", out.grid()), StageKernels::kLoad, context, floats, ints, longs, out.floats, out.ints,
                    out.longs, out.p);
            graph.transferToHost(DataTransferMode.EVERY_EXECUTION, out.used());
        }
        close(graph);
    }

    // ---------------------------------------------------------------- running

    private void execute(int graph) {
        plan.withGraph(graph).execute();
    }

    @Override
    public MemorySegment inputs(int type) {
        return in.segment(type);
    }

    @Override
    public MemorySegment results(int type) {
        return out.segment(type);
    }

    @Override
    public void run() {
        for (Part part : parts) {
            for (int g = part.first; g < part.last; g++) {
                execute(g);
            }
            if (part.after != null) {
                part.after.run();
            }
        }
    }

    @Override
    public MemorySegment chunk(int type) {
        return chunk.segment(type);
    }

    @Override
    public void store(int type, int at, int count) {
        move(0, type, at, count);
    }

    @Override
    public void load(int type, int at, int count) {
        move(1, type, at, count);
    }

    private void move(int graph, int type, int at, int count) {
        for (int t = 0; t < 3; t++) {
            chunk.set(t, t == type ? count : 0, t == type ? at : 0);
        }
        execute(graph);
    }

    @Override
    public void close() {
        plan.freeDeviceMemory();
        try {
            plan.close();
        } catch (Exception e) {
            throw new DeviceException(name + ": " + TornadoProvider.oneLine(e));
        }
    }
}
