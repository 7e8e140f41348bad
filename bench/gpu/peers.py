"""What torch does on the same GPU: matrix products, row kernels, launches, a training step and a decode step of a decoder.

    peers.py FILE LAYERS WIDTH HEADS VOCABULARY BATCH TOKENS

Prints Markdown tables and appends JSON lines to the file. Without a GPU, only the decoder, on the CPU: that the script runs.
"""

import contextlib
import gc
import json
import statistics
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

out = open(sys.argv[1], "a")
layers, width, heads, vocabulary, batch, tokens = (int(n) for n in sys.argv[2:8])
gpu = torch.cuda.is_available()
device = "cuda" if gpu else "cpu"


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


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.n1, self.n2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def reserve(self, dtype):
        """Room for keys and values: buffers of the module, whose addresses a captured graph may rely on."""
        for name in ("k", "v"):
            self.register_buffer(name, torch.zeros((1, heads, tokens, width // heads), device=device, dtype=dtype))

    def forward(self, x, position=None, mask=None):
        q, k, v = (t.view(*t.shape[:2], heads, -1).transpose(1, 2) for t in self.qkv(self.n1(x)).split(width, 2))
        if position is None:
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            self.k.index_copy_(2, position, k)
            self.v.index_copy_(2, position, v)
            y = F.scaled_dot_product_attention(q, self.k, self.v, attn_mask=mask)
        x = x + self.out(y.transpose(1, 2).reshape(x.shape))
        return x + self.down(F.gelu(self.up(self.n2(x)), approximate="tanh"))


class Decoder(nn.Module):
    """GPT-2 (Radford et al. 2019): learned positions, tied head."""

    def __init__(self):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(vocabulary, width), nn.Embedding(tokens, width)
        self.blocks = nn.ModuleList(Block() for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        for p in self.parameters():
            if p.dim() > 1:
                nn.init.normal_(p, std=0.02)

    def forward(self, ids, position=None):
        mask = None
        if position is None:
            x = self.wte(ids) + self.wpe.weight[: ids.shape[1]]
        else:
            x = self.wte(ids) + self.wpe(position)
            mask = (torch.arange(tokens, device=ids.device) <= position).view(1, 1, 1, tokens)
        for block in self.blocks:
            x = block(x, position, mask)
        return F.linear(self.norm(x), self.wte.weight)


def sync():
    if gpu:
        torch.cuda.synchronize()


def seconds(call):
    sync()
    start = time.perf_counter()
    call()
    sync()
    return time.perf_counter() - start


def median_ms(call, repeat, budget=20.0):
    """Median wall time of one call that ends with the device idle; stops early when the seconds are spent."""
    times = []
    while len(times) < repeat and (len(times) < 3 or sum(times) < budget):
        times.append(seconds(call))
    return statistics.median(times) * 1e3


def ways():
    """Precision, its context, and whether compiled."""
    for precision in ("fp32", "tf32", "bf16") if gpu else ("fp32",):
        for compiled in (False, True):
            if compiled and not hasattr(torch, "compile"):
                print("\nthis torch has no torch.compile: eager alone\n")
                continue
            torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
            if compiled:
                torch._dynamo.reset()  # what was compiled before holds its model
            gc.collect()
            if gpu:
                torch.cuda.empty_cache()
                torch.cuda.reset_peak_memory_stats()
            yield precision, compiled


def memory():
    return {"peak MB": torch.cuda.max_memory_allocated() / 1e6} if gpu else {}


def attempt(rows, row, measure):
    """Adds what was measured, or why not: one way that fails costs no other."""
    try:
        row.update(measure(), **memory())
    except Exception as e:
        row["failed"] = " ".join(f"{type(e).__name__}: {e}".split())[:300]
    rows.append(row)


def train():
    rows = []
    for precision, compiled in ways():

        def measure():
            torch.manual_seed(1)
            model = Decoder().to(device)
            optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4, **({"fused": True} if gpu else {}))
            ids = torch.randint(vocabulary, (batch, tokens + 1), device=device)
            context = torch.autocast("cuda", torch.bfloat16) if precision == "bf16" else contextlib.nullcontext()
            losses = []

            def forward(x, y):
                with context:
                    logits = model(x)
                return F.cross_entropy(logits.float().view(-1, vocabulary), y.reshape(-1))

            run = torch.compile(forward) if compiled else forward

            def step():
                optimizer.zero_grad(set_to_none=True)
                loss = run(ids[:, :-1], ids[:, 1:])
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), 0.5)
                optimizer.step()
                losses.append(loss.item())

            first = seconds(step)
            for _ in range(4):
                step()
            ms = median_ms(step, 20)
            return {"ms a step": ms, "tokens/s": batch * tokens / ms * 1e3, "first step s": first, "losses on one batch": [round(v, 4) for v in losses[:5]]}

        attempt(rows, {"precision": precision, "way": "compile" if compiled else "eager", "batch": f"{batch} x {tokens}"}, measure)
    table("train", rows)


def decode():
    rows = []
    for precision, compiled in ways():

        @torch.no_grad()
        def measure():
            dtype = torch.bfloat16 if precision == "bf16" else torch.float32
            model = Decoder().to(device, dtype).eval()
            for block in model.blocks:
                block.reserve(dtype)
            run = torch.compile(model, mode="reduce-overhead") if compiled else model
            ids = torch.zeros((1, 1), dtype=torch.long, device=device)
            position = torch.zeros(1, dtype=torch.long, device=device)

            def step():
                position.copy_((position + 1) % tokens)
                return run(ids, position).float().cpu()  # as the engine does: the logits come to the host

            first = seconds(step)
            for _ in range(5):
                step()
            ms = median_ms(step, 200)
            return {"ms a token": ms, "tokens/s": 1e3 / ms, "first token s": first}

        attempt(rows, {"precision": precision, "way": "compile" if compiled else "eager", "cache": tokens}, measure)
    table("decode", rows)


if gpu:
    launches()
    matmul()
    row_kernels()
train()
decode()
