import { type AddedToken, numberSpecialTokens } from "./added-tokens.js";
import { IdBuffer } from "./id-buffer.js";
import { eachPiece, type Pieces, TokenizerError } from "./tokenizer.js";
import { tokenizerJson } from "./tokenizer-json.js";
import { VocabularyTokenizer } from "./vocabulary-tokenizer.js";

export interface CharacterTokenizerOptions {
  /** They get the ids after the characters. */
  specialTokens?: readonly string[];
  /** Stands for characters that the vocabulary lacks, such as `<unk>`; it gets the last id. */
  unknownToken?: string;
}

/** A tokenizer over the characters (Unicode code points) of the text, numbered by code point. */
export async function trainCharacterTokenizer(
  pieces: Pieces,
  options: CharacterTokenizerOptions = {},
): Promise<CharacterTokenizer> {
  const specials = [...(options.specialTokens ?? [])];
  if (options.unknownToken !== undefined) specials.push(options.unknownToken);
  const ignored = numberSpecialTokens(specials, 0);
  const seen = new Set<number>();
  for await (const text of eachPiece(pieces)) {
    const collect = (start: number, end: number) => {
      for (let at = start; at < end; at++) {
        const codePoint = text.codePointAt(at)!;
        if (codePoint > 0xffff) at++;
        seen.add(codePoint);
      }
    };
    ignored.split(text, collect, () => {});
  }
  const characters = [...seen].sort((a, b) => a - b).map((codePoint) => String.fromCodePoint(codePoint));
  return new CharacterTokenizer({
    characters: new Map(characters.map((character, id) => [character, id])),
    addedTokens: numberSpecialTokens(specials, characters.length).all,
    unknownToken: options.unknownToken,
  });
}

/** What defines a character tokenizer. */
export interface CharacterTokenizerParts {
  characters: ReadonlyMap<string, number>;
  addedTokens: readonly AddedToken[];
  unknownToken?: string;
  endOfText?: string;
  /** The file this came from, for messages. */
  source?: string;
  config?: Readonly<Record<string, unknown>>;
}

/**
 * One token a character. In a `tokenizer.json` this is a BPE model without merges, no pre-tokenizer, and
 * the `Fuse` decoder, which every Hugging Face library reads and which splits no text in the wrong place.
 */
export class CharacterTokenizer extends VocabularyTokenizer {
  /** Throws `TokenizerError` when the ids have gaps or repeat. */
  constructor(private readonly parts: CharacterTokenizerParts) {
    const { characters, addedTokens, endOfText, source = "vocabulary", config } = parts;
    const utf8 = new TextEncoder();
    super({
      idOf: new Map([...characters, ...addedTokens.map((token) => [token.content, token.id] as const)]),
      addedTokens,
      bytesOf: (token) => utf8.encode(token),
      endOfText,
      source,
      config,
    });
  }

  /** Throws `TokenizerError` for a character outside the vocabulary when there is no unknown token. */
  encode(text: string): Int32Array {
    const ids = new IdBuffer(text.length);
    const encodeStretch = (start: number, end: number) => {
      for (let at = start; at < end; ) {
        const character = String.fromCodePoint(text.codePointAt(at)!);
        ids.push(this.parts.characters.get(character) ?? this.unknownId(character, at));
        at += character.length;
      }
    };
    this.added.split(text, encodeStretch, (id) => ids.push(id));
    return ids.toArray();
  }

  toJSON(): object {
    return tokenizerJson({
      addedTokens: this.added,
      preTokenizer: null,
      decoder: { type: "Fuse" },
      vocab: Object.fromEntries(this.tokens.map((token, id) => [token, id])),
      merges: [],
      unknownToken: this.parts.unknownToken,
    });
  }

  private unknownId(character: string, position: number): number {
    const { unknownToken, characters } = this.parts;
    const id = unknownToken === undefined ? undefined : this.idOf.get(unknownToken);
    if (id !== undefined) return id;
    const hex = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
    throw new TokenizerError(
      "the text has a character that the character vocabulary lacks",
      `${JSON.stringify(character)} (U+${hex}) at position ${position}; the vocabulary has ${characters.size} characters`,
      "train the tokenizer on text with this character, give it an unknownToken, or use byteTokenizer",
    );
  }
}
