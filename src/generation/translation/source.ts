import type { Tokenizer } from "../../features/tokenizer/tokenizer.js";
import {
  languagePrefix,
  languagesOf,
  padToken,
  placeholderTokens,
} from "../../features/tokenizer/translation-tokens.js";
import { GenerationError } from "../errors.js";
import type { Ends } from "./beam-search.js";
import type { Form, Requirements, Term } from "./constraint.js";
import type { Piece } from "./sentences.js";

/** A sentence as a model reads it. */
export interface Source {
  readonly text: string;
  /** What tells the language, the tokens of the sentence, the end of text. */
  readonly ids: readonly number[];
  /** Each as often as it comes. */
  readonly placeholders: readonly number[];
  /** Control characters or tokens with a meaning of their own were left out. */
  readonly isReduced: boolean;
  /** See `Piece`. */
  readonly isPart: boolean;
}

/** Control characters that are no white space. */
const controls = /(?!\s)\p{Cc}/gu;
/** Scripts whose words are written without spaces. */
const unspacedScript = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;

/** What a tokenizer's special tokens mean for translations into one language. */
export class SourceReader {
  readonly ends: Ends;
  private readonly prefix: readonly number[];
  private readonly placeholders: ReadonlySet<number>;
  private readonly special: ReadonlySet<number>;

  /** Throws `GenerationError` where the tokenizer has none for the language, for padding or for the end. */
  constructor(
    private readonly tokenizer: Tokenizer,
    to: string,
  ) {
    const { specialTokens, endOfText } = tokenizer;
    if (!languagesOf(tokenizer).includes(to)) unknownLanguage(tokenizer, to);
    this.prefix = languagePrefix(tokenizer, to);
    this.ends = {
      startToken: specialTokens.get(padToken) ?? noTranslator(tokenizer),
      endOfText: endOfText ?? noTranslator(tokenizer),
    };
    this.placeholders = new Set(placeholderTokens.flatMap((name) => specialTokens.get(name) ?? []));
    this.special = new Set(specialTokens.values());
  }

  /** How many tokens a sentence has of its own. */
  length(text: string): number {
    return this.tokenizer.encode(text).length;
  }

  /** Undefined for a sentence without a letter, which stays as it is. */
  read({ text: sentence, isPart }: Piece): Source | undefined {
    const text = sentence.replaceAll(controls, "");
    const all = [...this.tokenizer.encode(text)];
    const plain = all.filter((id) => !this.special.has(id));
    if (!/\p{L}/u.test(this.tokenizer.decode(plain))) return undefined;
    const read = all.filter((id) => !this.special.has(id) || this.placeholders.has(id));
    return {
      text: sentence,
      ids: [...this.prefix, ...read, this.ends.endOfText],
      placeholders: read.filter((id) => this.placeholders.has(id)),
      isReduced: text !== sentence || read.length < all.length,
      isPart,
    };
  }

  /** The source's placeholders and these terms once each; no other special tokens, and none past the tokenizer's. */
  requirements({ placeholders }: Source, terms: readonly string[], vocabSize: number): Requirements {
    const unknown = Array.from(
      { length: Math.max(0, vocabSize - this.tokenizer.vocabSize) },
      (_, i) => this.tokenizer.vocabSize + i,
    );
    const { endOfText } = this.ends;
    const exclusive = [...this.special, ...unknown].filter((id) => id !== endOfText);
    const single = placeholders.map((id) => [{ ids: [id] }]);
    return { terms: [...single, ...terms.map((term) => this.term(term))], exclusive, endOfText };
  }

  private term(text: string): Term {
    const trimmed = text.normalize("NFC").trim();
    const form = (written: string): Form => ({ ids: [...this.tokenizer.encode(written)] });
    if (trimmed === "") throw emptyTerm(text);
    if (unspacedScript.test(trimmed)) return [form(trimmed)];
    return [form(` ${trimmed}`), { ...form(trimmed), onlyFirst: true }];
  }
}

function unknownLanguage(tokenizer: Tokenizer, to: string): never {
  const known = languagesOf(tokenizer);
  throw new GenerationError(
    "the model does not translate into this language",
    `${JSON.stringify(to)}; languages: ${known.join(", ") || "none"}`,
    "name one of them by its code",
  );
}

function noTranslator({ specialTokens }: Tokenizer): never {
  throw new GenerationError(
    "the tokenizer is not one of a translator",
    `special tokens: ${[...specialTokens.keys()].join(" ") || "none"}`,
    "it needs <pad>, with which translations start, and an end of text such as </s>",
  );
}

function emptyTerm(text: string): GenerationError {
  return new GenerationError("a required term is empty", JSON.stringify(text), "leave it out");
}
