"""The yardstick for translation: one training step (forward, backward, AdamW) of a T5 on pairs in PyTorch, float32.

    apt-get install -y python3-torch libopenblas0-pthread
    /usr/bin/python3 bench/pytorch_t5.py BATCH SOURCE TARGET WIDTH LAYERS DECODER_LAYERS HEADS HIDDEN VOCAB

The network is that of src/models/t5.ts; SOURCE and TARGET are tokens of a pair, none of them padding. Values are dropped
out where ours are: of embeddings, and where a branch joins the residual stream. Parameters carry the names of the
Hugging Face checkpoint. The protocol is that of pytorch_gpt2.py: "step" and "peak" over standard input.
By hand: printf 'step\nstep\nstep\npeak\n' | /usr/bin/python3 bench/pytorch_t5.py 64 24 24 256 4 3 4 680 6000
"""
import math, sys
from pytorch_gpt2 import begin, serve  # before torch: it says how threads wait
import torch
import torch.nn.functional as F
from torch import nn

DROPOUT = SMOOTHING = 0.1  # as the recipe has them
BUCKETS, FARTHEST = 32, 128


class Norm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        if hasattr(F, "rms_norm"):  # PyTorch 2.4
            return F.rms_norm(x, x.shape[-1:], self.weight, 1e-6)
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-6) * self.weight


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.o = (nn.Linear(width, width, bias=False) for _ in "qkvo")

    def forward(self, x, source, shift):
        q, k, v = (p.unflatten(-1, (self.heads, -1)).transpose(1, 2) for p in (self.q(x), self.k(source), self.v(source)))
        if hasattr(F, "scaled_dot_product_attention"):  # PyTorch 2; it divides scores, which T5 does not
            y = F.scaled_dot_product_attention(q * math.sqrt(q.shape[-1]), k, v, shift)
        else:
            y = (q @ k.transpose(-2, -1) + shift).softmax(-1) @ v
        return self.o(y.transpose(1, 2).flatten(2))


class Branch(nn.Module):
    """What `name` makes of the normed stream is added to it."""

    def __init__(self, width, name, body):
        super().__init__()
        self.layer_norm, self.name = Norm(width), name
        setattr(self, name, body)

    def forward(self, x, *rest):
        normed = self.layer_norm(x)
        sources = (normed, *rest) if self.name == "SelfAttention" else rest
        return x + F.dropout(getattr(self, self.name)(normed, *sources), DROPOUT, self.training)


class FeedForward(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.wi_0, self.wi_1 = nn.Linear(width, hidden, bias=False), nn.Linear(width, hidden, bias=False)
        self.wo = nn.Linear(hidden, width, bias=False)

    def forward(self, x):
        return self.wo(F.gelu(self.wi_0(x), approximate="tanh") * self.wi_1(x))


class Block(nn.Module):
    def __init__(self, width, heads, hidden, is_decoder):
        super().__init__()
        attentions = ["SelfAttention", "EncDecAttention"] if is_decoder else ["SelfAttention"]
        bodies = [(name, Attention(width, heads)) for name in attentions] + [("DenseReluDense", FeedForward(width, hidden))]
        self.layer = nn.ModuleList(Branch(width, name, body) for name, body in bodies)

    def forward(self, x, shift, *seen):
        x = self.layer[0](x, shift)
        if seen:
            x = self.layer[1](x, *seen)
        return self.layer[-1](x)


class Stack(nn.Module):
    def __init__(self, width, layers, heads, hidden, time, is_decoder):
        super().__init__()
        self.block = nn.ModuleList(Block(width, heads, hidden, is_decoder) for _ in range(layers))
        self.block[0].layer[0].SelfAttention.relative_attention_bias = nn.Embedding(BUCKETS, heads)
        self.final_layer_norm = Norm(width)
        ahead = torch.arange(time)[None] - torch.arange(time)[:, None]
        self.register_buffer("buckets", buckets(ahead, not is_decoder), persistent=False)

    def forward(self, x, mask, *seen):
        bias = self.block[0].layer[0].SelfAttention.relative_attention_bias(self.buckets).permute(2, 0, 1)
        x, shift = F.dropout(x, DROPOUT, self.training), bias + mask
        for block in self.block:
            x = block(x, shift, *seen)
        return self.final_layer_norm(x)


def buckets(ahead, both_ways):
    """T5's: one a distance for the near half, then wider and wider ones."""
    count = BUCKETS // 2 if both_ways else BUCKETS
    first = (ahead > 0) * count if both_ways else torch.zeros_like(ahead)
    distance = ahead.abs() if both_ways else (-ahead).clamp(min=0)
    near = count // 2
    octaves = torch.log(distance.clamp(min=1).float() / near) / math.log(FARTHEST / near)
    far = (near + (octaves * (count - near)).long()).clamp(max=count - 1)
    return first + torch.where(distance < near, distance, far)


class T5(nn.Module):
    """Encoder and decoder over one embedding, which is also the head; returns the loss."""

    def __init__(self, source, target, width, layers, decoder_layers, heads, hidden, vocab):
        super().__init__()
        self.shared = nn.Embedding(vocab, width)
        self.encoder = Stack(width, layers, heads, hidden, source, False)
        self.decoder = Stack(width, decoder_layers, heads, hidden, target, True)
        future = torch.full((target, target), -1e9).triu(1)
        self.register_buffer("future", future, persistent=False)
        for name, parameter in self.named_parameters():
            if "relative_attention_bias" in name or name.endswith(("o.weight", "wo.weight")):
                nn.init.zeros_(parameter)
            elif parameter.dim() == 2:
                nn.init.normal_(parameter, std=0.02 if name == "shared.weight" else parameter.shape[1] ** -0.5)
        nn.init.constant_(self.decoder.final_layer_norm.weight, width ** 0.5)

    def logits(self, source, valid, inputs):
        hidden = (valid[:, None, None] - 1.0) * 1e9
        seen = self.encoder(self.shared(source), hidden)
        states = self.decoder(self.shared(inputs), self.future, seen, hidden)
        return (states * states.shape[-1] ** -0.5) @ self.shared.weight.T

    def forward(self, source, valid, inputs, targets):
        logits = self.logits(source, valid, inputs)
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), label_smoothing=SMOOTHING)


def main():
    if len(sys.argv) != 10:
        sys.exit("usage: pytorch_t5.py BATCH SOURCE TARGET WIDTH LAYERS DECODER_LAYERS HEADS HIDDEN VOCAB")
    batch, source, target, *sizes, vocab = map(int, sys.argv[1:])
    begin()
    model = T5(source, target, *sizes, vocab)
    texts, valid = torch.randint(vocab, (batch, source)), torch.ones(batch, source)
    inputs, targets = torch.randint(vocab, (2, batch, target))
    serve(model, texts, valid, inputs, targets)


if __name__ == "__main__":
    main()
