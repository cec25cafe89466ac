/** Pairs to learn from, made of sentences: each is the target of a source that the model makes up (Sennrich et al. 2016). */

import { counted } from "../../../core/quantities.js";
import { randomStream } from "../../../core/random.js";
import { openMonolingual } from "../../../data/translation/monolingual.js";
import { crc32 } from "../../../files/crc32.js";
import { GenerationError } from "../../../generation/errors.js";
import { type Named, type Output, type Surroundings, type UseRequest, watching } from "../../modality.js";
import { type TranslatedMessage, translateMessages } from "./messages.js";
import type { BackTranslatingOptions } from "./options.js";
import { type Progress, progressFile, progressOf } from "./progress.js";
import { languageFrom, languageTo, type Saved, translatingOf } from "./saved.js";

/** So many sentences are sorted by length, translated, and then kept. */
const chunkSize = 512;

/** Why there is no pair of a sentence. */
const faults = {
  long: "longer than the model reads",
  unread: "with characters that the model does not read",
  loop: "translated in a loop",
  cut: "translated without an end",
  broken: "with placeholders changed by the translation",
  empty: "translated into nothing",
  copy: "unchanged by the translation",
} as const;
type Fault = keyof typeof faults;

/**
 * Translates sentences of files, one a line, and writes pairs, the made-up side first. What is written is kept: the same
 * command goes on where it was stopped, and the file ends in the same bytes. Throws `GenerationError` where the file that
 * is there was made otherwise.
 */
export async function* backTranslateInputs(
  named: Named<Saved>,
  { inputs, wanted }: UseRequest,
  options: BackTranslatingOptions,
  around: Surroundings,
): AsyncGenerator<Output> {
  const saved = await named.open();
  const to = languageTo(saved, options.to, options.from);
  const from = languageFrom(saved, options.from, to);
  const searching = searchingOf(saved, options);
  const files = inputs.map(({ name }) => name);
  const { sentences, leftOut } = await openMonolingual({ [from]: files }, watching(around, "bytes read"));
  const texts = sentences.map(({ text }) => text);
  const checksum = crc32(new TextEncoder().encode(texts.join("\n")));
  const model = named.place.location;
  let progress = await progressOf(wanted, { model, from, to, ...searching, checksum });
  const before = progress.pairs;
  const translating = await translatingOf(named, saved, {
    ...around,
    onProgress: (phase, done, all = done) => {
      const ofChunk = Math.floor((done / all) * Math.min(chunkSize, texts.length - progress.sentences));
      around.onProgress?.(phase, progress.sentences + ofChunk, texts.length);
    },
  });
  yield progressFile(progress);
  while (progress.sentences < texts.length) {
    const chunk = texts.slice(progress.sentences, progress.sentences + chunkSize);
    const search = searchAt(searching, progress.sentences);
    const made = pairsOf(await translateMessages(translating, chunk, { to, ...search }), from, to);
    yield { kind: "file", name: "pairs", bytes: made.bytes, at: progress.bytes };
    progress = added(progress, chunk.length, made);
    yield progressFile(progress);
  }
  const figures = { from, to, sentences: texts.length, pairs: progress.pairs, leftOut: progress.leftOut };
  yield { kind: "figures", figures, remark: remarkOf(progress, before, leftOut) };
}

type Searching =
  | { readonly temperature: number; readonly seed: number }
  | { readonly beams?: number; readonly lengthPenalty?: number };

function searchingOf(
  { generation }: Saved,
  { temperature, seed, beams, lengthPenalty }: BackTranslatingOptions,
): Searching {
  if (temperature === undefined) {
    return {
      beams: beams ?? generation.beams,
      lengthPenalty: lengthPenalty ?? generation.lengthPenalty,
    };
  }
  if (beams === undefined && lengthPenalty === undefined) return { temperature, seed };
  throw new GenerationError(
    "translations are drawn, or the best is searched",
    `--temperature ${temperature} with ${beams === undefined ? "--length-penalty" : "--beams"}`,
    "leave one of them out",
  );
}

/** Each chunk draws numbers of its own, whether or not others were drawn before. */
function searchAt(searching: Searching, firstSentence: number) {
  if (!("temperature" in searching)) return searching;
  const { temperature, seed } = searching;
  return { sampling: { temperature, seed: randomStream(seed, "back-translation", firstSentence).uint32() } };
}

/** Pairs as lines, and sentences of which there is none, counted. */
interface MadePairs {
  readonly bytes: Uint8Array;
  readonly pairs: number;
  readonly leftOut: Readonly<Partial<Record<Fault, number>>>;
}

function pairsOf(translated: readonly TranslatedMessage[], from: string, to: string): MadePairs {
  const leftOut: Partial<Record<Fault, number>> = {};
  const lines: string[] = [];
  for (const one of translated) {
    const fault = faultOf(one);
    if (fault) leftOut[fault] = (leftOut[fault] ?? 0) + 1;
    else lines.push(`${JSON.stringify({ translation: { [to]: one.target, [from]: one.source } })}\n`);
  }
  return { bytes: new TextEncoder().encode(lines.join("")), pairs: lines.length, leftOut };
}

function faultOf({ source, target, flags }: TranslatedMessage): Fault | undefined {
  const kinds = flags.map(({ kind }) => kind);
  if (kinds.includes("split")) return "long";
  if (kinds.includes("dropped")) return "unread";
  if (kinds.includes("loop")) return "loop";
  if (kinds.includes("cut")) return "cut";
  if (target === undefined) return "broken";
  if (target.trim() === "") return "empty";
  return target === source ? "copy" : undefined;
}

function added(progress: Progress, sentences: number, { bytes, pairs, leftOut }: MadePairs): Progress {
  const counts = { ...progress.leftOut };
  for (const [fault, count] of Object.entries(leftOut)) counts[fault] = (counts[fault] ?? 0) + count;
  return {
    ...progress,
    sentences: progress.sentences + sentences,
    pairs: progress.pairs + pairs,
    bytes: progress.bytes + bytes.length,
    leftOut: counts,
  };
}

function remarkOf(progress: Progress, before: number, unread: readonly string[]): string {
  const left = Object.entries(faults).flatMap(([fault, what]) => {
    const count = progress.leftOut[fault];
    return count === undefined ? [] : [`${counted(count, "sentence")} ${what}`];
  });
  const there = before > 0 ? `, ${counted(before, "pair")} of them there before` : "";
  return [
    `${counted(progress.pairs, "pair")} of ${counted(progress.sentences, "sentence")}${there}`,
    ...(left.length > 0 ? [`left out: ${left.join(", ")}`] : []),
    ...(unread.length > 0 ? [`not read: ${unread.join(", ")}`] : []),
  ].join("; ");
}
