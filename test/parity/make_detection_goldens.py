"""Writes what PyTorch says a tiny dense detector and its loss should compute: test/parity/goldens/detection-*.json.

    python3 test/parity/make_detection_goldens.py     # torch 2.15

Network and losses are written out in plain PyTorch after their papers, with our parameter names; everything is computed
in float64 and rounded once, at the end. Golden `detection-network.json`:
    config      our config.json;  weights: {name: {shape, data}}, row major
    inputs      {name: {shape, data}}
    outputs     {classes, distances, quality}: {shape, data}
    losses      {loss, classLoss, boxLoss, qualityLoss, overlap};  gradients: {name: {shape, data}} of loss
`detection-losses.json` has cases {name, inputs, losses, gradients} of maps alone.
"""
import json
import torch, torch.nn.functional as F
from make_images_conv_goldens import FOLDER, Recorder, rounded, short, tensor

STRIDE = 8
CONFIG = dict(
    model_type="autodidact_dense_detector",
    backbone_config=dict(model_type="autodidact_feature_pyramid", channels=3, height=40, width=24, stem_width=4,
                         stage_widths=[4, 6, 8], blocks_per_stage=[1, 2, 1], map_width=4, groups=2),
    tower_layers=2, groups=2,
    id2label={"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"}, label2id={"LABEL_0": 0, "LABEL_1": 1, "LABEL_2": 2})


# --- a feature pyramid (Lin et al. 2017) over a residual network (He et al. 2016), with departures as in src/models ---
def pyramid(w, c, images):
    conv = lambda x, name, outputs, kernel=3, stride=1: w.conv(x, name, outputs, kernel, stride, bias=False)
    body = "backbone.body."
    x = F.relu(w.norm(conv(images, body + "conv1", c["stem_width"], stride=2), body + "norm1"))
    levels = []
    for stage, (width, count) in enumerate(zip(c["stage_widths"], c["blocks_per_stage"])):
        for i in range(count):
            name, stride = f"{body}layer{stage + 1}.{i}.", 2 if i == 0 else 1
            y = F.relu(w.norm(conv(x, name + "conv1", width, stride=stride), name + "norm1"))
            y = w.norm(conv(y, name + "conv2", width), name + "norm2")
            if x.shape != y.shape:
                x = w.norm(conv(x, name + "downsample.0", width, 1, stride), name + "downsample.1")
            x = F.relu(x + y)
        levels.append(x)
    levels = [w.conv(x, f"backbone.fpn.inner_blocks.{i}.0", c["map_width"], 1) for i, x in enumerate(levels[1:])]
    x = levels[-1]
    for finer in reversed(levels[:-1]):
        x = finer + F.interpolate(x, size=finer.shape[2:], mode="nearest")
    return w.conv(x, "backbone.fpn.layer_blocks.0.0", c["map_width"])


def detector(w, c, images):
    def tower(x, name):
        for i in range(c["tower_layers"]):
            x = w.conv(x, f"{name}.{3 * i}", x.shape[1], bias=False)
            x = F.relu(w.norm(x, f"{name}.{3 * i + 1}"))
        return x

    cells = pyramid(w, c["backbone_config"], images)
    boxes = tower(cells, "head.regression_head.conv")
    classes = w.conv(tower(cells, "head.classification_head.conv"), "head.classification_head.cls_logits", len(c["id2label"]))
    distances = F.softplus(w.conv(boxes, "head.regression_head.bbox_reg", 4)) * 1.5 * STRIDE
    return dict(classes=classes, distances=distances, quality=w.conv(boxes, "head.regression_head.bbox_iou", 1))


# --- losses: boxes as corners and the focal loss by p_t, as in torchvision.ops, so unlike what is checked --------------
def corners(distances):
    left, top, right, bottom = distances.unbind(1)
    return -left, -top, right, bottom


def overlap(a, b):
    (ax0, ay0, ax1, ay1), (bx0, by0, bx1, by1) = corners(a), corners(b)
    inner = (torch.min(ax1, bx1) - torch.max(ax0, bx0)).clamp(min=0) * (torch.min(ay1, by1) - torch.max(ay0, by0)).clamp(min=0)
    union = (ax1 - ax0) * (ay1 - ay0) + (bx1 - bx0) * (by1 - by0) - inner
    outer = (torch.max(ax1, bx1) - torch.min(ax0, bx0)) * (torch.max(ay1, by1) - torch.min(ay0, by0))
    iou = inner / union
    return iou, iou - (outer - union) / outer


