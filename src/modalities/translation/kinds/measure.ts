/** How near a model's translations are to those that people wrote. */
import { cleanText } from "../../../data/translation/clean-text.js";
import { openPairs } from "../../../data/translation/open-pairs.js";
import { EvaluationError } from "../../../evaluation/errors.js";
import { bleuMetric } from "../../../evaluation/translation/bleu.js";
import type { BleuTokenizer } from "../../../evaluation/translation/bleu-tokens.js";
import { chrfMetric } from "../../../evaluation/translation/chrf.js";
import { corpusScore, type TranslatedSegment } from "../../../evaluation/translation/corpus-metric.js";
import { hidePlaceholders, shownText } from "../../../features/localisation/placeholders.js";
import type { TranslationMemory } from "../../../features/localisation/translation-memory.js";
import { languagesOf } from "../../../features/tokenizer/translation-tokens.js";
import type { Named, Output, Surroundings } from "../../modality.js";
import { openPreparedTranslation } from "../prepared.js";
import { memoryOf } from "./memory.js";
import { type MessageFlag, translateMessages } from "./messages.js";
import type { MeasuringOptions } from "./options.js";
import { type Saved, translatingOf } from "./saved.js";

/** Texts of one direction, with what people wrote. */
interface Direction {
  readonly from: string;
  readonly to: string;
  readonly pairs: readonly { readonly source: string; readonly reference: string }[];
}

/**
 * BLEU and chrF of each direction over given pairs, or over those that the model's run holds out, beside what the source as
 * it is and the nearest pair of training score. Texts are translated as messages are: what would break one is not written.
 */
export async function* measureTranslations(
  named: Named<Saved>,
  { data, to, tokenize, ...searching }: MeasuringOptions,
  around: Surroundings,
): AsyncGenerator<Output> {
  const saved = await named.open();
  const translating = await translatingOf(named, saved, around);
  const all = data === undefined ? await heldOut(named) : await given(data, saved);
  const written = to === undefined ? languagesOf(saved.tokenizer) : [to];
  const directions = all.filter((direction) => written.includes(direction.to));
  if (directions.length === 0) throw noDirection(all, to);
  const results: object[] = [];
  const lines: string[] = [];
  for (const { from, to, pairs } of directions) {
    const sources = pairs.map(({ source }) => source);
    const scored = (hypotheses: readonly string[]) =>
      scores(
        pairs.map(({ reference }, i) => ({ hypothesis: hypotheses[i], references: [reference] })),
        tokenize ?? tokenizerFor(to),
      );
    const translated = await translateMessages(translating, sources, { to, ...searching });
    const own = scored(translated.map(({ source, target = source }) => target));
    const memory = await memoryOf(named, saved, to);
    const nearest = memory && scored(nearestTranslations(memory, sources, around));
    const learned = memory && sources.filter((source) => isLearned(memory, source)).length;
    const flags = flagCounts(translated.map(({ flags }) => flags));
    const beside = { copied: bare(scored(sources)), ...(nearest && { nearest: bare(nearest), learned }) };
    results.push({ from, to, pairs: pairs.length, ...own, ...beside, flags });
    lines.push(
      `${from} to ${to}, ${pairs.length} pairs: ${inWords(own)}; length ${own.lengthRatio.toFixed(3)} of the references'`,
      `  the source as it is: ${inWords(beside.copied)}`,
      ...(nearest ? [`  the nearest pair that was learned from: ${inWords(nearest)}`] : []),
      ...(learned ? [`  ${learned} of the sources were learned from`] : []),
      `  ${own.signature.bleu}`,
      `  ${own.signature.chrf}`,
      ...Object.entries(flags).map(([flag, count]) => `  ${count} ${flag}`),
    );
  }
  yield { kind: "figures", figures: { metric: "bleu", directions: results }, text: lines.join("\n") };
}

interface Scores {
  readonly bleu: number;
  readonly chrf: number;
}

