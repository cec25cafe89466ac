"""Goldens of src/evaluation/speech/error-rate.test.ts and src/generation/speech/ngram.test.ts.

Run: pip install jiwer==4.0.0; build lmplz of KenLM 0.3.0 (kpu/kenlm: cmake, make lmplz); then
python3 test/parity/make_transcript_goldens.py path/to/lmplz
It rewrites test/parity/goldens/transcripts.json.
"""

import json
import pathlib
import random
import subprocess
import sys

import jiwer

random.seed(3)
TEXTS = [
    "press one for the menu", "press two for the menu", "press three to record a message", "to record a message press one",
    "the number you have dialed is not in service", "the person you have called is not available",
    "please leave a message after the tone", "please enter the number of the person", "one", "two", "one two three",
    "the message has been deleted", "the message has been saved", "press one to save the message", "goodbye", "",
]


def words(low, high, letters):
    return [random.choice(letters) + random.choice(["", *letters]) for _ in range(random.randint(low, high))]


def changed(reference, letters):
    hypothesis = []
    for word in reference:
        chance = random.random()
        if chance < 0.15:
            continue
        hypothesis.append(random.choice(letters) if chance < 0.35 else word)
        if chance > 0.85:
            hypothesis.append(random.choice(letters))
    return hypothesis


def measured(output, rate):
    return [rate, output.substitutions, output.deletions, output.insertions, output.hits]


def error_rates(count):
    for i in range(count):
        letters = "abcde"[: 2 + i % 4]
        reference = words(0 if i % 8 == 0 else 1, 7, letters)
        hypothesis = changed(reference, letters) if i % 2 else words(0, 7, letters)
        texts = " ".join(reference), " ".join(hypothesis)
        by_word, by_character = jiwer.process_words(*texts), jiwer.process_characters(*texts)
        yield [*texts, measured(by_word, by_word.wer), measured(by_character, by_character.cer)]


rows = list(error_rates(40))
corpus = jiwer.process_words([row[0] for row in rows], [row[1] for row in rows])
lmplz = [sys.argv[1], "-o", "3", "--discount_fallback", "-S", "64M"]
arpa = subprocess.run(lmplz, input="\n".join(TEXTS) + "\n", text=True, capture_output=True, check=True).stdout
golden = {
    "errorRates": rows,
    "corpus": measured(corpus, corpus.wer),
    "ngrams": {"texts": TEXTS, "arpa": arpa},
}
folder = pathlib.Path(__file__).parent / "goldens"
(folder / "transcripts.json").write_text(json.dumps(golden, ensure_ascii=False, separators=(",", ":")) + "\n")
