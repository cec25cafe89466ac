"""Writes the goldens of the convolutional networks: what PyTorch says a tiny U-Net and ResNet should compute.

    apt-get install -y python3-torch
    /usr/bin/python3 test/parity/make_images_conv_goldens.py    # rewrites test/parity/goldens/images-conv-*.json

The networks are written out in plain PyTorch after their papers, with our parameter names. Weights are short
decimal numbers; everything is computed in float64 and rounded once, at the end. A golden holds
    config      our config.json
    weights     {name: {shape, data}}, row major
    inputs      {name: {shape, data}};  output: {shape, data}
    loss        mean of output * cotangent, another input;  gradients: {name: {shape, data}} of it
"""
import json, math, pathlib
import torch, torch.nn.functional as F

FOLDER = pathlib.Path(__file__).parent / "goldens"
GROUPS = 2


class Recorder(dict):
    """Weights by name, drawn when first asked for, in the order of the network."""

    def __init__(self, random):
        super().__init__()
        self.random = random

    def ask(self, name, *shape):
        if name not in self:
            noise = torch.randn(shape, generator=self.random).double()
            fan = math.prod(shape[1:]) if len(shape) > 1 else 100
            centre = 1.0 if len(shape) == 1 and name.endswith("weight") else 0.0
            value = ((centre + noise / math.sqrt(fan)) * 1000).round() / 1000
            self[name] = value.requires_grad_()
        return self[name]

    def conv(self, x, name, outputs, kernel=3, stride=1, bias=True):
        weight = self.ask(name + ".weight", outputs, x.shape[1], kernel, kernel)
        return F.conv2d(x, weight, self.ask(name + ".bias", outputs) if bias else None, stride, kernel // 2)

    def linear(self, x, name, outputs):
        return F.linear(x, self.ask(name + ".weight", outputs, x.shape[1]), self.ask(name + ".bias", outputs))

    def norm(self, x, name):
        c = x.shape[1]
        return F.group_norm(x, GROUPS, self.ask(name + ".weight", c), self.ask(name + ".bias", c), 1e-5)


# --- U-Net (Ho et al. 2020), as the authors' models/unet.py, with departures as in src/models/unet.ts ----
UNET = dict(model_type="autodidact_unet", channels=2, height=4, width=6, patch_size=1, base_width=4,
            width_multipliers=[1, 2], blocks_per_level=1, attention_at=[2], num_classes=3, groups=GROUPS)


def unet(w, c, x, time, labels):
    def residual(x, name, outputs):
        h = w.conv(F.silu(w.norm(x, name + ".norm1")), name + ".conv1", outputs)
        h = h + w.linear(F.silu(embedding), name + ".time", outputs)[:, :, None, None]
        h = w.conv(F.silu(w.norm(h, name + ".norm2")), name + ".conv2", outputs)
        return h + (x if x.shape[1] == outputs else w.conv(x, name + ".shortcut", outputs, 1))

    def attention(x, name):
        q, k, v = w.conv(w.norm(x, name + ".norm"), name + ".qkv", 3 * x.shape[1], 1).flatten(2).chunk(3, 1)
        weights = (torch.einsum("bct,bcs->bts", q, k) / math.sqrt(x.shape[1])).softmax(-1)
        return x + w.conv(torch.einsum("bts,bcs->bct", weights, v).view_as(x), name + ".proj", x.shape[1], 1)

    def block(x, level, i, outputs):
        x = residual(x, f"{level}.blocks.{i}", outputs)
        return attention(x, f"{level}.attentions.{i}") if x.shape[2] in c["attention_at"] else x

    base, widths = c["base_width"], [c["base_width"] * m for m in c["width_multipliers"]]
    angles = torch.outer(time * 1000, 10000 ** (-torch.arange(128).double() / 128))
    sinusoids = torch.cat([angles.cos(), angles.sin()], 1)
    embedding = F.silu(w.linear(sinusoids, "time_embedding.mlp.0", 4 * base))
    embedding = w.linear(embedding, "time_embedding.mlp.2", 4 * base)
    embedding = embedding + w.ask("class_embedding.weight", c["num_classes"] + 1, 4 * base)[labels]
    h = w.conv(x, "conv_in", base)
    skips = [h]
    for i, width in enumerate(widths):
        for j in range(c["blocks_per_level"]):
            skips.append(h := block(h, f"down.{i}", j, width))
        if i < len(widths) - 1:
            skips.append(h := w.conv(h, f"down.{i}.downsample", width, stride=2))
    h = attention(residual(h, "middle.blocks.0", widths[-1]), "middle.attention")
    h = residual(h, "middle.blocks.1", widths[-1])
    for i, width in reversed(list(enumerate(widths))):
        for j in range(c["blocks_per_level"] + 1):
            h = block(torch.cat([h, skips.pop()], 1), f"up.{i}", j, width)
        if i > 0:
            h = w.conv(F.interpolate(h, scale_factor=2, mode="nearest"), f"up.{i}.upsample", width)
    return w.conv(F.silu(w.norm(h, "norm_out")), "conv_out", c["channels"])


# --- ResNet (He et al. 2016), as torchvision's resnet.py, with departures as in src/models/resnet.ts ------
RESNET = dict(model_type="autodidact_resnet", channels=1, height=8, width=6, patch_size=2, base_width=4,
              blocks_per_stage=[1, 2], groups=GROUPS)


def resnet(w, c, images):
    conv = lambda x, name, outputs, kernel=3, stride=1: w.conv(x, name, outputs, kernel, stride, bias=False)
    patches = F.pixel_unshuffle(images, c["patch_size"])
    x = F.relu(w.norm(conv(patches, "conv1", c["base_width"]), "norm1"))
    for stage, count in enumerate(c["blocks_per_stage"]):
        width = c["base_width"] * 2**stage
        for i in range(count):
            name, stride = f"layer{stage + 1}.{i}.", 2 if stage > 0 and i == 0 else 1
            y = F.relu(w.norm(conv(x, name + "conv1", width, stride=stride), name + "norm1"))
            y = w.norm(conv(y, name + "conv2", width), name + "norm2")
            if x.shape != y.shape:
                x = w.norm(conv(x, name + "downsample.0", width, 1, stride), name + "downsample.1")
            x = F.relu(x + y)
    return x.mean((2, 3))


def golden(network, config, inputs, random):
    w = Recorder(random)
    output = network(w, config, *inputs.values())
    cotangent = short(torch.randn(output.shape, generator=random))
    loss = (output * cotangent).mean()
    loss.backward()
    tensors = lambda named: {name: tensor(t) for name, t in named.items()}
    return dict(config=config, weights=tensors(w), inputs=tensors({**inputs, "cotangent": cotangent}),
                output=tensor(output), loss=rounded(loss), gradients=tensors({n: t.grad for n, t in w.items()}))


def short(values):
    return (values.double() * 100).round() / 100


def tensor(values):
    return dict(shape=list(values.shape), data=[rounded(v) for v in values.detach().flatten()])


def rounded(value):
    return value.item() if value.dtype == torch.int64 else float(f"{value.item():.6g}")


def images(config, count, random):
    return short(torch.rand(count, config["channels"], config["height"], config["width"], generator=random) * 2 - 1)


def main():
    random = torch.Generator().manual_seed(11)
    noisy = dict(x=images(UNET, 3, random), time=torch.tensor([0.0, 0.375, 0.875]).double(), labels=torch.tensor([2, 0, 3]))
    write("unet", golden(unet, UNET, noisy, random))
    write("resnet", golden(resnet, RESNET, dict(images=images(RESNET, 3, random)), random))


def write(name, golden):
    path = FOLDER / f"images-conv-{name}.json"
    path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
    print(path, path.stat().st_size, len(golden["weights"]), golden["loss"])


if __name__ == "__main__":
    main()
