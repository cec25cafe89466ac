"""The yardstick for detection: one training step (forward, backward, AdamW) of the recipe's detector in PyTorch, float32.

    apt-get install -y python3-torch libopenblas0-pthread
    /usr/bin/python3 bench/pytorch_detector.py BATCH HEIGHT WIDTH

The network and the loss are those of src/models/dense-detector.ts over src/models/feature-pyramid.ts, and
src/objectives/dense-detection.ts, with the sizes of recipes/detect.ts and three classes; parameters carry the names of the
checkpoint. The protocol is that of pytorch_gpt2.py: "step" and "peak" over standard input.
By hand: printf 'step\nstep\nstep\npeak\n' | /usr/bin/python3 bench/pytorch_detector.py 8 240 320
"""
import math, sys
from pytorch_gpt2 import begin, serve  # before torch: it says how threads wait
import torch
import torch.nn.functional as F
from torch import nn

CLASSES, GROUPS, STRIDE = 3, 8, 8
STEM, STAGES, MAP, TOWER = 16, [(32, 1), (64, 2), (128, 2), (128, 2)], 64, 2


def conv(inputs, outputs, kernel=3, stride=1, bias=False):
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=bias)


def norm(channels):
    return nn.GroupNorm(GROUPS, channels)


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1, self.norm1 = conv(inputs, outputs, 3, stride), norm(outputs)
        self.conv2, self.norm2 = conv(outputs, outputs), norm(outputs)
        resizes = inputs != outputs or stride != 1
        self.downsample = nn.Sequential(conv(inputs, outputs, 1, stride), norm(outputs)) if resizes else None

    def forward(self, x):
        y = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        return F.relu((self.downsample(x) if self.downsample else x) + y)


class Body(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.norm1 = conv(3, STEM, 3, 2), norm(STEM)
        inputs = STEM
        for i, (width, count) in enumerate(STAGES):
            blocks = [Block(inputs if j == 0 else width, width, 2 if j == 0 else 1) for j in range(count)]
            setattr(self, f"layer{i + 1}", nn.Sequential(*blocks))
            inputs = width

    def forward(self, x):
        x = F.relu(self.norm1(self.conv1(x)))
        levels = []
        for i in range(len(STAGES)):
            x = getattr(self, f"layer{i + 1}")(x)
            levels.append(x)
        return levels[1:]


class Pyramid(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner_blocks = nn.ModuleList(nn.Sequential(conv(width, MAP, 1, bias=True)) for width, _ in STAGES[1:])
        self.layer_blocks = nn.ModuleList([nn.Sequential(conv(MAP, MAP, bias=True))])

    def forward(self, levels):
        *finer, x = (block(level) for block, level in zip(self.inner_blocks, levels))
        for level in reversed(finer):
            doubled = F.interpolate(x, scale_factor=2, mode="nearest")
            x = level + doubled[:, :, : level.shape[2], : level.shape[3]]
        return self.layer_blocks[0](x)


def tower():
    return nn.Sequential(*(layer for _ in range(TOWER) for layer in (conv(MAP, MAP), norm(MAP), nn.ReLU())))


class Head(nn.Module):
    def __init__(self, **outputs):
        super().__init__()
        self.conv = tower()
        for name, channels in outputs.items():
            setattr(self, name, conv(MAP, channels, bias=True))
            nn.init.normal_(getattr(self, name).weight, std=0.01)
            nn.init.zeros_(getattr(self, name).bias)


class Detector(nn.Module):
    """Returns the loss of images with a class, -1 or -2, for every cell, and distances to the sides of its box."""

    def __init__(self):
        super().__init__()
        self.backbone = nn.ModuleDict({"body": Body(), "fpn": Pyramid()})
        classes, boxes = Head(cls_logits=CLASSES), Head(bbox_reg=4, bbox_iou=1)
        nn.init.constant_(classes.cls_logits.bias, -math.log(99))
        self.head = nn.ModuleDict({"classification_head": classes, "regression_head": boxes})

    def forward(self, images, labels, wanted):
        cells = self.backbone["fpn"](self.backbone["body"](images))
        classes, boxes = self.head["classification_head"], self.head["regression_head"]
        logits, seen = classes.cls_logits(classes.conv(cells)), boxes.conv(cells)
        distances, quality = F.softplus(boxes.bbox_reg(seen)) * 1.5 * STRIDE, boxes.bbox_iou(seen)
        labels = labels[:, None]
        counted, positive = (labels >= -1).float(), (labels >= 0).float()
        right = (labels == torch.arange(CLASSES)[:, None, None]).float()
        iou, giou = overlap(distances, wanted)
        share = lambda x: x.sum() / positive.sum().clamp(min=1)
        quality_loss = F.binary_cross_entropy_with_logits(quality, iou.detach(), reduction="none")
        return share(focal(logits, right) * counted) + 2 * share((1 - giou) * positive) + 0.5 * share(quality_loss * positive)


def focal(logits, right):
    against = logits * (1 - 2 * right)
    return (0.75 - 0.5 * right) * against.sigmoid() ** 2 * F.softplus(against)


def area(distances):
    left, top, right, bottom = distances.chunk(4, 1)
    return (left + right) * (top + bottom)


def overlap(a, b):
    inner, outer = area(torch.minimum(a, b)), area(torch.maximum(a, b))
    union = area(a) + area(b) - inner
    iou = inner / union.clamp(min=1e-6)
    return iou, iou - (outer - union) / outer.clamp(min=1e-6)


def main():
    if len(sys.argv) != 4:
        sys.exit("usage: pytorch_detector.py BATCH HEIGHT WIDTH")
    batch, height, width = map(int, sys.argv[1:])
    begin()
    rows, columns = height // STRIDE, width // STRIDE
    images = torch.rand(batch, 3, height, width) * 2 - 1
    labels = torch.randint(-19, CLASSES, (batch, rows, columns)).clamp(min=-1)
    serve(Detector(), images, labels, torch.rand(batch, 4, rows, columns) * 40)


if __name__ == "__main__":
    main()
