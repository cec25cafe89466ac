import { GenerationError } from "../errors.js";
import type { Constraint } from "./constraint.js";
import { type Predictions, part, type StepScorer, type Writing, writeAll } from "./step-scorer.js";

/** Between which tokens translations stand. */
export interface Ends {
  readonly startToken: number;
  readonly endOfText: number;
}

/** How to search. */
export interface BeamOptions extends Ends {
  /** A hypothesis' score is its log-probability / (its number of tokens ^ this): larger prefers longer ones. */
  readonly lengthPenalty: number;
}

/** One sentence to search a translation of. */
export interface Sought {
  /** Most tokens, the end of text among them; raised to what the constraint needs. */
  readonly maxTokens: number;
  readonly constraint?: Constraint;
}

/** A translation that the search found. */
export interface Hypothesis {
  /** Its tokens, without start and end of text. */
  readonly ids: readonly number[];
  /** Hypotheses are ranked by it: see `BeamOptions.lengthPenalty`; the end of text counts as a token. */
  readonly score: number;
  /** The mean probability of its tokens. */
  readonly confidence: number;
  /** It has as many tokens as it may have, and no end. */
  readonly isCut: boolean;
}

/**
 * Beam search exactly as Hugging Face Transformers 5 has it (`early_stopping=False`); one beam is greedy search. Gives
 * the hypotheses of each sentence, at most as many as beams, best first. With a constraint half of the beams are kept
 * for the best of those that have more or less of what is required. Throws `GenerationError` for predictions that
 * are not finite.
 */
export async function beamSearch(
  scorer: StepScorer,
  sentences: readonly Sought[],
  options: BeamOptions,
): Promise<Hypothesis[][]> {
  const searches = sentences.map((sought) => new SentenceSearch(scorer, sought, options));
  await writeAll(scorer, searches);
  return searches.map(({ finished }) => finished);
}

/** What a beam may become by one more token. */
interface Candidate {
  /** The token. */
  readonly id: number;
  /** The beam of the step before that it goes on from. */
  readonly parent: number;
  readonly logProbability: number;
  /** Of its tokens, summed. */
  readonly probability: number;
  readonly constraint: Constraint | undefined;
}

/** A beginning of a translation. */
interface Beam extends Omit<Candidate, "id"> {
  readonly ids: readonly number[];
}

class SentenceSearch implements Writing {
  readonly finished: Hypothesis[] = [];
  isDone = false;
  private beams: Beam[];
  private length = 0;
  private readonly maxTokens: number;

  constructor(
    private readonly scorer: StepScorer,
    { maxTokens, constraint }: Sought,
    private readonly options: BeamOptions,
  ) {
    this.maxTokens = Math.max(maxTokens, 1 + (constraint?.needed ?? 0));
    this.beams = [{ ids: [], parent: 0, logProbability: 0, probability: 0, constraint }];
  }

  newest() {
    return this.beams.map(({ ids, parent }) => ({ id: ids.at(-1) ?? this.options.startToken, parent }));
  }

  advance(predictions: Predictions): void {
    const { beams: width, vocabSize } = this.scorer;
    const candidates = this.beams.flatMap((_, i) => this.continued(i, part(predictions, i, width)));
    if (candidates.length === 0) throw notFinite(vocabSize);
    this.length++;
    for (const candidate of chosen(candidates, width)) if (this.ends(candidate)) this.finish(candidate);
    const living = candidates.filter((candidate) => !this.ends(candidate));
    this.beams = chosen(living, width).map(({ id, ...rest }) => ({
      ...rest,
      ids: this.written(rest.parent, id),
    }));
    this.finished.sort((a, b) => b.score - a.score).splice(width);
    this.isDone = !this.canImprove();
  }

  /** What beam `parent` may become: more than could live on if all beams ended. */
  private continued(parent: number, { next, likeliest }: Predictions): Candidate[] {
    const { logProbability, probability, constraint } = this.beams[parent];
    constraint?.mask(next, this.maxTokens - this.length);
    const best = firstAllowed(likeliest, next, 2 * this.scorer.beams) ?? largest(next, 2 * this.scorer.beams);
    const wanted = (constraint?.wanted ?? []).filter((id) => next[id] > Number.NEGATIVE_INFINITY);
    const tried = wanted.length > 0 ? [...new Set([...best, ...wanted])] : best;
    return tried.map((id) => ({
      id,
      parent,
      logProbability: logProbability + next[id],
      probability: probability + Math.exp(next[id]),
      constraint: constraint?.after(id),
    }));
  }

  private ends({ id }: Candidate): boolean {
    return id === this.options.endOfText || this.length === this.maxTokens;
  }

  private finish({ id, parent, logProbability, probability }: Candidate): void {
    const isCut = id !== this.options.endOfText;
    this.finished.push({
      ids: isCut ? this.written(parent, id) : this.beams[parent].ids,
      score: logProbability / this.length ** this.options.lengthPenalty,
      confidence: probability / this.length,
      isCut,
    });
  }

  private written(parent: number, id: number): readonly number[] {
    return [...this.beams[parent].ids, id];
  }

  /** As if no beam's score could rise by growing: Transformers' heuristic. */
  private canImprove(): boolean {
    if (this.beams.length === 0) return false;
    const worst = this.finished[this.scorer.beams - 1]?.score ?? Number.NEGATIVE_INFINITY;
    return this.beams[0].logProbability / this.length ** this.options.lengthPenalty > worst;
  }
}

/**
 * The best, in order. Where constraints are, the second half of the places goes first to the best of each progress that
 * has none yet, so that what is required finds its best place although another token is likelier everywhere.
 */
function chosen(candidates: readonly Candidate[], width: number): Candidate[] {
  const byScore = (a: Candidate, b: Candidate) => b.logProbability - a.logProbability;
  const sorted = candidates.toSorted(byScore);
  const kept = new Set(sorted.slice(0, Math.ceil(width / 2)));
  const banks = new Set([...kept].map(({ constraint }) => constraint?.progress));
  for (const beam of sorted) {
    if (kept.size >= width) break;
    if (banks.has(beam.constraint?.progress)) continue;
    banks.add(beam.constraint?.progress);
    kept.add(beam);
  }
  for (const beam of sorted) {
    if (kept.size >= width) break;
    kept.add(beam);
  }
  return [...kept].sort(byScore);
}

/** The first `count` ids whose numbers are not -Infinity; undefined where there are fewer. */
function firstAllowed(ids: Int32Array, next: Float32Array, count: number): number[] | undefined {
  const allowed: number[] = [];
  for (const id of ids) {
    if (next[id] > Number.NEGATIVE_INFINITY && allowed.push(id) === count) return allowed;
  }
  return undefined;
}

/** The ids of the largest numbers, at most `count`, largest first; of equals those with lower ids. */
function largest(next: Float32Array, count: number): number[] {
  const best: number[] = [];
  let least = Number.NEGATIVE_INFINITY;
  for (let id = 0; id < next.length; id++) {
    if (!(next[id] > least)) continue;
    if (best.length < count) best.push(id);
    let at = best.length - 1; // of the last, which the new one pushes out when all places are taken
    for (; at > 0 && next[best[at - 1]] < next[id]; at--) best[at] = best[at - 1];
    best[at] = id;
    if (best.length === count) least = next[best[count - 1]];
  }
  return best;
}

function notFinite(vocabSize: number): GenerationError {
  return new GenerationError(
    "the model's predictions are not finite numbers",
    `none of ${vocabSize} tokens can follow`,
    "the weights are damaged or diverged: use an earlier checkpoint",
  );
}
