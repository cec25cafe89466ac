"""The yardstick: one training step (forward, backward, AdamW) of a GPT-2 decoder in PyTorch, float32.

    apt-get install -y python3-torch libopenblas0-pthread
    /usr/bin/python3 bench/pytorch_gpt2.py LAYERS HEADS WIDTH VOCAB BATCH CONTEXT [RANK]

With a RANK only LoRA adapters beside the linear layers are trained, written as PEFT computes them but without its layers
of Python.

It is driven over standard input, a word a line, so that a benchmark can alternate its steps with ours:
    step    runs one training step      -> {"seconds": 0.123, "loss": 4.56}
    peak    memory high-water mark      -> {"peakBytes": 123456789}
and ends with its input. Its first line, once ready, is
    {"ready": true, "torch": version, "threads": n, "gemmGflops": rate}
Read the rate: without OpenBLAS Debian's PyTorch falls back to the reference BLAS, which multiplies at about
3 GFLOP/s on any machine, and beating that says nothing.
The environment says how it runs: idle threads sleep unless YARDSTICK_AWAKE=1 leaves them as they come, YARDSTICK_COMPILE=1
by torch.compile, YARDSTICK_BFLOAT16=1 under autocast, YARDSTICK_DEVICE=accelerator on a GPU where there is one, YARDSTICK_THREADS. AdamW is fused where this PyTorch has that on the CPU.
By hand: printf 'step\nstep\nstep\npeak\n' | /usr/bin/python3 bench/pytorch_gpt2.py 4 4 128 65 12 64
"""
import json, math, os, resource, sys, time

# PyTorch's threads would spin for work while OpenBLAS's have it: on two cores a step took up to 2.7 times as long.
# OMP_WAIT_POLICY=ACTIVE is never right here: they would spin through the other side's turns as well.
if os.environ.get("YARDSTICK_AWAKE") != "1":
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
import torch
import torch.nn.functional as F
from torch import nn


class Block(nn.Module):
    """Pre-norm attention and MLP, each added to the stream."""

    def __init__(self, heads, width):
        super().__init__()
        self.heads = heads
        self.norm_1, self.norm_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query_key_value, self.mix = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x, future):
        x = x + self.mix(self.attend(self.query_key_value(self.norm_1(x)), future))
        return x + self.down(F.gelu(self.up(self.norm_2(x)), approximate="tanh"))

    def attend(self, projected, future):
        q, k, v = (p.unflatten(-1, (self.heads, -1)).transpose(1, 2) for p in projected.chunk(3, -1))
        if hasattr(F, "scaled_dot_product_attention"):  # PyTorch 2: the fused kernel, its best foot forward
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
            y = scores.masked_fill(future, -math.inf).softmax(-1) @ v
        return y.transpose(1, 2).flatten(2)


