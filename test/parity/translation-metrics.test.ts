/** BLEU, chrF and the paired bootstrap against sacreBLEU, on random segments. See make_translation_goldens.py. */
import { readFileSync } from "node:fs";
import { expect, it, vi } from "vitest";
import { type BleuSmoothing, bleuMetric } from "../../src/evaluation/translation/bleu.js";
import type { BleuTokenizer } from "../../src/evaluation/translation/bleu-tokens.js";
import { chrfMetric } from "../../src/evaluation/translation/chrf.js";
import { corpusScore, type TranslatedSegment } from "../../src/evaluation/translation/corpus-metric.js";
import { pairedBootstrap } from "../../src/evaluation/translation/paired-bootstrap.js";

/** Score, mean, half of the interval's width, p-value. */
type Resampled = [number, number, number, number | null];

interface Goldens {
  cases: {
    hypotheses: string[];
    /** References of all segments, as often as there are some. */
    references: string[][];
    bleu: [number, number, number, number, string];
    chrf: [number, string];
  }[];
  bootstrap: { references: string[]; systems: string[][]; scores: Record<string, Resampled[]> };
}

const { cases, bootstrap }: Goldens = JSON.parse(
  readFileSync(new URL("goldens/translation-metrics.json", import.meta.url), "utf8"),
);
const TOKENIZERS: BleuTokenizer[] = ["13a", "zh", "intl", "char", "none"];
const SMOOTHINGS: BleuSmoothing[] = ["exp", "floor", "add-k", "none"];
/** The goldens have twelve digits; scores go up to 100. */
const tolerance = 1e-9;

/** As the goldens' own generator draws them, so that both sides take the same segments. */
vi.mock(import("../../src/core/random.js"), async (load) => ({
  ...(await load()),
  randomStream: (_seed: number, _purpose: string, row = 0) => {
    let column = 0;
    const integer = (n: number) => (31 * row + 17 * column * column + row * column++) % n;
    return { integer } as never;
  },
}));

const near = (a: number, b: number) => Math.abs(a - b) < tolerance;

it("equals sacreBLEU on a thousand random corpora, with its signatures", () => {
  const wrong = cases.filter(({ hypotheses, references, bleu, chrf }, i) => {
    const segments = hypotheses.map((hypothesis, j): TranslatedSegment => {
      return { hypothesis, references: references.map((texts) => texts[j]) };
    });
    const lowercase = i % 3 === 0;
    const words = bleuMetric({
      tokenize: TOKENIZERS[i % 5],
      smoothing: SMOOTHINGS[Math.floor(i / 5) % 4],
      lowercase,
      effectiveOrder: i % 7 < 3,
      maxOrder: i % 11 ? 4 : 2,
    });
    const characters = chrfMetric({ wordOrder: i % 4 < 2 ? 0 : 2, lowercase });
    const [score, penalty, length, referenceLength, signature] = bleu;
    const ours = corpusScore(words, segments);
    const isEqual =
      near(ours.score, score) &&
      near(ours.brevityPenalty, penalty) &&
      ours.hypothesisLength === length &&
      ours.referenceLength === referenceLength &&
      words.signature(segments) === signature &&
      near(corpusScore(characters, segments).score, chrf[0]) &&
      characters.signature(segments) === chrf[1];
    return !isEqual;
  });
  expect(wrong).toEqual([]);
  expect(cases.length).toBe(1000);
});

it.each([
  { name: "BLEU", metric: bleuMetric() },
  { name: "chrF2", metric: chrfMetric() },
])("has sacreBLEU's p-value and intervals of $name", ({ name, metric }) => {
  const [first, second] = bootstrap.systems.map((hypotheses) =>
    hypotheses.map((hypothesis, i) => ({ hypothesis, references: [bootstrap.references[i]] })),
  );
  const { baseline, system, pValue } = pairedBootstrap(metric, first, second, { seed: 1, samples: 200 });
  const [ofBaseline, ofSystem] = bootstrap.scores[name];
  // sacreBLEU resamples in float32: seven digits of 100.
  for (const [ours, theirs] of [
    [baseline, ofBaseline],
    [system, ofSystem],
  ] as const) {
    expect(ours.score).toBeCloseTo(theirs[0], 4);
    expect(ours.mean).toBeCloseTo(theirs[1], 4);
    expect(ours.margin).toBeCloseTo(theirs[2], 4);
  }
  expect(pValue).toBeCloseTo(ofSystem[3]!, 10);
});
