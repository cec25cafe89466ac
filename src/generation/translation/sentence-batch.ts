/** Sentences that are translated together, as data, so that any thread with the model can. */
import type { Sampling } from "../sampling.js";
import { beamSearch, type Ends, type Hypothesis } from "./beam-search.js";
import { type Requirements, requiring } from "./constraint.js";
import { withoutRepetition } from "./loops.js";
import { sampleTranslations } from "./sample.js";
import type { StepScorer } from "./step-scorer.js";

/** How the translations of a batch are found. */
export interface Decode {
  readonly ends: Ends;
  readonly beams: number;
  /** See `BeamOptions`. */
  readonly lengthPenalty: number;
  /** Draw translations, with one beam, instead of searching the best. */
  readonly sampling?: Sampling & { readonly seed: number };
  /** See `withoutRepetition`. */
  readonly isUnrepeated?: boolean;
}

/** A sentence in a batch. */
export interface BatchSentence {
  readonly ids: readonly number[];
  /** Its own among all sentences that are translated: see `Drawn`. */
  readonly number: number;
  /** See `Sought`. */
  readonly maxTokens: number;
  readonly requirements: Requirements;
}

/** All that a batch's translations depend on beside the model. Survives a structured clone. */
export interface SentenceBatch {
  readonly sentences: readonly BatchSentence[];
  readonly how: Decode;
}

/** Reads sources, each at least one token, and prepares to write with this many beams for each. */
export type Encode = (sources: readonly ArrayLike<number>[], beams: number) => Promise<StepScorer>;

/** Hypotheses of each sentence of a batch, best first. Throws what searching and drawing throw. */
export async function decodeBatch(
  encode: Encode,
  { sentences, how: { ends, beams, lengthPenalty, sampling, isUnrepeated } }: SentenceBatch,
): Promise<Hypothesis[][]> {
  const scorer = await encode(
    sentences.map(({ ids }) => ids),
    beams,
  );
  const sought = sentences.map(({ number, maxTokens, requirements }) => {
    const required = requiring(requirements);
    return { number, maxTokens, constraint: isUnrepeated ? withoutRepetition(required) : required };
  });
  if (!sampling) return beamSearch(scorer, sought, { ...ends, lengthPenalty });
  const drawn = await sampleTranslations(scorer, sought, { ...ends, ...sampling });
  return drawn.map((hypothesis) => [hypothesis]);
}
