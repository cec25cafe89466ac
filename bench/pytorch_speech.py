"""The yardstick for speech: one training step (forward, backward, AdamW) of a Conformer by CTC in PyTorch, float32.

    apt-get install -y python3-torch libopenblas0-pthread
    /usr/bin/python3 bench/pytorch_speech.py BATCH FRAMES FEATURES WIDTH LAYERS HEADS HIDDEN KERNEL VOCAB LABELS

The network is that of src/models/conformer.ts with a linear layer to VOCAB symbols, FRAMES of FEATURES numbers are a
recording and LABELS its text. Parameters carry the names they have there, but for the kernels of one step, which are
matrices here. The protocol is that of pytorch_gpt2.py: "step" and "peak" over standard input.
By hand: printf 'step\nstep\nstep\npeak\n' | /usr/bin/python3 bench/pytorch_speech.py 16 150 160 144 4 3 576 9 32 40
"""
import math, sys
from pytorch_gpt2 import begin, serve  # before torch: it says how threads wait
import torch
import torch.nn.functional as F
from torch import nn


class FeedForward(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.intermediate_dense, self.output_dense = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x):
        return self.output_dense(F.silu(self.intermediate_dense(x)))


class Attention(nn.Module):
    """States are rotated by their place before they are projected to queries and keys."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.linear_q, self.linear_k = nn.Linear(width, width), nn.Linear(width, width)
        self.linear_v, self.linear_out = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, x, valid, cos, sin):
        first, second = x.unflatten(-1, (self.heads, -1)).chunk(2, -1)
        rotated = torch.cat([first * cos - second * sin, second * cos + first * sin], -1).flatten(2)
        projected = self.linear_q(rotated), self.linear_k(rotated), self.linear_v(x)
        q, k, v = (p.unflatten(-1, (self.heads, -1)).transpose(1, 2) for p in projected)
        seen = valid[:, None, None]
        if hasattr(F, "scaled_dot_product_attention"):  # PyTorch 2: the fused kernel, its best foot forward
            y = F.scaled_dot_product_attention(q, k, v, seen)
        else:
            scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
            y = scores.masked_fill(~seen, -math.inf).softmax(-1) @ v
        return self.linear_out(y.transpose(1, 2).flatten(2))


class Convolution(nn.Module):
    """A gated linear layer, each channel's sum over the last frames, another linear layer."""

    def __init__(self, width, kernel):
        super().__init__()
        self.layer_norm, self.depthwise_layer_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.pointwise_conv1 = nn.Linear(width, 2 * width, bias=False)
        self.depthwise_conv = nn.Conv1d(width, width, kernel, groups=width, bias=False)
        self.pointwise_conv2 = nn.Linear(width, width, bias=False)
        for convolution in self.children():
            if not isinstance(convolution, nn.LayerNorm):
                nn.init.kaiming_normal_(convolution.weight)

    def forward(self, x, valid):
        x = F.glu(self.pointwise_conv1(self.layer_norm(x) * valid[..., None]))
        before = self.depthwise_conv.weight.shape[-1] - 1
        x = self.depthwise_conv(F.pad(x.transpose(1, 2), (before, 0))).transpose(1, 2)
        return self.pointwise_conv2(F.silu(self.depthwise_layer_norm(x)))


class Layer(nn.Module):
    """Half a feed-forward network, attention, convolution, the other half, each after a norm, and a norm."""

    def __init__(self, width, heads, hidden, kernel):
        super().__init__()
        self.ffn1_layer_norm, self.ffn1 = nn.LayerNorm(width), FeedForward(width, hidden)
        self.self_attn_layer_norm, self.self_attn = nn.LayerNorm(width), Attention(width, heads)
        self.conv_module = Convolution(width, kernel)
        self.ffn2_layer_norm, self.ffn2 = nn.LayerNorm(width), FeedForward(width, hidden)
        self.final_layer_norm = nn.LayerNorm(width)

    def forward(self, x, valid, cos, sin):
        x = x + 0.5 * self.ffn1(self.ffn1_layer_norm(x))
        x = x + self.self_attn(self.self_attn_layer_norm(x), valid, cos, sin)
        x = x + self.conv_module(x, valid)
        return self.final_layer_norm(x + 0.5 * self.ffn2(self.ffn2_layer_norm(x)))


class Projection(nn.Module):
    def __init__(self, features, width):
        super().__init__()
        self.layer_norm, self.projection = nn.LayerNorm(features), nn.Linear(features, width)

    def forward(self, x):
        return self.projection(self.layer_norm(x))


class Conformer(nn.Module):
    def __init__(self, frames, features, width, layers, heads, hidden, kernel):
        super().__init__()
        self.masked_spec_embed = nn.Parameter(torch.rand(width) * 2 - 1)  # of hidden frames: there are none
        self.feature_projection = Projection(features, width)
        self.encoder = nn.Module()
        self.encoder.layers = nn.ModuleList(Layer(width, heads, hidden, kernel) for _ in range(layers))
        half = width // heads // 2
        angles = torch.outer(torch.arange(frames), 10000 ** (-torch.arange(half) / half))[:, None]
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)
        for linear in self.encoder.modules():
            if isinstance(linear, nn.Linear) and linear.bias is not None:
                nn.init.normal_(linear.weight, std=0.02)
                nn.init.zeros_(linear.bias)

    def forward(self, features, valid):
        x = self.feature_projection(features) * valid[..., None]
        for layer in self.encoder.layers:
            x = layer(x, valid, self.cos, self.sin)
        return x


class Recogniser(nn.Module):
    """A linear layer over the Conformer's frames; returns the loss."""

    def __init__(self, frames, features, width, layers, heads, hidden, kernel, vocab):
        super().__init__()
        self.wav2vec2_bert = Conformer(frames, features, width, layers, heads, hidden, kernel)
        self.lm_head = nn.Linear(width, vocab)
        nn.init.normal_(self.lm_head.weight, std=0.02)
        nn.init.zeros_(self.lm_head.bias)

    def logits(self, features, valid):
        return self.lm_head(self.wav2vec2_bert(features, valid))

    def forward(self, features, valid, labels):
        scores = self.logits(features, valid).log_softmax(-1).transpose(0, 1)
        lengths = valid.sum(1), (labels > 0).sum(1)
        return F.ctc_loss(scores, labels, *lengths, zero_infinity=True)


def main():
    if len(sys.argv) != 11:
        sys.exit("usage: pytorch_speech.py BATCH FRAMES FEATURES WIDTH LAYERS HEADS HIDDEN KERNEL VOCAB LABELS")
    batch, frames, features, *layers, vocab, labels = map(int, sys.argv[1:])
    begin()
    model = Recogniser(frames, features, *layers, vocab)
    recordings = torch.rand(batch, frames, features) * 2 - 1, torch.ones(batch, frames, dtype=torch.bool)
    texts = torch.randint(1, vocab, (batch, labels))
    serve(model, *recordings, texts)


if __name__ == "__main__":
    main()
