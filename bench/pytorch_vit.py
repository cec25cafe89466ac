"""The transformers of pytorch_images.py: DiT, ViT and MAE, with patches of 4 x 4 and heads of width 32."""
import math
import torch
import torch.nn.functional as F
from torch import nn

PATCH, HEAD, HIDDEN = 4, 32, 0.75


class SelfAttention(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x):
        q, k, v = self.qkv(x).unflatten(-1, (3, -1, HEAD)).permute(2, 0, 3, 1, 4)
        if hasattr(F, "scaled_dot_product_attention"):  # PyTorch 2: the fused kernel, its best foot forward
            y = F.scaled_dot_product_attention(q, k, v)
        else:
            y = (q / math.sqrt(HEAD) @ k.transpose(-2, -1)).softmax(-1) @ v
        return self.proj(y.transpose(1, 2).flatten(2))


def mlp(width, activation):
    return nn.Sequential(nn.Linear(width, 4 * width), activation, nn.Linear(4 * width, width))


def modulate(x, shift, scale):
    return x * (1 + scale) + shift


class AdaptiveLayer(nn.Module):
    """Attention and MLP, each with shift, scale and gate from the conditions."""

    def __init__(self, width):
        super().__init__()
        self.norm = nn.LayerNorm(width, eps=1e-6, elementwise_affine=False)
        self.attention, self.mlp = SelfAttention(width), mlp(width, nn.GELU(approximate="tanh"))
        self.modulation = zeroed(nn.Linear(width, 6 * width))

    def forward(self, x, condition):
        shift1, scale1, gate1, shift2, scale2, gate2 = self.modulation(condition).unsqueeze(1).chunk(6, -1)
        x = x + gate1 * self.attention(modulate(self.norm(x), shift1, scale1))
        return x + gate2 * self.mlp(modulate(self.norm(x), shift2, scale2))


class DiT(nn.Module):
    def __init__(self, channels, size, width, blocks):
        super().__init__()
        self.side = size // PATCH
        self.patches = nn.Conv2d(channels, width, PATCH, PATCH)
        self.register_buffer("positions", sines(self.side, width))
        self.layers = nn.ModuleList(AdaptiveLayer(width) for _ in range(blocks))
        self.norm = nn.LayerNorm(width, eps=1e-6, elementwise_affine=False)
        self.modulation = zeroed(nn.Linear(width, 2 * width))
        self.pixels = zeroed(nn.Linear(width, channels * PATCH**2))

    def forward(self, x, condition):
        x = tokens(self.patches(x)) + self.positions
        for layer in self.layers:
            x = layer(x, condition)
        x = self.pixels(modulate(self.norm(x), *self.modulation(condition).unsqueeze(1).chunk(2, -1)))
        return F.pixel_shuffle(x.transpose(1, 2).unflatten(2, (self.side, self.side)), PATCH)


class Layer(nn.Module):
    """Attention and MLP, each after a norm."""

    def __init__(self, width):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention, self.mlp = SelfAttention(width), mlp(width, nn.GELU())

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class ViT(nn.Module):
    def __init__(self, channels, size, width, blocks, outputs):
        super().__init__()
        self.patches = nn.Conv2d(channels, width, PATCH, PATCH)
        self.first, self.positions = nn.Parameter(torch.zeros(1, 1, width)), positions(size, width)
        self.layers = nn.Sequential(*(Layer(width) for _ in range(blocks)), nn.LayerNorm(width))
        self.head = nn.Linear(width, outputs)
        self.apply(glorot)

    def encode(self, images, visible=None):
        """Vectors of the class token and of the patches, all of them or the visible ones [b, k]."""
        x = tokens(self.patches(images)) + self.positions[:, 1:]
        x = x if visible is None else x.gather(1, visible[..., None].expand(-1, -1, x.shape[2]))
        first = (self.first + self.positions[:, :1]).expand(len(x), -1, -1)
        return self.layers(torch.cat([first, x], 1))

    def forward(self, images, labels):
        return F.cross_entropy(self.head(self.encode(images)[:, 0]), labels)


class MAE(nn.Module):
    def __init__(self, channels, size, width, blocks):
        super().__init__()
        narrow = width // 2
        self.encoder = ViT(channels, size, width, blocks, narrow)
        self.hidden, self.positions = nn.Parameter(torch.zeros(1, 1, narrow)), positions(size, narrow)
        self.layers = nn.Sequential(Layer(narrow), Layer(narrow), nn.LayerNorm(narrow))
        self.pixels = nn.Linear(narrow, channels * PATCH**2)
        self.apply(glorot)

    def forward(self, images, labels):
        target = tokens(F.pixel_unshuffle(images, PATCH))
        variance, mean = torch.var_mean(target, -1, keepdim=True)
        order = torch.rand(target.shape[:2]).argsort(1)
        keep = int((1 - HIDDEN) * order.shape[1])
        visible, hidden = order[:, :keep], order[:, keep:]
        x = self.encoder.head(self.encoder.encode(images, visible))
        rows = torch.cat([x[:, 1:], self.hidden.expand(*hidden.shape, -1)], 1)
        rows = rows.gather(1, order.argsort(1)[..., None].expand(-1, -1, x.shape[2]))
        predicted = self.pixels(self.layers(torch.cat([x[:, :1], rows], 1) + self.positions)[:, 1:])
        errors = (predicted - (target - mean) / (variance + 1e-6).sqrt()).square().mean(-1)
        return errors.gather(1, hidden).mean()


def tokens(x):
    """[b, c, h, w] as [b, h w, c]."""
    return x.flatten(2).transpose(1, 2)


def positions(size, width):
    """Learned ones, of the class token and the patches."""
    return nn.Parameter(0.02 * torch.randn(1, (size // PATCH) ** 2 + 1, width))


def sines(side, width):
    """Fixed positions [side side, width]."""
    angles = torch.outer(torch.arange(side), 10000 ** (-torch.arange(width // 4) / (width // 4)))
    waves = torch.cat([angles.sin(), angles.cos()], 1)
    return torch.cat([waves.repeat(side, 1), waves.repeat_interleave(side, 0)], 1)


def glorot(module):
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        nn.init.zeros_(module.bias)


def zeroed(linear):
    for parameter in linear.parameters():
        nn.init.zeros_(parameter)
    return linear
