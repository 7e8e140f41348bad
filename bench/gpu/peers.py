"""What torch does on the same GPU: matrix products, row kernels, launches. Prints Markdown tables and appends JSON lines to the file given."""

import json
import statistics
import sys
import time

import torch

out = open(sys.argv[1], "a")


def table(name, rows):
    columns = []
    for row in rows:
        columns += [c for c in row if c not in columns]
        out.write(json.dumps({"probe": name, "backend": "torch " + torch.__version__, **row}) + "\n")
    print(f"\n### {name} (torch {torch.__version__})\n")
    print("| " + " | ".join(columns) + " |\n|" + " --- |" * len(columns))
    for row in rows:
        print("| " + " | ".join(f"{v:.3f}" if isinstance(v, float) else str(v) for v in (row.get(c, "") for c in columns)) + " |", flush=True)


def median_us(call, repeat=15, inner=8, warm=3):
    """Median time of one call on the device, `inner` calls between two events."""
    times = []
    for i in range(warm + repeat):
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        for _ in range(inner):
            call()
        end.record()
        end.synchronize()
        if i >= warm:
            times.append(start.elapsed_time(end) * 1e3 / inner)
    return statistics.median(times)


def matmul():
    rows = []
    for n in (1024, 4096, 8192):
        for name, dtype, tf32 in (("fp32", torch.float32, False), ("tf32", torch.float32, True), ("fp16", torch.float16, False), ("bf16", torch.bfloat16, False)):
            torch.backends.cuda.matmul.allow_tf32 = tf32
            a = (torch.rand(n, n, device="cuda") - 0.5).to(dtype)
            b = (torch.rand(n, n, device="cuda") - 0.5).to(dtype)
            us = median_us(lambda: torch.mm(a, b))
            rows.append({"type": name, "n": n, "ms": us / 1e3, "TFLOP/s": 2.0 * n**3 / us / 1e6})
    torch.backends.cuda.matmul.allow_tf32 = False
    table("matmul", rows)


def row_kernels():
    rows = []
    for r in (4096, 32768):
        x = torch.rand(r, 4096, device="cuda")
        y = torch.empty_like(x)
        for name, call, factor in (("copy", lambda: y.copy_(x), 2), ("row sum", lambda: x.sum(1), 1), ("softmax", lambda: torch.softmax(x, 1), 2)):
            us = median_us(call)
            rows.append({"kernel": name, "rows": r, "columns": 4096, "us": us, "GB/s": 4.0 * r * 4096 * factor / us / 1e3})
    table("rows", rows)


def launches():
    rows = []
    x = torch.zeros(256, device="cuda")
    for count in (1, 10, 50, 200):
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            for _ in range(count):
                x.add_(1)

        def eager():
            for _ in range(count):
                x.add_(1)

        for name, call in (("eager", eager), ("CUDA graph", graph.replay)):
            times = []
            for i in range(400):
                start = time.perf_counter()
                call()
                torch.cuda.synchronize()
                if i >= 100:
                    times.append((time.perf_counter() - start) * 1e6)
            rows.append({"tasks": count, "way": name, "us per step": statistics.median(times)})
    table("host overhead", rows)


launches()
matmul()
row_kernels()
