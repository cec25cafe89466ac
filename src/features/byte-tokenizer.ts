import { type AddedToken, AddedTokens, numberSpecialTokens } from "./added-tokens.js";
import { BYTE_CHARACTERS, bytesToToken } from "./byte-alphabet.js";
import { IdBuffer } from "./id-buffer.js";
import { TokenBytes, tokensInOrder } from "./token-bytes.js";
import { findEndOfText, type Tokenizer } from "./tokenizer.js";
import { byteLevel, tokenizerJson } from "./tokenizer-json.js";

export interface ByteTokenizerOptions {
  /** They get the ids after the bytes. */
  specialTokens?: readonly string[];
}

/** A tokenizer whose ids are the UTF-8 bytes of the text; it needs no training. */
export function byteTokenizer(options: ByteTokenizerOptions = {}): ByteTokenizer {
  return new ByteTokenizer(numberSpecialTokens(options.specialTokens ?? [], BYTE_CHARACTERS.length).all);
}

/** Ids 0 to 255 are the bytes; added tokens follow. */
export class ByteTokenizer implements Tokenizer {
  readonly vocabSize: number;
  readonly endOfText: number | undefined;
  readonly specialTokens: ReadonlyMap<string, number>;
  private readonly added: AddedTokens;
  private readonly tokens: readonly string[];
  private readonly idOf: ReadonlyMap<string, number>;
  private readonly bytes: TokenBytes;

  /** The added tokens' ids run from 256 on; throws `TokenizerError` for one that is a byte's character. */
  constructor(
    addedTokens: readonly AddedToken[],
    endOfText?: string,
    readonly config?: Readonly<Record<string, unknown>>,
  ) {
    this.added = new AddedTokens(addedTokens);
    const contents = addedTokens.toSorted((a, b) => a.id - b.id).map((token) => token.content);
    this.idOf = new Map([...BYTE_CHARACTERS, ...contents].map((token, id) => [token, id]));
    this.tokens = tokensInOrder(this.idOf, "byte vocabulary");
    this.vocabSize = this.tokens.length;
    this.specialTokens = this.added.special;
    this.endOfText = findEndOfText(this, endOfText);
    this.bytes = new TokenBytes([
      ...BYTE_CHARACTERS.map((_, byte) => Uint8Array.of(byte)),
      ...contents.map((content) => new TextEncoder().encode(content)),
    ]);
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

  decode(ids: ArrayLike<number>): string {
    return this.bytes.decode(ids);
  }

  tokenToId(token: string): number | undefined {
    return this.idOf.get(token);
  }

  idToToken(id: number): string | undefined {
    return this.tokens[id];
  }

  tokenBytes(id: number): Uint8Array {
    return this.bytes.of(id);
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
