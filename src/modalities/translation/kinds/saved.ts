/** What uses of translators share: how they are opened, and made ready. */
import { directionsOf, languagesOf } from "../../../features/tokenizer/translation-tokens.js";
import { GenerationError } from "../../../generation/errors.js";
import {
  type TranslateOptions,
  type Translation,
  translate,
} from "../../../generation/translation/translate.js";
import { compileTranslator } from "../../../generation/translation/translator-session.js";
import type { SavedTranslator } from "../../../interop/translator-folder.js";
import { kept } from "../../kept.js";
import type { Named, Surroundings } from "../../modality.js";
import { sharedTranslator } from "./decoding-threads.js";

export type Saved = SavedTranslator;

/** Texts into a language, as the model's folder suggests where nobody says otherwise. */
export type Translating = (texts: readonly string[], options: TranslateOptions) => Promise<Translation[]>;

/** Compiles the model where it is needed, once for all who ask. */
export async function translatingOf(
  { place }: Named,
  saved: Saved,
  { runtime, threads = 1, signal, onProgress }: Surroundings,
): Promise<Translating> {
  const { model, weights, tokenizer, generation } = saved;
  const alone = () => kept(saved, "session", () => compileTranslator(runtime, model, weights));
  const translator = await kept(saved, "translator", async () =>
    sharedTranslator(model, place.location, threads, alone),
  );
  return (texts, { beams = generation.beams, lengthPenalty = generation.lengthPenalty, ...options }) =>
    translate(translator, tokenizer, texts, {
      ...options,
      ...{ beams, lengthPenalty, signal },
      onSentences: (done, all) => onProgress?.("sentences translated", done, all),
    });
}

/**
 * The language to translate into: the one that is asked for, or the only one beside `from`. Throws `GenerationError`
 * where that is not clear.
 */
export function languageTo({ tokenizer }: Saved, to: string | undefined, from: string | undefined): string {
  const languages = languagesOf(tokenizer);
  const left = languages.filter((language) => language !== from);
  if (to !== undefined && languages.includes(to)) return to;
  if (to === undefined && left.length === 1) return left[0];
  throw new GenerationError(
    to === undefined
      ? "it is not said into which language"
      : "the model does not translate into this language",
    `${to === undefined ? "" : `${JSON.stringify(to)}; `}languages: ${languages.join(", ") || "none"}`,
    "give one of them by --to",
  );
}

/**
 * The language of sentences to translate: the one that is said, or the only one beside `to`. Throws `GenerationError`
 * where that is not clear.
 */
export function languageFrom({ tokenizer }: Saved, from: string | undefined, to: string): string {
  const others = directionsOf(tokenizer).flatMap(([other, into]) => (into === to ? [other] : []));
  if (from !== undefined && others.includes(from)) return from;
  if (from === undefined && others.length === 1) return others[0];
  throw new GenerationError(
    from === undefined
      ? "it is not said of which language the sentences are"
      : "the model does not translate from this language",
    `${from === undefined ? "" : `${JSON.stringify(from)}; `}beside ${to}: ${others.join(", ") || "none"}`,
    "give one of them by --from",
  );
}
