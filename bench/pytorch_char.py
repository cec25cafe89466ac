"""Time to a loss: a character-level GPT trained the plain way in PyTorch, for comparison with `shakespeare-char`.

The setting that is known for this corpus on a CPU: 4 layers, 4 heads, width 128, context 64, batches of 12,
2,000 steps of AdamW with a cosine schedule. The last tenth of the file is the validation split.

    apt-get install -y python3-torch libopenblas0-pthread
    /usr/bin/python3 bench/pytorch_char.py tinyshakespeare.txt

Prints, every 100 steps: the step, seconds of training so far (evaluation excluded), and the validation loss in
nats a character over all whole windows of the split.
"""
import math
import os
import sys
import time

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as pytorch_gpt2.py says
import torch
from torch import nn
from torch.nn import functional as F

LAYERS, HEADS, WIDTH, CONTEXT, BATCH, STEPS, WARMUP = 4, 4, 128, 64, 12, 2000, 100
RATE, FINAL = 1e-3, 1e-4


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.mix = nn.Linear(WIDTH, WIDTH, bias=False)
        self.up = nn.Linear(WIDTH, 4 * WIDTH, bias=False)
        self.down = nn.Linear(4 * WIDTH, WIDTH, bias=False)

    def forward(self, x, hidden):
        batch, time_, _ = x.shape
        heads = self.qkv(self.norm1(x)).view(batch, time_, 3, HEADS, WIDTH // HEADS)
        q, k, v = heads.permute(2, 0, 3, 1, 4)
        scores = (q @ k.transpose(-2, -1)) / math.sqrt(WIDTH // HEADS)
        weights = scores.masked_fill(hidden, float("-inf")).softmax(-1)
        x = x + self.mix((weights @ v).transpose(1, 2).reshape(batch, time_, WIDTH))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class Decoder(nn.Module):
    def __init__(self, vocabulary):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, WIDTH)
        self.places = nn.Embedding(CONTEXT, WIDTH)
        self.blocks = nn.ModuleList(Block() for _ in range(LAYERS))
        self.norm = nn.LayerNorm(WIDTH)
        self.register_buffer("hidden", torch.triu(torch.ones(CONTEXT, CONTEXT, dtype=torch.bool), 1))
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                into_residual = "mix" in name or "down" in name
                nn.init.normal_(weight, std=0.02 / math.sqrt(2 * LAYERS) if into_residual else 0.02)

    def forward(self, ids, targets):
        x = self.tokens(ids) + self.places.weight
        for block in self.blocks:
            x = block(x, self.hidden)
        logits = self.norm(x) @ self.tokens.weight.T
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def rate(step):
    if step < WARMUP:
        return RATE * (step + 1) / (WARMUP + 1)
    progress = (step - WARMUP) / (STEPS - WARMUP)
    return FINAL + (RATE - FINAL) * (1 + math.cos(math.pi * progress)) / 2


@torch.no_grad()
def validate(model, split):
    windows = (len(split) - 1) // CONTEXT
    ids = split[: windows * CONTEXT].view(windows, CONTEXT)
    targets = split[1 : windows * CONTEXT + 1].view(windows, CONTEXT)
    parts = zip(ids.split(256), targets.split(256))
    return sum(model(x, y).item() * len(x) for x, y in parts) / windows


def main(path):
    torch.manual_seed(1)
    text = open(path, encoding="utf-8").read()
    index = {character: i for i, character in enumerate(sorted(set(text)))}
    ids = torch.tensor([index[character] for character in text])
    train, validation = ids[: int(0.9 * len(ids))], ids[int(0.9 * len(ids)) :]
    model = Decoder(len(index))
    matrices = [p for p in model.parameters() if p.dim() == 2]
    vectors = [p for p in model.parameters() if p.dim() < 2]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=RATE, betas=(0.9, 0.99))
    seconds = 0.0
    for step in range(STEPS + 1):
        if step % 100 == 0:
            print(f"step {step}  {seconds:.1f} s  validation loss {validate(model, validation):.4f}", flush=True)
        start = time.perf_counter()
        for group in optimizer.param_groups:
            group["lr"] = rate(step)
        starts = torch.randint(len(train) - CONTEXT, (BATCH,)).tolist()
        x = torch.stack([train[i : i + CONTEXT] for i in starts])
        y = torch.stack([train[i + 1 : i + CONTEXT + 1] for i in starts])
        optimizer.zero_grad(set_to_none=True)
        loss = model(x, y)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        seconds += time.perf_counter() - start


if __name__ == "__main__":
    main(sys.argv[1])
