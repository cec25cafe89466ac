import { randomStream } from "../../core/random.js";
import { checkSampling, type Sampling, sampleToken } from "../sampling.js";
import type { Ends, Hypothesis, Sought } from "./beam-search.js";
import type { Constraint } from "./constraint.js";
import { type Predictions, type StepScorer, type Writing, writeAll } from "./step-scorer.js";

/** How to draw translations. */
export interface SampleOptions extends Sampling, Ends {
  readonly seed: number;
}

/** A sentence to draw a translation of. */
export interface Drawn extends Sought {
  /** Token i of its translation is a pure function of the seed, this number and i. */
  readonly number: number;
}

/**
 * Draws a translation of each sentence, with a scorer of one beam. Its score is its mean log-probability a token, under
 * the model and not the temperature. Throws `GenerationError` for settings out of range.
 */
export async function sampleTranslations(
  scorer: StepScorer,
  sentences: readonly Drawn[],
  options: SampleOptions,
): Promise<Hypothesis[]> {
  checkSampling(options);
  const samples = sentences.map((drawn) => new Sample(drawn, options));
  await writeAll(scorer, samples);
  return samples.map((sample) => sample.hypothesis());
}

class Sample implements Writing {
  isDone = false;
  private readonly ids: number[] = [];
  private readonly logProbabilities: number[] = [];
  private readonly maxTokens: number;
  private constraint: Constraint | undefined;

  constructor(
    private readonly drawn: Drawn,
    private readonly options: SampleOptions,
  ) {
    this.constraint = drawn.constraint;
    this.maxTokens = Math.max(drawn.maxTokens, 1 + (drawn.constraint?.needed ?? 0));
  }

  newest() {
    return [{ id: this.ids.at(-1) ?? this.options.startToken, parent: 0 }];
  }

  advance({ next }: Predictions): void {
    const { ids, drawn, options } = this;
    this.constraint?.mask(next, this.maxTokens - ids.length);
    const stream = randomStream(options.seed, "translation", drawn.number * 2 ** 32 + ids.length);
    const id = sampleToken(next, options, stream, { ids, given: 0 });
    ids.push(id);
    this.logProbabilities.push(next[id]);
    this.constraint = this.constraint?.after(id);
    this.isDone = id === options.endOfText || ids.length === this.maxTokens;
  }

  hypothesis(): Hypothesis {
    const { ids, logProbabilities } = this;
    const isCut = ids.at(-1) !== this.options.endOfText;
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    return {
      ids: isCut ? ids : ids.slice(0, -1),
      score: mean(logProbabilities),
      confidence: mean(logProbabilities.map(Math.exp)),
      isCut,
    };
  }
}
