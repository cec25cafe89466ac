"""Writes what PyTorch says a tiny vision transformer, a masked autoencoder and three losses should compute.

    /usr/bin/python3 test/parity/make_images_vit_goldens.py     # rewrites test/parity/goldens/images-vit*.json

The transformers are built of torch's own modules (Conv2d, MultiheadAttention, LayerNorm, GELU) and wired as
transformers' modeling_vit.py and modeling_vit_mae.py; weights carry Hugging Face's names, and query, key and value
are three matrices there. Everything is computed in float64 and rounded to float32 once, at the end.

images-vit.json      {config, weights, images, labels, labelSmoothing, logits, loss, gradients}
images-vit-mae.json  {config, weights, images, visible, places, predicted, losses: {normalised, plain}, gradients}
                     gradients are of the normalised loss
images-vit-losses.json  {ntXent: [{temperature, projected, loss, gradient}], crossEntropy: the like}
"""
import json, pathlib
import numpy as np
import torch, torch.nn as nn, torch.nn.functional as F

FOLDER = pathlib.Path(__file__).parent / "goldens"
CHANNELS, SIDE, PATCH, WIDTH, HEADS, LAYERS, MLP, CLASSES, BATCH = 3, 8, 4, 8, 2, 2, 12, 5, 3
DECODER = dict(width=4, heads=1, layers=1, mlp=8)
PATCHES = (SIDE // PATCH) ** 2
torch.set_default_dtype(torch.float64)


class Layer(nn.Module):
    """Pre-norm; `names` maps torch's parameters to Hugging Face's."""
    def __init__(self, width, heads, mlp):
        super().__init__()
        self.layernorm_before = nn.LayerNorm(width, eps=1e-12)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.layernorm_after = nn.LayerNorm(width, eps=1e-12)
        self.intermediate, self.output, self.act = nn.Linear(width, mlp), nn.Linear(mlp, width), nn.GELU()

    def forward(self, x):
        y = self.layernorm_before(x)
        x = x + self.attention(y, y, y, need_weights=False)[0]
        return x + self.output(self.act(self.intermediate(self.layernorm_after(x))))


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.cls_token = nn.Parameter(torch.empty(1, 1, WIDTH))
        self.position_embeddings = nn.Parameter(torch.empty(1, PATCHES + 1, WIDTH))
        self.projection = nn.Conv2d(CHANNELS, WIDTH, PATCH, PATCH)
        self.layer = nn.ModuleList(Layer(WIDTH, HEADS, MLP) for _ in range(LAYERS))
        self.layernorm = nn.LayerNorm(WIDTH, eps=1e-12)

    def forward(self, images, visible=None):
        x = self.projection(images).flatten(2).transpose(1, 2) + self.position_embeddings[:, 1:]
        if visible is not None:
            x = x.gather(1, visible[..., None].expand(-1, -1, WIDTH))
        first = (self.cls_token + self.position_embeddings[:, :1]).expand(len(x), -1, -1)
        x = torch.cat([first, x], 1)
        for layer in self.layer:
            x = layer(x)
        return self.layernorm(x)


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.vit, self.classifier = Encoder(), nn.Linear(WIDTH, CLASSES)

    def forward(self, images):
        return self.classifier(self.vit(images)[:, 0])


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        width = DECODER["width"]
        self.mask_token = nn.Parameter(torch.empty(1, 1, width))
        self.decoder_pos_embed = nn.Parameter(torch.empty(1, PATCHES + 1, width))
        self.decoder_embed = nn.Linear(WIDTH, width)
        self.decoder_layers = nn.ModuleList(
            Layer(width, DECODER["heads"], DECODER["mlp"]) for _ in range(DECODER["layers"]))
        self.decoder_norm = nn.LayerNorm(width, eps=1e-12)
        self.decoder_pred = nn.Linear(width, PATCH * PATCH * CHANNELS)

    def forward(self, x, places):
        x = self.decoder_embed(x)
        masks = self.mask_token.expand(len(x), PATCHES + 1 - x.shape[1], -1)
        rows = torch.cat([x[:, 1:], masks], 1).gather(1, places[..., None].expand(-1, -1, x.shape[2]))
        x = torch.cat([x[:, :1], rows], 1) + self.decoder_pos_embed
        for layer in self.decoder_layers:
            x = layer(x)
        return self.decoder_pred(self.decoder_norm(x))[:, 1:]


class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.vit, self.decoder = Encoder(), Decoder()

    def forward(self, images, visible, places):
        return self.decoder(self.vit(images, visible), places)


def hugging_face(name, tensor):
    """A module's parameter (or its gradient) under Hugging Face's names: [(name, tensor)]."""
    for embedding in ("cls_token", "position_embeddings"):
        name = name.replace(f"vit.{embedding}", f"vit.embeddings.{embedding}")
    name = name.replace("vit.projection", "vit.embeddings.patch_embeddings.projection")
    name = name.replace("vit.layer.", "vit.encoder.layer.")
    if "layer" in name:
        name = name.replace("attention.out_proj", "attention.output.dense")
        name = name.replace("intermediate.", "intermediate.dense.")
        if ".attention." not in name:
            name = name.replace(".output.", ".output.dense.")
    if "in_proj" in name:
        layer, kind = name.split("attention.in_proj_")
        return [(f"{layer}attention.attention.{to}.{kind}", part)
                for to, part in zip(("query", "key", "value"), tensor.chunk(3))]
    return [(name, tensor)]


def rounded(tensor):
    return dict(shape=list(tensor.shape), data=[float("%.9g" % np.float32(x)) for x in tensor.detach().flatten().tolist()])


def named(module, of):
    pairs = [pair for name, p in module.named_parameters() for pair in hugging_face(name, of(p))]
    return {name: rounded(tensor) for name, tensor in pairs}


def drawn(module, seed):
    """Weights that are float32 numbers, none at a special value."""
    torch.manual_seed(seed)
    for name, p in module.named_parameters():
        centre = 1.0 if "norm" in name and name.endswith("weight") else 0.0
        p.data = (centre + 0.3 * torch.randn(p.shape)).float().double()
    return module


def images():
    return torch.randn(BATCH, CHANNELS, SIDE, SIDE).mul(0.5).float().double()


def patchify(x):
    """As transformers' ViTMAEForPreTraining.patchify: [b, n, y x c]."""
    n = SIDE // PATCH
    x = x.reshape(BATCH, CHANNELS, n, PATCH, n, PATCH)
    return torch.einsum("nchpwq->nhwpqc", x).reshape(BATCH, n * n, PATCH * PATCH * CHANNELS)


def mae_loss(predicted, pixels, places, visible, normalised):
    target = patchify(pixels)
    if normalised:
        target = (target - target.mean(-1, keepdim=True)) / (target.var(-1, keepdim=True) + 1e-6) ** 0.5
    hidden = (places >= visible).double()
    return (((predicted - target) ** 2).mean(-1) * hidden).sum() / hidden.sum()


CONFIG = dict(channels=CHANNELS, height=SIDE, width=SIDE, patchSize=PATCH, embedWidth=WIDTH, numLayers=LAYERS,
              numHeads=HEADS, mlpWidth=MLP)


def classifier_golden():
    model, x = drawn(Classifier(), 1), images()
    labels, smoothing = torch.tensor([4, 0, 2]), 0.1
    logits = model(x)
    loss = F.cross_entropy(logits, labels, label_smoothing=smoothing)
    loss.backward()
    return dict(config=CONFIG, weights=named(model, lambda p: p), images=rounded(x), labels=labels.tolist(),
                labelSmoothing=smoothing, logits=rounded(logits), loss=loss.item(),
                gradients=named(model, lambda p: p.grad))


def mae_golden():
    model, x, shown = drawn(Autoencoder(), 2), images(), 2
    order = torch.stack([torch.randperm(PATCHES) for _ in range(BATCH)])
    visible, places = order[:, :shown], order.argsort(1)
    predicted = model(x, visible, places)
    losses = {name: mae_loss(predicted, x, places, shown, name == "normalised") for name in ("normalised", "plain")}
    losses["normalised"].backward()
    config = dict(CONFIG, decoderWidth=DECODER["width"], decoderLayers=DECODER["layers"],
                  decoderHeads=DECODER["heads"], decoderMlpWidth=DECODER["mlp"])
    return dict(config=config, weights=named(model, lambda p: p), images=rounded(x), visible=visible.tolist(),
                places=places.tolist(), predicted=rounded(predicted),
                losses={name: loss.item() for name, loss in losses.items()},
                gradients=named(model, lambda p: p.grad))


def nt_xent_golden(temperature):
    """Rows 2 i and 2 i + 1 are views of image i."""
    z = torch.randn(8, 6).float().double().requires_grad_()
    cosines = F.cosine_similarity(z[:, None], z[None], dim=-1) / temperature
    others = cosines.masked_fill(torch.eye(8, dtype=torch.bool), -torch.inf)
    loss = F.cross_entropy(others, torch.arange(8) ^ 1)
    loss.backward()
    return dict(temperature=temperature, projected=rounded(z), loss=loss.item(), gradient=rounded(z.grad))


def cross_entropy_golden(smoothing, blended):
    logits = (2 * torch.randn(6, CLASSES)).float().double().requires_grad_()
    labels = torch.randint(CLASSES, (6,))
    targets = F.one_hot(labels, CLASSES).double()
    if blended:
        targets = 0.75 * targets + 0.25 * targets.flip(0)
    loss = F.cross_entropy(logits, targets, label_smoothing=smoothing)
    loss.backward()
    return dict(labelSmoothing=smoothing, logits=rounded(logits), targets=rounded(targets), loss=loss.item(),
                gradient=rounded(logits.grad))


def losses_golden():
    torch.manual_seed(3)
    return dict(ntXent=[nt_xent_golden(t) for t in (0.1, 0.5)],
                crossEntropy=[cross_entropy_golden(s, b) for s in (0.0, 0.1) for b in (False, True)])


for name, golden in (("images-vit", classifier_golden()), ("images-vit-mae", mae_golden()),
                     ("images-vit-losses", losses_golden())):
    (FOLDER / f"{name}.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
