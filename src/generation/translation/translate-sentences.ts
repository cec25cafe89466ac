import type { Tokenizer } from "../../features/tokenizer/tokenizer.js";
import type { Sampling } from "../sampling.js";
import type { Hypothesis } from "./beam-search.js";
import { hasLoop } from "./loops.js";
import type { BatchSentence, Decode, SentenceBatch } from "./sentence-batch.js";
import type { Source, SourceReader } from "./source.js";

/** What translates: a `TranslatorSession`, or threads that each have one. */
export interface Translator {
  readonly model: { readonly vocabSize: number };
  /** What so many batches are shared by; each takes one at a time, and all give the same for it. */
  decoders(batches: number): Promise<readonly DecodeBatch[]>;
}

/** Gives hypotheses of each sentence, best first. */
export type DecodeBatch = (batch: SentenceBatch) => Promise<Hypothesis[][]>;

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
    const requirements = reader.requirements(source, terms(source.text), translator.model.vocabSize);
    return { ids: source.ids, number, maxTokens: mostTokensFor(source), requirements };
  });
  const how = { ends: reader.ends, lengthPenalty };
  const found = await inBatches(
    translator,
    batchesOf(sentences, sampling ? { ...how, sampling, beams: 1 } : { ...how, beams }),
    options,
  );
  const loops = sentences.filter(({ ids, number }) => hasLoop(found.get(number)![0].ids) && !hasLoop(ids));
  const anew = batchesOf(loops, { ...how, beams: 1, isUnrepeated: true });
  const mended = await inBatches(translator, anew, { signal: options.signal });
  return sources.map((source, number) => {
    const hypotheses = mended.get(number) ?? found.get(number)!;
    const [text, ...alternatives] = hypotheses.map(({ ids }) => tokenizer.decode(ids).trim());
    const flags = flagsOf(source, hypotheses[0], mended.has(number));
    return { ...hypotheses[0], source: source.text, text, flags, alternatives };
  });
}

async function inBatches(
  translator: Translator,
  batches: readonly SentenceBatch[],
  { onSentences, signal }: Pick<SentenceOptions, "onSentences" | "signal">,
): Promise<Map<number, Hypothesis[]>> {
  const found = new Map<number, Hypothesis[]>();
  if (batches.length === 0) return found;
  const count = batches.reduce((sum, { sentences }) => sum + sentences.length, 0);
  const left = [...batches].reverse();
  const work = async (decode: DecodeBatch) => {
    for (let batch = left.pop(); batch; batch = left.pop()) {
      signal?.throwIfAborted();
      const hypotheses = await decode(batch);
      for (const [i, { number }] of batch.sentences.entries()) found.set(number, hypotheses[i]);
      onSentences?.(found.size, count);
    }
  };
  const decoders = await translator.decoders(batches.length);
  // What one cannot do, the others need not go on with.
  await Promise.all(decoders.map(work)).finally(() => left.splice(0));
  return found;
}

/** The longest first. */
function batchesOf(sentences: readonly BatchSentence[], how: Decode): SentenceBatch[] {
  const batches: BatchSentence[][] = [];
  for (const sentence of sentences.toSorted((a, b) => b.ids.length - a.ids.length)) {
    const last = batches.at(-1);
    const rows = (last?.length ?? 0) + 1;
    if (last && rows * how.beams <= mostBeams && rows * last[0].ids.length <= mostTokens) last.push(sentence);
    else batches.push([sentence]);
  }
  return batches.map((sentences) => ({ sentences, how }));
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