def losses(maps, class_map, box_map):
    positive, counted = class_map >= 0, class_map != -2
    number = max(1, int(positive.sum()))
    target = torch.stack([class_map == k for k in range(maps["classes"].shape[1])], 1).double()
    p = maps["classes"].sigmoid()
    cross = F.binary_cross_entropy_with_logits(maps["classes"], target, reduction="none")
    p_t = p * target + (1 - p) * (1 - target)
    focal = (0.25 * target + 0.75 * (1 - target)) * cross * (1 - p_t) ** 2
    at = lambda x: x.movedim(1, -1)[positive].T[None] # [1, d, n]
    iou, giou = overlap(at(maps["distances"]), at(box_map))
    parts = dict(
        classLoss=focal.movedim(1, -1)[counted].sum() / number,
        boxLoss=(1 - giou).sum() / number,
        qualityLoss=F.binary_cross_entropy_with_logits(at(maps["quality"])[:, 0], iou.detach(), reduction="sum") / number,
        overlap=iou.sum() / number)
    return dict(loss=parts["classLoss"] + 2 * parts["boxLoss"] + 0.5 * parts["qualityLoss"], **parts)


def targets(batch, classes, rows, columns, random, labels=None):
    class_map = labels if labels is not None else torch.randint(-2, classes, (batch, rows, columns), generator=random)
    box_map = short(torch.rand(batch, 4, rows, columns, generator=random) * 40 + 0.5) * (class_map >= 0)[:, None]
    return dict(classMap=class_map, boxMap=box_map)


def tensors(named):
    return {name: tensor(t) for name, t in named.items()}


def network_golden(random):
    w = Recorder(random)
    backbone = CONFIG["backbone_config"]
    images = short(torch.rand(2, 3, backbone["height"], backbone["width"], generator=random) * 2 - 1)
    outputs = detector(w, CONFIG, images)
    truth = targets(2, 3, backbone["height"] // STRIDE, backbone["width"] // STRIDE, random)
    found = losses(outputs, truth["classMap"], truth["boxMap"])
    found["loss"].backward()
    return dict(config=CONFIG, weights=tensors(w), inputs=tensors(dict(images=images, **truth)), outputs=tensors(outputs),
                losses={n: rounded(v) for n, v in found.items()}, gradients=tensors({n: t.grad for n, t in w.items()}))


def losses_case(name, random, scale=1.0, near=None, labels=None):
    """Maps of noise; `near` lets the distances be the right ones but for that share."""
    truth = targets(2, 3, 3, 2, random, labels)
    noise = lambda *shape: short(torch.randn(shape, generator=random) * scale)
    distances = short(torch.rand(2, 4, 3, 2, generator=random) * 40)
    if near is not None:
        distances = truth["boxMap"] * (1 + near)
    maps = {n: v.clone().requires_grad_() for n, v in dict(classes=noise(2, 3, 3, 2), distances=distances, quality=noise(2, 1, 3, 2)).items()}
    found = losses(maps, truth["classMap"], truth["boxMap"])
    grads = torch.autograd.grad(found["loss"], list(maps.values()), allow_unused=True)
    grads = [g if g is not None else torch.zeros_like(x) for g, x in zip(grads, maps.values())]
    return dict(name=name, inputs=tensors({**maps, **truth}), losses={n: rounded(v) for n, v in found.items()},
                gradients=tensors(dict(zip(maps, grads))))


def main():
    random = torch.Generator().manual_seed(15)
    background = torch.tensor([[[-1, -1], [-1, -2], [-2, -1]]] * 2)
    write("network", network_golden(random))
    write("losses", [
        losses_case("noise", random),
        losses_case("logits of hundreds", random, scale=300),
        losses_case("boxes a thousandth too large", random, near=1e-3),
        losses_case("no cell with a box", random, labels=background),
        losses_case("ignored cells alone", random, labels=torch.full((2, 3, 2), -2)),
    ])


def write(name, golden):
    path = FOLDER / f"detection-{name}.json"
    path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
    print(path, path.stat().st_size)


if __name__ == "__main__":
    main()
