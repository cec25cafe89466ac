"""The yardstick for images: one training step (forward, backward, AdamW) of a network in PyTorch, float32.

    apt-get install -y python3-torch libopenblas0-pthread
    /usr/bin/python3 bench/pytorch_images.py NETWORK BATCH CHANNELS SIZE WIDTH BLOCKS

NETWORK, for 10 classes, is one of
    dit      flow matching, BLOCKS layers, as src/models/dit.ts
    unet     flow matching, levels of 1, 2, 2 times WIDTH, BLOCKS a level, attention at SIZE / 4, as src/models/unet.ts
    vit      cross-entropy, BLOCKS layers, as src/models/vit.ts
    resnet   cross-entropy, three stages of BLOCKS, from WIDTH channels, as src/models/resnet.ts
    mae      three quarters of the patches hidden, BLOCKS layers and two that decode, half as wide, as src/models/mae.ts
Transformers have patches of 4 x 4 and heads of width 32. The protocol is that of pytorch_gpt2.py: "step" and "peak"
over standard input.
By hand: printf 'step\nstep\nstep\npeak\n' | /usr/bin/python3 bench/pytorch_images.py resnet 64 3 32 32 3
"""
import math, sys
from pytorch_gpt2 import begin, serve  # before torch: it says how threads wait
import torch
import torch.nn.functional as F
from torch import nn
from pytorch_vit import MAE, DiT, ViT

CLASSES = 10


class Flow(nn.Module):
    """Flow matching: the mean squared error of the velocity on the way from noise to images."""

    def __init__(self, network, embedded):
        super().__init__()
        self.network = network
        self.times = nn.Sequential(nn.Linear(256, embedded), nn.SiLU(), nn.Linear(embedded, embedded))
        self.classes = nn.Embedding(CLASSES + 1, embedded)

    def forward(self, images, labels):
        noise, t = torch.randn_like(images), torch.rand(len(images))
        x = torch.lerp(noise, images, t[:, None, None, None])
        shown = labels.masked_fill(torch.rand(len(labels)) < 0.1, CLASSES)
        angles = torch.outer(1000 * t, 10000 ** (-torch.arange(128) / 128))
        times = self.times(torch.cat([angles.cos(), angles.sin()], 1))
        return F.mse_loss(self.network(x, F.silu(times + self.classes(shown))), images - noise)


class Residual(nn.Module):
    """Group norm, SiLU, convolution, twice, with the embedding added between; attention behind it or not."""

    def __init__(self, inputs, outputs, embedded, attends):
        super().__init__()
        self.norm1, self.norm2 = norm(inputs), norm(outputs)
        self.conv1, self.conv2 = nn.Conv2d(inputs, outputs, 3, padding=1), nn.Conv2d(outputs, outputs, 3, padding=1)
        self.time = nn.Linear(embedded, outputs)
        self.shortcut = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)
        self.attention = Attention(outputs) if attends else nn.Identity()

    def forward(self, x, embedding):
        h = self.conv1(F.silu(self.norm1(x))) + self.time(embedding)[:, :, None, None]
        return self.attention(self.shortcut(x) + self.conv2(F.silu(self.norm2(h))))


class Attention(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm, self.qkv, self.proj = norm(width), nn.Conv2d(width, 3 * width, 1), nn.Conv2d(width, width, 1)

    def forward(self, x):
        q, k, v = self.qkv(self.norm(x)).flatten(2).chunk(3, 1)
        weights = (q.transpose(1, 2) @ k / math.sqrt(x.shape[1])).softmax(-1)
        return x + self.proj((v @ weights.transpose(1, 2)).view_as(x))


class UNet(nn.Module):
    def __init__(self, channels, width, blocks):
        super().__init__()
        embedded, widths = 4 * width, [width, 2 * width, 2 * width]
        self.conv_in, self.norm_out = nn.Conv2d(channels, width, 3, padding=1), norm(width)
        self.conv_out = nn.Conv2d(width, channels, 3, padding=1)
        self.down, self.up, now, skips = nn.ModuleList(), nn.ModuleList(), width, [width]
        for i, outputs in enumerate(widths):
            for _ in range(blocks):
                self.down.append(Residual(now, outputs, embedded, i == 2))
                skips.append(now := outputs)
            if i < 2:
                self.down.append(nn.Conv2d(now, now, 3, 2, 1))
                skips.append(now)
        self.middle = nn.ModuleList([Residual(now, now, embedded, True), Residual(now, now, embedded, False)])
        for i, outputs in reversed(list(enumerate(widths))):
            for _ in range(blocks + 1):
                self.up.append(Residual(now + skips.pop(), outputs, embedded, i == 2))
                now = outputs
            if i > 0:
                self.up.append(nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(now, now, 3, padding=1)))

    def forward(self, x, embedding):
        skips = [h := self.conv_in(x)]
        for layer in self.down:
            skips.append(h := layer(h, embedding) if isinstance(layer, Residual) else layer(h))
        for layer in self.middle:
            h = layer(h, embedding)
        for layer in self.up:
            residual = isinstance(layer, Residual)
            h = layer(torch.cat([h, skips.pop()], 1), embedding) if residual else layer(h)
        return self.conv_out(F.silu(self.norm_out(h)))


class Basic(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm1, self.norm2, self.downsample = norm(outputs), norm(outputs), nn.Identity()
        if inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), norm(outputs))

    def forward(self, x):
        return F.relu(self.downsample(x) + self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x))))))


class ResNet(nn.Module):
    def __init__(self, channels, width, blocks):
        super().__init__()
        layers = [nn.Conv2d(channels, width, 3, padding=1, bias=False), norm(width), nn.ReLU()]
        for stage in range(3):
            outputs = width * 2**stage
            for i in range(blocks):
                first = stage > 0 and i == 0
                layers.append(Basic(outputs // 2 if first else outputs, outputs, 2 if first else 1))
        self.layers, self.head = nn.Sequential(*layers), nn.Linear(4 * width, CLASSES)

    def forward(self, images, labels):
        return F.cross_entropy(self.head(self.layers(images).mean((2, 3))), labels)


def norm(width):
    return nn.GroupNorm(8, width)


NETWORKS = {
    "dit": lambda channels, size, width, blocks: Flow(DiT(channels, size, width, blocks), width),
    "vit": lambda channels, size, width, blocks: ViT(channels, size, width, blocks, CLASSES),
    "unet": lambda channels, size, width, blocks: Flow(UNet(channels, width, blocks), 4 * width),
    "resnet": lambda channels, size, width, blocks: ResNet(channels, width, blocks),
    "mae": MAE,
}


def main():
    if len(sys.argv) != 7 or sys.argv[1] not in NETWORKS:
        sys.exit(f"usage: pytorch_images.py {'|'.join(NETWORKS)} BATCH CHANNELS SIZE WIDTH BLOCKS")
    batch, channels, size, width, blocks = map(int, sys.argv[2:])
    begin()
    model = NETWORKS[sys.argv[1]](channels, size, width, blocks)
    images, labels = torch.rand(batch, channels, size, size) * 2 - 1, torch.randint(0, CLASSES, (batch,))
    serve(model, images, labels)


if __name__ == "__main__":
    main()
