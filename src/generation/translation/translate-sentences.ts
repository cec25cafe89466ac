import type { Tokenizer } from "../../features/tokenizer/tokenizer.js";
import type { Sampling } from "../sampling.js";
import { beamSearch, type Hypothesis, type Sought } from "./beam-search.js";
import { hasLoop, withoutRepetition } from "./loops.js";
import { sampleTranslations } from "./sample.js";
import type { Source, SourceReader } from "./source.js";
import type { StepScorer } from "./step-scorer.js";

/** What translates: a `TranslatorSession`. */
export interface Translator {
  readonly model: { readonly vocabSize: number };
  /** Reads sources, each at least one token, and prepares to write with this many beams for each. */
  encode(sources: readonly ArrayLike<number>[], beams: number): Promise<StepScorer>;
}

/** How translations are found. */
export interface SentenceOptions {
  /** How many beginnings are followed at a time (default 5). */
  readonly beams?: number;
  /** See `BeamOptions` (default 1). */
  readonly lengthPenalty?: number;
  /** Draw translations instead of searching the best. */
  readonly sampling?: Sampling & { readonly seed: number };
  /** Terms that the translation of this sentence must hold, such as those of a glossary. */
  readonly terms?: (sentence: string) => readonly string[];
  /** Called after each batch. */
  readonly onSentences?: (done: number, all: number) => void;
  /** Ends the work between two batches, by throwing the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * loop: it repeated itself and was written anew, greedily and without repetition; cut: it has become too long and has no
 * end; split: it is a part of a sentence that was too long; dropped: control characters of the source or tokens with a
 * meaning of their own were not read.
 */
export type TranslationFlag = "loop" | "cut" | "split" | "dropped";

/** A translated sentence. */
export interface TranslatedSentence extends Pick<Hypothesis, "ids" | "score" | "confidence"> {
  readonly source: string;
  readonly text: string;
  readonly flags: readonly TranslationFlag[];
  /** Others that were found, best first. */
  readonly alternatives: readonly string[];
}

/** Beams of all sentences of a batch; more are not faster. */
const mostBeams = 320;
/** Tokens of all sources of a batch, padded; bounds the memory. */
const mostTokens = 2 ** 13;

/** Translates sentences in batches of like lengths; results in the order of the sources. */
export async function translateSentences(
  translator: Translator,
  tokenizer: Tokenizer,
  reader: SourceReader,
  sources: readonly Source[],
  options: SentenceOptions,
): Promise<TranslatedSentence[]> {
  const { sampling, lengthPenalty = 1, beams = 5, terms = () => [] } = options;
  const sentences = sources.map((source, number) => {
    const constraint = reader.constraint(source, terms(source.text), translator.model.vocabSize);
    return { ids: source.ids, number, maxTokens: mostTokensFor(source), constraint };
  });
  const search: Decode = (scorer, batch) => beamSearch(scorer, batch, { ...reader.ends, lengthPenalty });
  const draw: Decode = async (scorer, batch) => {
    const drawn = await sampleTranslations(scorer, batch, { ...reader.ends, ...sampling! });
    return drawn.map((hypothesis) => [hypothesis]);
  };
  const [decode, width] = sampling ? [draw, 1] : [search, beams];
  const found = await inBatches(translator, sentences, width, decode, options);
  const loops = sentences.filter(({ ids, number }) => hasLoop(found.get(number)![0].ids) && !hasLoop(ids));
  const anew = loops.map((sentence) => ({ ...sentence, constraint: withoutRepetition(sentence.constraint) }));
  const mended = await inBatches(translator, anew, 1, search, { signal: options.signal });
  return sources.map((source, number) => {
    const hypotheses = mended.get(number) ?? found.get(number)!;
    const [text, ...alternatives] = hypotheses.map(({ ids }) => tokenizer.decode(ids).trim());
    const flags = flagsOf(source, hypotheses[0], mended.has(number));
    return { ...hypotheses[0], source: source.text, text, flags, alternatives };
  });
}

/** A sentence in a batch. */
interface Numbered extends Sought {
  readonly ids: readonly number[];
  readonly number: number;
}

type Decode = (scorer: StepScorer, batch: readonly Numbered[]) => Promise<Hypothesis[][]>;

async function inBatches(
  translator: Translator,
  sentences: readonly Numbered[],
  beams: number,
  decode: Decode,
  { onSentences, signal }: Pick<SentenceOptions, "onSentences" | "signal">,
): Promise<Map<number, Hypothesis[]>> {
  const found = new Map<number, Hypothesis[]>();
  for (const batch of batchesOf(sentences, beams)) {
    signal?.throwIfAborted();
    const sources = batch.map(({ ids }) => ids);
    const hypotheses = await decode(await translator.encode(sources, beams), batch);
    for (const [i, { number }] of batch.entries()) found.set(number, hypotheses[i]);
    onSentences?.(found.size, sentences.length);
  }
  return found;
}

/** The longest first. */
function batchesOf(sentences: readonly Numbered[], beams: number): Numbered[][] {
  const batches: Numbered[][] = [];
  for (const sentence of sentences.toSorted((a, b) => b.ids.length - a.ids.length)) {
    const last = batches.at(-1);
    const rows = (last?.length ?? 0) + 1;
    if (last && rows * beams <= mostBeams && rows * last[0].ids.length <= mostTokens) last.push(sentence);
    else batches.push([sentence]);
  }
  return batches;
}

const mostTokensFor = ({ ids }: Source) => Math.floor(1.5 * ids.length) + 10;

function flagsOf(
  { isReduced, isPart }: Source,
  { isCut }: Hypothesis,
  hasLooped: boolean,
): TranslationFlag[] {
  const held = { loop: hasLooped, cut: isCut, split: isPart, dropped: isReduced };
  return (["loop", "cut", "split", "dropped"] as const).filter((flag) => held[flag]);
}