class GPT2(nn.Module):
    """Token and position embeddings, blocks, final norm, head tied to the token embedding; returns the loss."""

    def __init__(self, layers, heads, width, vocab, context):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(vocab, width), nn.Embedding(context, width)
        self.blocks = nn.ModuleList(Block(heads, width) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.register_buffer("future", torch.ones(context, context, dtype=torch.bool).triu(1))
        for parameter in self.parameters():
            if parameter.dim() == 2:
                nn.init.normal_(parameter, std=0.02)

    def forward(self, ids, targets):
        x = self.tokens(ids) + self.positions.weight
        for block in self.blocks:
            x = block(x, self.future)
        logits = self.norm(x) @ self.tokens.weight.T
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


class Adapted(nn.Module):
    """A linear layer that stays, and beside it B A x times 2 (alpha is twice the rank); B starts at zero (Hu et al. 2021)."""

    def __init__(self, base, rank):
        super().__init__()
        self.base, (outputs, inputs) = base, base.weight.shape
        self.down, self.up = nn.Linear(inputs, rank, bias=False), nn.Linear(rank, outputs, bias=False)
        nn.init.zeros_(self.up.weight)

    def forward(self, x):
        return self.base(x) + 2 * self.up(self.down(x))


def adapt(model, rank):
    """Only adapters are trained from here on."""
    model.requires_grad_(False)
    linear = [(parent, name, layer) for parent in model.modules() for name, layer in parent.named_children()
              if isinstance(layer, nn.Linear)]
    for parent, name, layer in linear:
        setattr(parent, name, Adapted(layer, rank))


def trained(model):
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def adamw(model):
    options = {"lr": 3e-4, "weight_decay": 0.1}
    try:
        return torch.optim.AdamW(trained(model), fused=True, **options)
    except (RuntimeError, TypeError):  # PyTorch before 2.4
        return torch.optim.AdamW(trained(model), **options)


def as_asked(model):
    """The model as the environment says: compiled or not, in bfloat16 or not."""
    asked = lambda name: os.environ.get(f"YARDSTICK_{name}") == "1"
    forward = torch.compile(model) if asked("COMPILE") else model
    if not asked("BFLOAT16"):
        return forward

    def cast(*batch):
        with torch.autocast(device(), torch.bfloat16):
            return forward(*batch)

    return cast


def training_step(forward, optimizer, *batch):
    start = time.perf_counter()
    optimizer.zero_grad(set_to_none=True)
    loss = forward(*batch)
    loss.backward()
    optimizer.step()
    wait()
    seconds, value = time.perf_counter() - start, loss.item()
    return {"seconds": seconds, "loss": value if math.isfinite(value) else None}  # JSON has no NaN


def device():
    """The accelerator where one is asked for and there is one, else the CPU."""
    if os.environ.get("YARDSTICK_DEVICE") == "accelerator":
        if torch.cuda.is_available():
            return "cuda"
        if getattr(torch.backends, "mps", None) and torch.backends.mps.is_available():
            return "mps"
    return "cpu"


def wait():
    """Until all that was asked of the device is done."""
    if device() == "cuda":
        torch.cuda.synchronize()
    elif device() == "mps":
        torch.mps.synchronize()


def peak_bytes():
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss: bytes on macOS, kibibytes on Linux
    return {"peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit}


def gemm_gflops(size=512, rounds=4):
    """Best rate of a square matrix product: shows whether this PyTorch has a real BLAS."""
    a, best = torch.randn(size, size, device=device()), math.inf
    for _ in range(rounds):
        start = time.perf_counter()
        a @ a
        wait()
        best = min(best, time.perf_counter() - start)
    return round(2 * size**3 / best / 1e9, 1)


def begin():
    """As many threads as are asked for, or the machine has; the same random numbers at each start."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    torch.set_num_threads(int(os.environ.get("YARDSTICK_THREADS", available)))
    torch.manual_seed(0)
    if device() == "cuda":
        torch.set_float32_matmul_precision("high")  # TF32, as ONNX Runtime has it there


def serve(model, *batch):
    """Says what is measured; then, for each line of input, takes a step on the batch or tells the peak of memory."""
    model, batch = model.to(device()), [part.to(device()) for part in batch]
    forward, optimizer = as_asked(model), adamw(model)
    answer = {"step": lambda: training_step(forward, optimizer, *batch), "peak": peak_bytes}
    versions = {"torch": torch.__version__, "threads": torch.get_num_threads(), "device": device()}
    parameters = sum(p.numel() for p in trained(model))
    say({"ready": True, **versions, "parameters": parameters, "gemmGflops": gemm_gflops()})
    for line in sys.stdin:
        word = line.strip()
        if word not in answer:
            sys.exit(f"unknown command {word!r}: expected one of {', '.join(answer)}")
        say(answer[word]())


def say(reply):
    print(json.dumps(reply), flush=True)


def main():
    if len(sys.argv) not in (7, 8):
        sys.exit("usage: pytorch_gpt2.py LAYERS HEADS WIDTH VOCAB BATCH CONTEXT [RANK]")
    layers, heads, width, vocab, batch, context, *rank = map(int, sys.argv[1:])
    begin()
    model = GPT2(layers, heads, width, vocab, context)
    if rank:
        adapt(model, *rank)
    ids, targets = torch.randint(0, vocab, (2, batch, context))
    serve(model, ids, targets)


if __name__ == "__main__":
    main()
