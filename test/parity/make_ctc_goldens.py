"""Writes what PyTorch's ctc_loss says of a handful of rows: test/parity/goldens/ctc.json.

    python3 test/parity/make_ctc_goldens.py     # torch 2.15

Scores are made by a formula that the test has too, see `scores`; everything is computed in float64. A case is
{name, shape: [b, t, v], spread, labels, frames, losses, mean, gradients: {stride, values}}: losses with
zero_infinity and reduction none, the mean as PyTorch's reduction "mean" has it, and every stride-th element of the
gradient of the sum of losses by the scores.
"""
import json, pathlib
import torch, torch.nn.functional as F

FILE = pathlib.Path(__file__).parent / "goldens" / "ctc.json"
torch.set_default_dtype(torch.float64)


def scores(shape, spread):
    """Element i is spread * (i * 7919 mod 1009 / 1009 - 1/2)."""
    count = shape[0] * shape[1] * shape[2]
    return (spread * ((torch.arange(count) * 7919 % 1009) / 1009 - 0.5)).reshape(shape)


def letters(count, classes, row):
    return [1 + (5 * i * i + 3 * i + row) % (classes - 1) for i in range(count)]


def case(name, time, classes, spread, labels, frames=None, stride=1):
    shape = [len(labels), time, classes]
    frames = frames or [time] * len(labels)
    logits = scores(shape, spread).requires_grad_()
    logp = logits.log_softmax(-1).transpose(0, 1)
    flat = torch.tensor([label for row in labels for label in row], dtype=torch.long)
    lengths = torch.tensor([len(row) for row in labels])
    by = lambda reduction: F.ctc_loss(logp, flat, torch.tensor(frames), lengths, reduction=reduction, zero_infinity=True)
    losses = by("none")
    (gradient,) = torch.autograd.grad(losses.sum(), logits, retain_graph=True)
    values = [float(f"{x:.9g}") for x in gradient.flatten()[::stride].tolist()]
    return dict(name=name, shape=shape, spread=spread, labels=labels, frames=frames, losses=losses.tolist(),
                mean=by("mean").item(), gradients=dict(stride=stride, values=values))


cases = [
    case("repeats", 8, 4, 6, [[1, 1, 2], [2, 2, 2], [3, 1, 3]]),
    case("no label", 4, 3, 6, [[], [1], []]),
    case("padded frames", 7, 4, 6, [[1, 2], [3], [2, 2]], [7, 2, 4]),
    case("as long as the frames allow", 5, 4, 6, [[1, 2, 3, 1, 2], [1, 1, 2, 2], [3, 3, 3]]),
    case("impossible", 4, 4, 6, [[1, 2, 3, 1, 2], [1, 1, 1], [2], [1]], [4, 4, 1, 0]),
    case("speech", 150, 32, 12, [letters(n, 32, row) for row, n in enumerate([40, 25, 1, 33])], [150, 120, 9, 77], 97),
    case("long and peaked", 400, 32, 40, [letters(n, 32, row) for row, n in enumerate([100, 60])], [400, 390], 197),
]
FILE.write_text(json.dumps(cases, separators=(",", ":")) + "\n")
