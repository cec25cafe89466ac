/** Texts of any length into another language. */
import type { Tokenizer } from "../../features/tokenizer/tokenizer.js";
import { GenerationError } from "../errors.js";
import { joinPieces, piecesOf } from "./sentences.js";
import { SourceReader } from "./source.js";
import {
  type SentenceOptions,
  type TranslatedSentence,
  type TranslationFlag,
  type Translator,
  translateSentences,
} from "./translate-sentences.js";

/** Into which language, and how it is searched. */
export interface TranslateOptions extends SentenceOptions {
  /** The language's code: the tokenizer has a token `>>code<<`. */
  readonly to: string;
  /** Most tokens of a sentence that the model was trained with (default 128): longer ones are cut in parts. */
  readonly longest?: number;
}

/** A translated text. */
export interface Translation {
  readonly text: string;
  /** That of the sentence with the least; 1 where nothing was to translate. */
  readonly confidence: number;
  /** Those of all sentences. */
  readonly flags: readonly TranslationFlag[];
  /** Those with a letter; the others stand in the text as they came. */
  readonly sentences: readonly TranslatedSentence[];
}

/**
 * Translates texts sentence by sentence; white space between them stays. Each placeholder `<ph0>`, `<ph1>`, ... of a
 * sentence comes in its translation as often as in it, and no other; each of its terms comes. What has no letter, such as
 * a number, is copied. A translation ends at the latest after 1.5 times its source's tokens and 10, or what must come.
 * Throws `GenerationError` for a language that the tokenizer has no token for and for settings out of range.
 */
export async function translate(
  translator: Translator,
  tokenizer: Tokenizer,
  texts: readonly string[],
  options: TranslateOptions,
): Promise<Translation[]> {
  checkOptions(options);
  const { to, longest = 128 } = options;
  const reader = new SourceReader(tokenizer, to);
  const fits = (sentence: string) => reader.length(sentence) <= longest;
  const pieced = texts.map((text) => piecesOf(text.normalize("NFC"), fits));
  const read = pieced.map(({ pieces }) => pieces.map((piece) => reader.read(piece)));
  const sources = read.flat().filter((source) => source !== undefined);
  const sentences = await translateSentences(translator, tokenizer, reader, sources, options);
  const bySource = new Map(sources.map((source, i) => [source, sentences[i]]));
  return pieced.map((text, i) => {
    const own = read[i].map((source) => source && bySource.get(source));
    const written = text.pieces.map((piece, k) => own[k]?.text ?? piece.text);
    return joined(
      joinPieces(text, written, to),
      own.filter((sentence) => sentence !== undefined),
    );
  });
}

function joined(text: string, sentences: readonly TranslatedSentence[]): Translation {
  return {
    text,
    confidence: Math.min(1, ...sentences.map(({ confidence }) => confidence)),
    flags: [...new Set(sentences.flatMap(({ flags }) => flags))],
    sentences,
  };
}

function checkOptions({ beams = 1, lengthPenalty = 1, longest = 1 }: TranslateOptions): void {
  const isPositive = (n: number) => Number.isSafeInteger(n) && n >= 1;
  if (isPositive(beams) && isPositive(longest) && Number.isFinite(lengthPenalty)) return;
  throw new GenerationError(
    "a setting of the translation is out of range",
    `beams ${beams}, lengthPenalty ${lengthPenalty}, longest ${longest}`,
    "give whole numbers of 1 or more, and a finite length penalty",
  );
}
