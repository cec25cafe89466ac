import { AutodidactError } from "../../core/errors.js";

/** A tokenizer that cannot be built, read, or asked for what it was asked. */
export class TokenizerError extends AutodidactError {}

/** Text to train on: one text, or texts that arrive one after another. No token spans two of them. */
export type Pieces = string | Iterable<string> | AsyncIterable<string>;

/**
 * Turns text into token ids and back. `decode(encode(text))` is `text` for every well-formed string,
 * unless a file from elsewhere brings a normalizer that changes the text first.
 */
export interface Tokenizer {
  /** One more than the largest id: the number of rows an embedding table needs. */
  readonly vocabSize: number;
  /** The id that ends a document; undefined when the vocabulary has none. */
  readonly endOfText: number | undefined;
  /** The id that its file puts before every text, where it puts one there; see `encodeText`. */
  readonly beginOfText?: number;
  /** Special tokens by their text. They are recognised inside a text that is encoded. */
  readonly specialTokens: ReadonlyMap<string, number>;
  /** What `tokenizer_config.json` held when the tokenizer was read from a folder. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Ids of a text. Adds no start or end token of its own. */
  encode(text: string): Int32Array;
  /** Text of the ids, special tokens included. Throws `TokenizerError` for an id outside the vocabulary. */
  decode(ids: ArrayLike<number>): string;
  /** The id of a token as the vocabulary spells it (byte-level tokens write a space as `Ġ`). */
  tokenToId(token: string): number | undefined;
  /** The token of an id as the vocabulary spells it. */
  idToToken(id: number): string | undefined;
  /** The UTF-8 bytes that a token stands for, where a token stands for bytes whatever its neighbours. */
  tokenBytes?(id: number): Uint8Array;
  /** Content of a Hugging Face `tokenizer.json`. */
  toJSON(): object;
}

/** The names under which vocabularies keep their end of text, most usual first. */
const END_OF_TEXT_NAMES = ["<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>", "<|im_end|>"];

/**
 * The end-of-text id: the token that is named, or else the first usual name among the special tokens.
 * Throws `TokenizerError` for a name that the vocabulary lacks.
 */
export function findEndOfText(
  tokenizer: Pick<Tokenizer, "specialTokens" | "tokenToId">,
  named: string | undefined,
): number | undefined {
  const usual = END_OF_TEXT_NAMES.find((name) => tokenizer.specialTokens.has(name));
  const name = named ?? usual;
  const id = name === undefined ? undefined : tokenizer.tokenToId(name);
  if (named === undefined || id !== undefined) return id;
  throw new TokenizerError(
    "the end-of-text token is not in the vocabulary",
    `${JSON.stringify(named)}; special tokens: ${[...tokenizer.specialTokens.keys()].join(" ") || "none"}`,
    "name a token of the vocabulary (eos_token in tokenizer_config.json), or add it to the tokenizer's file",
  );
}

type Beginning = Pick<Tokenizer, "beginOfText">;

/** Ids of a text from its beginning, see `begun`. Throws what `encode` throws. */
export function encodeText(tokenizer: Beginning & Pick<Tokenizer, "encode">, text: string): Int32Array {
  return begun(tokenizer, tokenizer.encode(text));
}

/** Ids after the token that begins texts, unless they have it already (a chat template may write it). */
export function begun({ beginOfText }: Beginning, ids: Int32Array): Int32Array {
  if (beginOfText === undefined || ids[0] === beginOfText) return ids;
  const whole = new Int32Array(ids.length + 1);
  whole[0] = beginOfText;
  whole.set(ids, 1);
  return whole;
}

/** The error for an id that a vocabulary does not have. */
export function unknownId(id: number, vocabSize: number): TokenizerError {
  return new TokenizerError(
    "the id is outside the tokenizer's vocabulary",
    `id ${id}, vocabulary of ${vocabSize} tokens (ids 0 to ${vocabSize - 1})`,
    "decode with the tokenizer that the model was trained with",
  );
}

/** The pieces one after another; a single string is one piece, not a sequence of letters. */
export async function* eachPiece(pieces: Pieces): AsyncGenerator<string> {
  if (typeof pieces === "string") yield pieces;
  else yield* pieces;
}
