"""Goldens of test/parity/coco-metrics.test.ts.

Run: pip install pycocotools==2.0.11; python3 test/parity/make_coco_goldens.py
It rewrites test/parity/goldens/coco-metrics.json. With a seed it prints 200 other cases instead.
"""

import contextlib
import io
import json
import pathlib
import random
import sys

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

CLASSES = 3


def box():
    """Halves are exact in floating point: x + w - x is w. Sides around 32 and 96 fall on the borders of sizes."""
    sides = [random.choice([16, 32, 32, 40.5, 96, 96, 120, random.randint(1, 200) / 2]) for _ in range(2)]
    return [random.randint(0, 400) / 2, random.randint(0, 400) / 2, *sides]


def near(one):
    step = random.choice([0, 0.5, 2, 5, 12])
    x, y, w, h = (value + step * random.randint(-2, 2) for value in one)
    return [x, y, max(1, w), max(1, h)]


def case(i):
    pictures = range(random.randint(1, 4))
    truth, detections = [], []
    for picture in pictures:
        count = random.choice([0, 1, 3, 5, 8]) if i % 25 else 120
        for _ in range(count):
            label = random.randrange(CLASSES if i % 4 else 1)
            one = box()
            crowd = int(random.random() < 0.12)
            area = one[2] * one[3] * random.choice([1, 1, 0.5])
            truth.append([picture, label, one, crowd, area])
            for _ in range(random.choice([0, 1, 1, 1, 2, 3])):
                other = label if random.random() < 0.85 else random.randrange(CLASSES)
                detections.append([picture, other, near(one), random.randint(1, 20) / 20])
        for _ in range(random.choice([0, 0, 1, 3])):
            detections.append([picture, random.randrange(CLASSES), box(), random.randint(1, 20) / 20])
    random.shuffle(detections)
    return {"pictures": len(pictures), "truth": truth, "detections": detections, **measured(len(pictures), truth, detections)}


def measured(pictures, truth, detections):
    """Twelve numbers; of each class AP, AP50, AP75 and AR100, and precision and score by recall at 0.5."""
    coco = COCO()
    coco.dataset = {
        "info": {},
        "images": [{"id": i} for i in range(pictures)],
        "categories": [{"id": i, "name": str(i)} for i in range(CLASSES)],
        # Annotation 0 would never match.
        "annotations": [
            {"id": i + 1, "image_id": picture, "category_id": label, "bbox": one, "iscrowd": crowd, "area": area}
            for i, (picture, label, one, crowd, area) in enumerate(truth)
        ],
    }
    coco.createIndex()
    results = [{"image_id": p, "category_id": label, "bbox": one, "score": score} for p, label, one, score in detections]
    evaluation = COCOeval(coco, coco.loadRes(results) if results else COCO(), "bbox")
    evaluation.params.imgIds = list(range(pictures))
    evaluation.params.catIds = list(range(CLASSES))
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    precision, recall = (evaluation.eval[name] for name in ("precision", "recall"))
    classes = [
        [precision[..., k, 0, -1].mean(), precision[0, :, k, 0, -1].mean(), precision[5, :, k, 0, -1].mean(), recall[:, k, 0, -1].mean()]
        for k in range(CLASSES)
    ]
    curve = [precision[0, :, 0, 0, -1].tolist()[::10], evaluation.eval["scores"][0, :, 0, 0, -1].tolist()[::10]]
    return {"stats": evaluation.stats.tolist(), "classes": classes, "curve": curve}


def cases(seed, count):
    random.seed(seed)
    with contextlib.redirect_stdout(io.StringIO()):
        return json.dumps([case(i) for i in range(count)], separators=(",", ":"))


if len(sys.argv) > 1:
    print(cases(int(sys.argv[1]), 200))
else:
    golden = pathlib.Path(__file__).parent / "goldens" / "coco-metrics.json"
    golden.write_text(cases(15, 50) + "\n")