const bare = ({ bleu, chrf }: Scores): Scores => ({ bleu, chrf });

const inWords = ({ bleu, chrf }: Scores) => `BLEU ${bleu.toFixed(2)}, chrF2 ${chrf.toFixed(2)}`;

function isLearned(memory: TranslationMemory, source: string): boolean {
  const texts = hidePlaceholders(source).flatMap(({ text }) => (text === "" ? [] : [text]));
  return texts.length > 0 && texts.every((text) => memory.exact(text) !== undefined);
}

/** Of each source the translation of the most similar one, with its own placeholders; as it is where none is similar. */
function nearestTranslations(
  memory: TranslationMemory,
  sources: readonly string[],
  { signal, onProgress }: Pick<Surroundings, "signal" | "onProgress">,
): string[] {
  return sources.map((source, i) => {
    signal?.throwIfAborted();
    onProgress?.("sources looked up", i + 1, sources.length);
    const written = hidePlaceholders(source).map((piece) =>
      shownText(piece, piece.text && (memory.nearest(piece.text)?.target ?? piece.text)),
    );
    return written.join("");
  });
}

function scores(segments: readonly TranslatedSegment[], tokenize: BleuTokenizer) {
  const [bleu, chrf] = [bleuMetric({ tokenize }), chrfMetric()];
  const { score, hypothesisLength, referenceLength } = corpusScore(bleu, segments);
  return {
    bleu: score,
    chrf: corpusScore(chrf, segments).score,
    lengthRatio: hypothesisLength / referenceLength,
    signature: { bleu: bleu.signature(segments), chrf: chrf.signature(segments) },
  };
}

/** Words of languages without spaces between them are counted by characters. */
function tokenizerFor(language: string): BleuTokenizer {
  const [base] = language.split("-");
  if (base === "zh") return "zh";
  return ["ja", "th", "lo", "km", "my"].includes(base) ? "char" : "13a";
}

function flagCounts(flags: readonly (readonly MessageFlag[])[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of flags.flat()) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

async function heldOut({ name, folder }: Named): Promise<Direction[]> {
  const { validation } = await openPreparedTranslation(folder.folder("data")).catch((cause: Error) => {
    throw new EvaluationError(
      "there are no pairs to measure the model on",
      `${name} has none: ${cause.message.split("\n")[0]}`,
      "give --data: pairs of texts",
      { cause },
    );
  });
  return bothWays(await Promise.all(Array.from({ length: validation.count }, (_, i) => validation.read(i))));
}

async function given(path: string, { tokenizer }: Saved): Promise<Direction[]> {
  const known = languagesOf(tokenizer);
  const [sourceLanguage, targetLanguage] = known.length === 2 ? known : [];
  const { pairs } = await openPairs(path, { sourceLanguage, targetLanguage });
  return bothWays(
    pairs.map((pair) => ({ ...pair, source: cleanText(pair.source), target: cleanText(pair.target) })),
  );
}

interface Sides {
  readonly source: string;
  readonly target: string;
  readonly sourceLanguage: string;
  readonly targetLanguage: string;
}

function bothWays(pairs: readonly Sides[]): Direction[] {
  const [{ sourceLanguage: from, targetLanguage: to }] = pairs;
  if (from === to) return [];
  return [
    { from, to, pairs: pairs.map(({ source, target }) => ({ source, reference: target })) },
    { from: to, to: from, pairs: pairs.map(({ source, target }) => ({ source: target, reference: source })) },
  ];
}

function noDirection(found: readonly Direction[], to: string | undefined): EvaluationError {
  return new EvaluationError(
    "there is nothing to translate and compare with",
    `into ${to ?? "any language"}; the pairs are ${found.map(({ from, to }) => `${from} to ${to}`).join(", ") || "of one language"}`,
    "give --data: pairs of texts in two languages, and --to one of them",
  );
}
