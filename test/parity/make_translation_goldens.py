"""Goldens of test/parity/translation-metrics.test.ts.

Run: pip install sacrebleu==2.6.0; python3 test/parity/make_translation_goldens.py
It rewrites test/parity/goldens/translation-metrics.json.
"""

import json
import logging
import pathlib
import random

import numpy
from sacrebleu.metrics import BLEU, CHRF
from sacrebleu.significance import PairedTest

logging.disable()
random.seed(3)
PIECES = [
    "the", "The", "cat", "a", "on", "ÄÖ", "groß", "ΣΑΣ", "İ", "5", "1,000.5", "3.", ".5", "12-3", "a--b", ".", ",", "!", "?",
    "(x)", "“", "”", "—", "…", "'s", "&quot;", "&amp;", "&apos;", "&lt;b&gt;", "<skipped>", "-\n", "\n", "\t", "\u00a0",
    "\u3000", "\u0085", "\u001c", "\ufeff", "\u200b", "选", "择“格式”", "，", "。", "格式", "ｗ", "①", "\u2a6d", "\u2a6e", "𠀀", "😀", "👍🏽",
    "e\u0301", "%s", "$", "€5", "@x", "#", "{name}", "~", "`", "^", "_", "٣", "½.", "x,y", "...", "-", "/", "\\",
]
TOKENIZERS = ["13a", "zh", "intl", "char", "none"]
SMOOTHINGS = ["exp", "floor", "add-k", "none"]


def segment(longest):
    return "".join(random.choice(PIECES) + random.choice(["", " ", " "]) for _ in range(random.randint(0, longest)))


def near(text):
    words = [random.choice(PIECES) if random.random() < 0.2 else word for word in text.split(" ")]
    return " ".join(word for word in words if random.random() > 0.1)


def case(i):
    references = [[segment(9) for _ in range(1 + i % 2)] for _ in range(1 + (i // 2) % 3)]
    hypotheses = [near(random.choice(references)[j]) if i % 5 else segment(9) for j in range(len(references[0]))]
    settings = TOKENIZERS[i % 5], SMOOTHINGS[(i // 5) % 4], i % 3 == 0, i % 7 < 3, 4 if i % 11 else 2
    tokenize, smoothing, lowercase, effective, order = settings
    bleu = BLEU(tokenize=tokenize, smooth_method=smoothing, lowercase=lowercase, effective_order=effective, max_ngram_order=order)
    chrf = CHRF(word_order=i % 4 // 2 * 2, lowercase=lowercase)
    score = bleu.corpus_score(hypotheses, references)
    return {
        "hypotheses": hypotheses,
        "references": references,
        "bleu": [score.score, score.bp, score.sys_len, score.ref_len, str(bleu.get_signature())],
        "chrf": [chrf.corpus_score(hypotheses, references).score, str(chrf.get_signature())],
    }


class Chosen:
    """Stands for NumPy's generator, so that both sides draw the same segments."""

    def choice(self, count, size, replace):
        return numpy.array([[(31 * row + 17 * column * column + row * column) % count for column in range(size[1])] for row in range(size[0])])


def bootstrap():
    references = [[segment(9) + "the cat on a mat" for _ in range(40)]]
    systems = [(name, [near(near(text) if name == "first" and i % 3 else text) for i, text in enumerate(references[0])]) for name in ("first", "second")]
    numpy.random.default_rng = lambda seed: Chosen()
    _, scores = PairedTest(systems, {"BLEU": BLEU(), "chrF": CHRF()}, references, test_type="bs", n_samples=200)()
    rows = {name: [[r.score, r.mean, r.ci, r.p_value] for r in scores[name]] for name in ("BLEU", "chrF2")}
    return {"references": references[0], "systems": [hypotheses for _, hypotheses in systems], "scores": rows}


def rounded(value):
    if isinstance(value, (float, numpy.floating)):
        return float(f"{value:.12g}")
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    return [rounded(inner) for inner in value] if isinstance(value, list) else value


golden = rounded({"cases": [case(i) for i in range(1000)], "bootstrap": bootstrap()})
folder = pathlib.Path(__file__).parent / "goldens"
(folder / "translation-metrics.json").write_text(json.dumps(golden, ensure_ascii=False, separators=(",", ":")) + "\n")
