"""Writes what PyTorch's cross_entropy says of smoothed labels: test/parity/goldens/label-smoothing.json.

    python3 test/parity/make_label_smoothing_goldens.py     # torch 2.15

States h [n, c] and the head w [v, c] are made by a formula that the test has too, see `numbers`; everything is computed
in float64. A case is {name, sizes: [n, c, v], spread, targets, labelSmoothing, losses, mean, dh, dw}: losses with reduction
none, 0 where the target is ignored, and the gradients of the mean over the others.
"""
import json, pathlib
import torch, torch.nn.functional as F

FILE = pathlib.Path(__file__).parent / "goldens" / "label-smoothing.json"
torch.set_default_dtype(torch.float64)


def numbers(rows, columns, step, spread):
    """Element i is spread * (i * step mod 1009 / 1009 - 1/2)."""
    return (spread * ((torch.arange(rows * columns) * step % 1009) / 1009 - 0.5)).reshape(rows, columns)


def digits(x):
    return [float(f"{value:.9g}") for value in x.flatten().tolist()]


def case(name, sizes, spread, targets, smoothing):
    n, c, v = sizes
    h = numbers(n, c, 7919, spread).requires_grad_()
    w = numbers(v, c, 104729, spread).requires_grad_()
    by = lambda reduction: F.cross_entropy(h @ w.T, torch.tensor(targets), reduction=reduction, label_smoothing=smoothing)
    mean = by("mean")
    dh, dw = torch.autograd.grad(mean, [h, w])
    return dict(name=name, sizes=sizes, spread=spread, targets=targets, labelSmoothing=smoothing,
                losses=digits(by("none").detach()), mean=mean.item(), dh=digits(dh), dw=digits(dw))


cases = [
    case("hard labels", [6, 4, 5], 2, [3, 1, 4, 0, 2, 2], 0.0),
    case("a tenth", [6, 4, 5], 2, [3, 1, 4, 0, 2, 2], 0.1),
    case("ignored targets", [7, 4, 9], 3, [8, -100, 2, 2, -100, 0, -100], 0.1),
    case("nearly even", [5, 3, 11], 3, [10, 0, 5, 5, 7], 0.9),
    case("sure of itself", [6, 8, 7], 12, [3, 1, 4, 0, 2, 6], 0.2),
]
FILE.write_text(json.dumps(cases, separators=(",", ":")) + "\n")
