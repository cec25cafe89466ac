"""Writes the golden of a tiny diffusion transformer: what PyTorch says it and its two losses should compute.

    apt-get install -y python3-torch
    /usr/bin/python3 test/parity/make_images_dit_goldens.py     # rewrites test/parity/goldens/images-dit.json

The model is written out here after the paper's code (facebookresearch/DiT, models.py: DiT, learn_sigma=False), with
its names and layouts. Weights are random float32 numbers, gates included: at zero, as training starts, most gradients
would be zero. Everything is then computed in float64 and rounded once, at the end. The golden holds

    config, weights {name: {shape, data}}
    images, noise {shape, data}; times [b]; labels [b], one of them "none"
    flow    prediction at (1 - t) noise + t images; loss, the mean squared error to images - noise; gradients of it
    ddpm    {schedule: {steps [b], signals [b], loss}}: a_n of linear and cosine schedules; the loss to the noise
"""
import json, math, pathlib
import torch, torch.nn as nn, torch.nn.functional as F

PATH = pathlib.Path(__file__).parent / "goldens" / "images-dit.json"
CONFIG = dict(channels=2, height=4, width=6, patchSize=2, embedWidth=8, numLayers=2, numHeads=2, numClasses=3)


def modulate(x, shift, scale):
    return x * (1 + scale.unsqueeze(1)) + shift.unsqueeze(1)


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.qkv, self.proj = heads, nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x):
        b, t, c = x.shape
        q, k, v = self.qkv(x).reshape(b, t, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        weights = (q @ k.transpose(-2, -1) * (c // self.heads) ** -0.5).softmax(-1)
        return self.proj((weights @ v).transpose(1, 2).reshape(b, t, c))


class Mlp(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        x = self.fc1(x)
        return self.fc2(0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3))))


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.attn, self.mlp = Attention(width, heads), Mlp(width)
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 6 * width))

    def forward(self, x, c):
        norm = lambda x: F.layer_norm(x, x.shape[-1:], eps=1e-6)
        shift, scale, gate, mlp_shift, mlp_scale, mlp_gate = self.adaLN_modulation(c).chunk(6, dim=1)
        x = x + gate.unsqueeze(1) * self.attn(modulate(norm(x), shift, scale))
        return x + mlp_gate.unsqueeze(1) * self.mlp(modulate(norm(x), mlp_shift, mlp_scale))


class FinalLayer(nn.Module):
    def __init__(self, width, outputs):
        super().__init__()
        self.linear = nn.Linear(width, outputs)
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 2 * width))

    def forward(self, x, c):
        shift, scale = self.adaLN_modulation(c).chunk(2, dim=1)
        return self.linear(modulate(F.layer_norm(x, x.shape[-1:], eps=1e-6), shift, scale))


class PatchEmbed(nn.Module):
    def __init__(self, channels, width, size):
        super().__init__()
        self.proj = nn.Conv2d(channels, width, size, stride=size)

    def forward(self, x):
        return self.proj(x).flatten(2).transpose(1, 2)


class TimestepEmbedder(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(256, width), nn.SiLU(), nn.Linear(width, width))

    def forward(self, t):
        frequencies = torch.exp(-math.log(10000) * torch.arange(128, dtype=t.dtype) / 128)
        angles = t[:, None] * frequencies[None]
        return self.mlp(torch.cat([angles.cos(), angles.sin()], -1))


class LabelEmbedder(nn.Module):
    def __init__(self, classes, width):
        super().__init__()
        self.embedding_table = nn.Embedding(classes + 1, width)

    def forward(self, labels):
        return self.embedding_table(labels)


