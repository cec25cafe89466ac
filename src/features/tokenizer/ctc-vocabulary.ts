import { TokenizerError, unknownId } from "./tokenizer.js";

/** CTC's blank, with the id 0: Wav2Vec2's padding token. */
export const BLANK = "[PAD]";
/** What stands for letters that no text of the training had. */
export const UNKNOWN = "[UNK]";
/** Stands between words. */
export const WORD_DELIMITER = "|";

const SPECIAL = [BLANK, UNKNOWN, WORD_DELIMITER];

/** Labels of a text, and the letters that have none, with how often each occurs. */
export interface Labels {
  /** Of the letters that are unknown, too, as `[UNK]`. */
  readonly ids: number[];
  readonly unknown: ReadonlyMap<string, number>;
}

/** The vocabulary of normalised texts: blank, `[UNK]`, `|`, then their characters by code point. */
export function ctcVocabulary(texts: Iterable<string>): CtcVocabulary {
  const letters = new Set<string>();
  for (const text of texts) for (const letter of text) letters.add(letter);
  letters.delete(" ");
  for (const special of SPECIAL) letters.delete(special);
  const sorted = [...letters].sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!);
  return new CtcVocabulary([...SPECIAL, ...sorted]);
}

/** The vocabulary that a `vocab.json` holds (parsed): ids of tokens. Throws `TokenizerError` where it is no such. */
export function readCtcVocabulary(vocab: Readonly<Record<string, unknown>>, source: string): CtcVocabulary {
  const tokens: string[] = [];
  for (const [token, id] of Object.entries(vocab)) if (typeof id === "number") tokens[id] = token;
  const count = Object.keys(vocab).length;
  const isWhole = tokens.length === count && tokens.every((token) => token !== undefined);
  if (isWhole && SPECIAL.every((special, id) => tokens[id] === special)) return new CtcVocabulary(tokens);
  throw new TokenizerError(
    "the vocabulary is none of speech by characters",
    `${source}: ${count} tokens, those of the first ids ${JSON.stringify(tokens.slice(0, 3))}`,
    `give ids without gaps that begin with ${SPECIAL.join(", ")}`,
  );
}

/** Letters and their labels, as Transformers' Wav2Vec2CTCTokenizer has them. */
export class CtcVocabulary {
  private readonly idOf: ReadonlyMap<string, number>;

  constructor(
    /** By id. */
    readonly tokens: readonly string[],
  ) {
    this.idOf = new Map(tokens.map((token, id) => [token, id]));
  }

  /** The labels of a normalised text, spaces as `|`. */
  encode(text: string): Labels {
    const unknown = new Map<string, number>();
    const ids = Array.from(text, (letter) => {
      const id = this.idOf.get(letter === " " ? WORD_DELIMITER : letter);
      if (id === undefined) unknown.set(letter, (unknown.get(letter) ?? 0) + 1);
      return id ?? SPECIAL.indexOf(UNKNOWN);
    });
    return { ids, unknown };
  }

  /** The text of labels; blanks say nothing. Throws `TokenizerError` for an id outside the vocabulary. */
  decode(ids: ArrayLike<number>): string {
    const { tokens } = this;
    const parts = Array.from(ids, (id) => {
      if (tokens[id] === undefined) throw unknownId(id, tokens.length);
      return id === 0 ? "" : tokens[id];
    });
    return parts.join("").replaceAll(WORD_DELIMITER, " ").trim();
  }
}
