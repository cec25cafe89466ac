/** What stands between LibreTranslate's API and a model. */
import type { Detection } from "../../features/translation/detect-language.js";

/** A translator as clients see it. */
export interface ServedTranslator {
  readonly name: string;
  readonly languages: readonly ServedLanguage[];
  /** The languages, of the translator's, that a text may be in, likeliest first; none where nothing tells. */
  detect(text: string): readonly Detection[];
  /** One for each text, in their order. Throws `RequestError` for a text that cannot be translated as it is. */
  translate(asked: TranslationRequest, signal: AbortSignal): Promise<readonly Translated[]>;
}

/** A language that a translator reads or writes. */
export interface ServedLanguage {
  /** A BCP 47 tag. */
  readonly code: string;
  /** In English. */
  readonly name: string;
  /** The codes of those that it is translated into; none of one that is written alone. */
  readonly targets: readonly string[];
}

/** Texts in one language, for another. */
export interface TranslationRequest {
  /** Plain, each with at least one letter; `<x0>` and the like stand for tags of HTML and must survive. */
  readonly texts: readonly string[];
  readonly source: string;
  readonly target: string;
  /** How many further translations of each text are wanted. */
  readonly alternatives: number;
}

/** A translation. */
export interface Translated {
  readonly text: string;
  /** Others, likeliest first, fewer than were wanted where there are no more. */
  readonly alternatives: readonly string[];
  readonly flags: readonly Flag[];
}

/** Why a person should look at a translation: what became of a placeholder, or that the model repeats itself. */
export interface Flag {
  readonly kind: "lost" | "doubled" | "added" | "reordered" | "repetition";
  /** The placeholder, or what is repeated. */
  readonly found?: string;
}
