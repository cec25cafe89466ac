import { type AddedToken, AddedTokens } from "./added-tokens.js";
import { findBeginOfText } from "./post-processor.js";
import { TokenBytes, tokensInOrder } from "./token-bytes.js";
import { findEndOfText, type Tokenizer } from "./tokenizer.js";

/** What a tokenizer over a fixed vocabulary is made of. */
export interface VocabularyParts {
  readonly idOf: ReadonlyMap<string, number>;
  readonly addedTokens: readonly AddedToken[];
  /** The bytes that a token of the vocabulary proper stands for; added tokens stand for their text. */
  bytesOf(token: string): Uint8Array;
  readonly endOfText?: string;
  /** The file this came from, for messages. */
  readonly source: string;
  readonly config?: Readonly<Record<string, unknown>>;
}

/** A tokenizer whose tokens each stand for bytes of their own, whatever their neighbours. */
export abstract class VocabularyTokenizer implements Tokenizer {
  readonly vocabSize: number;
  readonly endOfText: number | undefined;
  readonly beginOfText: number | undefined;
  readonly specialTokens: ReadonlyMap<string, number>;
  readonly config?: Readonly<Record<string, unknown>>;
  protected readonly added: AddedTokens;
  protected readonly tokens: readonly string[];
  protected readonly idOf: ReadonlyMap<string, number>;
  private readonly bytes: TokenBytes;

  /** Throws `TokenizerError` when the ids have gaps or repeat. */
  protected constructor({ idOf, addedTokens, bytesOf, endOfText, source, config }: VocabularyParts) {
    this.added = new AddedTokens(addedTokens);
    this.idOf = idOf;
    this.tokens = tokensInOrder(idOf, source);
    this.vocabSize = this.tokens.length;
    this.specialTokens = this.added.special;
    this.endOfText = findEndOfText(this, endOfText);
    this.config = config;
    this.beginOfText = findBeginOfText(this);
    const utf8 = new TextEncoder();
    const addedIds = new Set(addedTokens.map((token) => token.id));
    this.bytes = new TokenBytes(
      this.tokens.map((token, id) => (addedIds.has(id) ? utf8.encode(token) : bytesOf(token))),
    );
  }

  abstract encode(text: string): Int32Array;
  abstract toJSON(): object;

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
}