class DiT(nn.Module):
    def __init__(self, channels, height, width, patchSize, embedWidth, numLayers, numHeads, numClasses):
        super().__init__()
        self.size, self.grid, self.channels = patchSize, (height // patchSize, width // patchSize), channels
        self.x_embedder = PatchEmbed(channels, embedWidth, patchSize)
        self.t_embedder, self.y_embedder = TimestepEmbedder(embedWidth), LabelEmbedder(numClasses, embedWidth)
        self.blocks = nn.ModuleList([Block(embedWidth, numHeads) for _ in range(numLayers)])
        self.final_layer = FinalLayer(embedWidth, patchSize ** 2 * channels)
        self.register_buffer("pos_embed", positions(embedWidth, *self.grid), persistent=False)

    def forward(self, x, time, labels):
        x = self.x_embedder(x) + self.pos_embed.to(x.dtype)
        c = self.t_embedder(1000 * time) + self.y_embedder(labels)
        for block in self.blocks:
            x = block(x, c)
        x = self.final_layer(x, c).reshape(len(x), *self.grid, self.size, self.size, self.channels)
        return torch.einsum("nhwpqc->nchpwq", x).flatten(4, 5).flatten(2, 3)


def positions(width, rows, columns):
    """get_2d_sincos_pos_embed: the meshgrid's first axis is x."""
    y, x = torch.meshgrid(torch.arange(rows).double(), torch.arange(columns).double(), indexing="ij")
    return torch.cat([positions_1d(width // 2, x.flatten()), positions_1d(width // 2, y.flatten())], 1)


def positions_1d(width, places):
    angles = torch.outer(places, 1 / 10000 ** (torch.arange(width // 2).double() / (width / 2.0)))
    return torch.cat([angles.sin(), angles.cos()], 1)


def signals(schedule, steps):
    """a_1 .. a_N, as guided-diffusion's get_named_beta_schedule."""
    if schedule == "linear":
        betas = torch.linspace(1000 / steps * 1e-4, 1000 / steps * 0.02, steps, dtype=torch.float64)
    else:
        bar = lambda t: math.cos((t + 0.008) / 1.008 * math.pi / 2) ** 2
        betas = torch.tensor([min(1 - bar((i + 1) / steps) / bar(i / steps), 0.999) for i in range(steps)], dtype=torch.float64)
    return torch.cumprod(1 - betas, 0)


def golden(seed=4):
    random = torch.Generator().manual_seed(seed)
    model = DiT(**CONFIG).double()
    with torch.no_grad():
        for parameter in model.parameters():
            scale = 0.06 if parameter.shape[-1:] == (256,) else 0.3
            parameter.copy_((scale * torch.randn(parameter.shape, generator=random)).double())
    shape = (3, CONFIG["channels"], CONFIG["height"], CONFIG["width"])
    images, noise = [torch.randn(shape, generator=random).double() for _ in range(2)]
    times, labels = torch.tensor([0.125, 0.5, 0.8125]).double(), torch.tensor([2, CONFIG["numClasses"], 0])
    return dict(
        config=CONFIG, weights=tensors(dict(model.named_parameters())), images=tensor(images), noise=tensor(noise),
        times=times.tolist(), labels=labels.tolist(),
        flow=flow(model, images, noise, times, labels),
        ddpm={name: ddpm(model, images, noise, labels, name) for name in ("linear", "cosine")},
    )


def flow(model, images, noise, times, labels):
    t = times[:, None, None, None]
    prediction = model((1 - t) * noise + t * images, times, labels)
    loss = F.mse_loss(prediction, images - noise)
    loss.backward()
    gradients = {name: parameter.grad for name, parameter in model.named_parameters()}
    return dict(prediction=tensor(prediction), loss=rounded(loss.item()), gradients=tensors(gradients))


def ddpm(model, images, noise, labels, schedule):
    steps = torch.tensor([1000, 400, 1])
    level = signals(schedule, 1000)[steps - 1]
    a = level[:, None, None, None]
    with torch.no_grad():
        prediction = model(a.sqrt() * images + (1 - a).sqrt() * noise, 1 - steps.double() / 1000, labels)
    loss = F.mse_loss(prediction, noise).item()
    return dict(steps=steps.tolist(), signals=[float(s) for s in level], loss=rounded(loss))


def rounded(x):
    return float(f"{x:.8g}")


def tensor(x):
    return dict(shape=list(x.shape), data=[rounded(v) for v in x.detach().flatten().tolist()])


def tensors(named):
    return {name: tensor(value) for name, value in named.items()}


if __name__ == "__main__":
    PATH.write_text(json.dumps(golden(), separators=(",", ":")) + "\n")
    print(PATH, PATH.stat().st_size)
