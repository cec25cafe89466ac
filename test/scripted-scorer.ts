import { randomStream } from "../src/core/random.js";
import type { Predictions, StepScorer } from "../src/generation/translation/step-scorer.js";

/** Log-probabilities [v] of what may follow the tokens `ids` of a sentence, the start token left out. */
export type Predict = (sentence: number, ids: readonly number[]) => Float32Array;

/** A scorer that computes nothing: it keeps what each beam has read, asks `predict`, and tells the `told` likeliest. */
export class ScriptedScorer implements StepScorer {
  /** By row: the sentence, and what each beam has read. */
  private readonly rows: { sentence: number; texts: (readonly number[])[] }[];

  constructor(
    readonly vocabSize: number,
    readonly beams: number,
    sentences: number,
    private readonly predict: Predict,
    private readonly told = 0,
  ) {
    this.rows = Array.from({ length: sentences }, (_, sentence) => ({ sentence, texts: [] }));
  }

  async step(ids: Int32Array, parents: Int32Array): Promise<Predictions> {
    const { beams, vocabSize, rows } = this;
    const next = new Float32Array(rows.length * beams * vocabSize);
    const likeliest: number[] = [];
    for (const [row, entry] of rows.entries()) {
      entry.texts = Array.from({ length: beams }, (_, beam) => {
        const at = row * beams + beam;
        const read = entry.texts[parents[at]];
        return read ? [...read, ids[at]] : [ids[at]];
      });
      for (const [beam, text] of entry.texts.entries()) {
        const predicted = this.predict(entry.sentence, text.slice(1));
        next.set(predicted, (row * beams + beam) * vocabSize);
        if (this.told === 0) continue;
        const order = [...predicted.keys()].sort((a, b) => predicted[b] - predicted[a] || a - b);
        likeliest.push(...order.slice(0, this.told));
      }
    }
    return { next, likeliest: Int32Array.from(likeliest) };
  }

  remove(row: number): void {
    const last = this.rows.pop()!;
    if (row < this.rows.length) this.rows[row] = last;
  }
}

/** Log-probabilities that each beginning has drawn for itself. */
export function drawnPredictions(vocabSize: number, seed: number, spread = 1.5): Predict {
  return (sentence, ids) => {
    const beginning = ids.reduce((hash, id) => (31 * hash + id + 1) % 2 ** 40, sentence);
    const random = randomStream(seed, "script", beginning);
    return logSoftmax(Array.from({ length: vocabSize }, () => spread * random.normal()));
  };
}

/** Log-probabilities [v] of scores. */
export function logSoftmax(scores: readonly number[]): Float32Array {
  const total = Math.log(scores.reduce((sum, score) => sum + Math.exp(score), 0));
  return Float32Array.from(scores, (score) => score - total);
}
