import { WORD_DELIMITER } from "../../features/tokenizer/ctc-vocabulary.js";
import { GenerationError } from "../errors.js";
import { type Emissions, logProbabilities } from "./emissions.js";
import { logAdd, Prefix } from "./prefix.js";
import { type FusionOptions, WordFusion } from "./word-fusion.js";

/** How wide the search is, and what words count in it. The defaults are pyctcdecode's. */
export interface BeamOptions extends FusionOptions {
  /** How many prefixes live on after a frame. Default 100. */
  readonly width?: number;
  /** Labels less likely in a frame are not tried, but for the best. Default -5. */
  readonly leastToken?: number;
  /** Prefixes whose score lies further below the best are dropped. Default 10. */
  readonly margin?: number;
}

/** A transcript that the search found. */
export interface Hypothesis {
  readonly text: string;
  /** Labels of the likeliest way to write it: with or without `|` at its ends. */
  readonly labels: readonly number[];
  /** Natural, of all paths that were kept: what the sound says. */
  readonly logProbability: number;
  /** That, and what the words add: hypotheses are sorted by it. */
  readonly score: number;
}

/** A search set up for one vocabulary, to be used for many utterances; hypotheses come best first. */
export type BeamSearch = (emissions: Emissions) => Hypothesis[];

/**
 * Prefix beam search with shallow fusion of words (Graves and Jaitly 2014; Hannun et al. 2014). `tokens` are the
 * vocabulary, with `|` between words. Without pruning a text's probability is exact. Throws `GenerationError` for
 * hot words that the vocabulary cannot spell, the search for emissions of another vocabulary.
 */
export function beamSearch(tokens: readonly string[], options: BeamOptions = {}): BeamSearch {
  const { width = 100, leastToken = -5, margin = 10 } = options;
  if (!Number.isInteger(width) || width < 1 || !(leastToken <= 0) || !(margin >= 0)) {
    throw new GenerationError(
      "a beam is not to be searched like this",
      `width ${width}, leastToken ${leastToken}, margin ${margin}`,
      "give a width of at least 1, a log-probability up to 0 and a margin of at least 0",
    );
  }
  requireLetters(tokens, options.hotWords ?? []);
  const fusion = new WordFusion(options);
  const bounds = { width, leastToken, margin, mostGain: fusion.mostGain };
  return (emissions) => {
    const { data, frames, vocabulary } = logProbabilities(emissions);
    requireVocabulary(tokens, vocabulary);
    const root = new Prefix({ tokens, fusion }, 0, undefined);
    root.nextBlank = 0;
    root.advance();
    let beam = [root];
    for (let frame = 0; frame < frames; frame++) {
      const row = data.subarray(frame * vocabulary, (frame + 1) * vocabulary);
      beam = pruned(extended(beam, row, bounds), bounds);
    }
    return hypothesesOf(beam, fusion, tokens);
  };
}

/** What keeps a prefix from being tried; `mostGain` is what words can add to it in a frame. */
interface Bounds {
  readonly width: number;
  readonly leastToken: number;
  readonly margin: number;
  readonly mostGain: number;
}

/**
 * All that the prefixes become in a frame, each once. Of new ones, only those that may be kept: what they have of
 * their sound is known at once.
 */
function extended(beam: readonly Prefix[], row: Float32Array, bounds: Bounds): Prefix[] {
  const { width, leastToken, margin, mostGain } = bounds;
  const touched = new Set(beam);
  // What a blank alone makes of the best and of the last that is kept.
  let best = beam[0].score + row[0];
  const last = beam.length === width ? beam[width - 1].score + row[0] : Number.NEGATIVE_INFINITY;
  for (const prefix of beam) prefix.nextBlank = prefix.acoustic + row[0];
  for (const id of likelyLabels(row, leastToken)) {
    for (const prefix of beam) {
      const isRepeat = id === prefix.id;
      if (isRepeat) prefix.nextLabel = logAdd(prefix.nextLabel, prefix.label + row[id]);
      const heard = (isRepeat ? prefix.blank : prefix.acoustic) + row[id];
      const most = heard + prefix.wordsBonus + mostGain;
      const isHopeless = most < Math.max(best - margin, last) || heard === Number.NEGATIVE_INFINITY;
      const child = prefix.child(id) ?? (isHopeless ? undefined : prefix.extend(id));
      if (child === undefined) continue;
      child.nextLabel = logAdd(child.nextLabel, heard);
      best = Math.max(best, heard + child.bonus);
      touched.add(child);
    }
  }
  return [...touched];
}

/** Labels that are not too unlikely in a frame, the likeliest first. */
function likelyLabels(row: Float32Array, leastToken: number): number[] {
  const best = Math.max(...row);
  const labels: number[] = [];
  for (let id = 1; id < row.length; id++) if (row[id] >= leastToken || row[id] === best) labels.push(id);
  return labels.sort((a, b) => row[b] - row[a]);
}

function pruned(prefixes: readonly Prefix[], { width, margin }: Bounds): Prefix[] {
  let best = Number.NEGATIVE_INFINITY;
  for (const prefix of prefixes) {
    prefix.advance();
    best = Math.max(best, prefix.score);
  }
  const near = prefixes.filter((prefix) => prefix.score >= best - margin);
  const kept = new Set(near.sort((a, b) => b.score - a.score).slice(0, width));
  for (const prefix of prefixes) if (!kept.has(prefix)) prefix.drop();
  return [...kept];
}

/** Prefixes that are one text, as "a" and "a|" are, become one hypothesis. */
function hypothesesOf(beam: readonly Prefix[], fusion: WordFusion, tokens: readonly string[]): Hypothesis[] {
  const byText = new Map<string, Hypothesis>();
  for (const prefix of beam.toSorted((a, b) => b.acoustic - a.acoustic)) {
    const labels = prefix.labels();
    const text = wordsIn(labels, tokens);
    const { bonus, context } = prefix.completed();
    const known = byText.get(text);
    const logProbability = logAdd(known?.logProbability ?? Number.NEGATIVE_INFINITY, prefix.acoustic);
    const score = logProbability + bonus + fusion.end(context);
    byText.set(text, { text, labels: known?.labels ?? labels, logProbability, score });
  }
  return [...byText.values()].sort((a, b) => b.score - a.score);
}

function wordsIn(labels: readonly number[], tokens: readonly string[]): string {
  const letters = labels.map((id) => tokens[id]).join("");
  return letters.split(WORD_DELIMITER).filter(Boolean).join(" ");
}

function requireVocabulary(tokens: readonly string[], vocabulary: number): void {
  if (tokens.length === vocabulary) return;
  throw new GenerationError(
    "the emissions are of another vocabulary",
    `${vocabulary} values a frame, ${tokens.length} tokens`,
    "give the vocabulary that the model was trained with",
  );
}

function requireLetters(tokens: readonly string[], hotWords: readonly string[]): void {
  const unspelled = hotWords.filter((word) =>
    [...word].some((letter) => letter !== " " && !tokens.includes(letter)),
  );
  if (unspelled.length === 0) return;
  throw new GenerationError(
    "the vocabulary has not all letters of the hot words",
    unspelled.slice(0, 3).join(", ") + (unspelled.length > 3 ? ` and ${unspelled.length - 3} more` : ""),
    "write them as the texts of the training are: lower case, no punctuation",
  );
}
