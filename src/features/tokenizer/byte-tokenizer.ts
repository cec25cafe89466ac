import { type AddedToken, numberSpecialTokens } from "./added-tokens.js";
import { BYTE_CHARACTERS, bytesToToken, tokenToBytes } from "./byte-alphabet.js";
import { IdBuffer } from "./id-buffer.js";
import { byteLevel, tokenizerJson } from "./tokenizer-json.js";
import { VocabularyTokenizer } from "./vocabulary-tokenizer.js";

export interface ByteTokenizerOptions {
  /** They get the ids after the bytes. */
  specialTokens?: readonly string[];
}

/** A tokenizer whose ids are the UTF-8 bytes of the text; it needs no training. */
export function byteTokenizer(options: ByteTokenizerOptions = {}): ByteTokenizer {
  return new ByteTokenizer(numberSpecialTokens(options.specialTokens ?? [], BYTE_CHARACTERS.length).all);
}

/** Ids 0 to 255 are the bytes; added tokens follow. */
export class ByteTokenizer extends VocabularyTokenizer {
  /** The added tokens' ids run from 256 on; throws `TokenizerError` for one that is a byte's character. */
  constructor(
    addedTokens: readonly AddedToken[],
    endOfText?: string,
    config?: Readonly<Record<string, unknown>>,
  ) {
    const contents = addedTokens.toSorted((a, b) => a.id - b.id).map((token) => token.content);
    const idOf = new Map([...BYTE_CHARACTERS, ...contents].map((token, id) => [token, id]));
    super({ idOf, addedTokens, bytesOf: tokenToBytes, endOfText, source: "byte vocabulary", config });
  }

  encode(text: string): Int32Array {
    const utf8 = new TextEncoder();
    const ids = new IdBuffer(text.length);
    this.added.split(
      text,
      (start, end) => {
        const bytes = Int32Array.from(utf8.encode(text.slice(start, end)));
        ids.append(bytes, 0, bytes.length);
      },
      (id) => ids.push(id),
    );
    return ids.toArray();
  }

  toJSON(): object {
    const bytes = BYTE_CHARACTERS.map((_, byte) => [bytesToToken([byte]), byte] as const);
    const added = this.added.all.map((token) => [token.content, token.id] as const);
    return tokenizerJson({
      addedTokens: this.added,
      preTokenizer: byteLevel(false),
      decoder: byteLevel(false),
      vocab: Object.fromEntries([...bytes, ...added]),
      merges: [],
    });
  }
}
