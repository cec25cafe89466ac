import { TokenizerError, unknownId } from "./tokenizer.js";

/** The bytes of every token, one after another in a single array. */
export class TokenBytes {
  private readonly bytes: Uint8Array;
  private readonly starts: Int32Array;

  constructor(tokens: readonly Uint8Array[]) {
    this.starts = new Int32Array(tokens.length + 1);
    for (const [id, token] of tokens.entries()) this.starts[id + 1] = this.starts[id] + token.length;
    this.bytes = new Uint8Array(this.starts[tokens.length]);
    for (const [id, token] of tokens.entries()) this.bytes.set(token, this.starts[id]);
  }

  get numTokens(): number {
    return this.starts.length - 1;
  }

  /** The bytes of one token. Throws `TokenizerError` for an id that is not in the vocabulary. */
  of(id: number): Uint8Array {
    this.check(id);
    return this.bytes.subarray(this.starts[id], this.starts[id + 1]);
  }

  /** The text of a sequence; bytes that are no UTF-8 come out as U+FFFD. */
  decode(ids: ArrayLike<number>): string {
    let length = 0;
    for (let i = 0; i < ids.length; i++) {
      this.check(ids[i]);
      length += this.starts[ids[i] + 1] - this.starts[ids[i]];
    }
    const bytes = new Uint8Array(length);
    let at = 0;
    for (let i = 0; i < ids.length; i++) {
      const end = this.starts[ids[i] + 1];
      for (let from = this.starts[ids[i]]; from < end; from++) bytes[at++] = this.bytes[from];
    }
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  }

  private check(id: number): void {
    if (!(id >= 0 && id < this.numTokens && Number.isInteger(id))) throw unknownId(id, this.numTokens);
  }
}

/** Token strings by id. Throws `TokenizerError` when an id is missing, used twice or no whole number. */
export function tokensInOrder(vocabulary: Iterable<[string, number]>, source: string): string[] {
  const tokens: string[] = [];
  const entries = [...vocabulary];
  for (const [token, id] of entries) {
    const fits = Number.isInteger(id) && id >= 0 && id < entries.length;
    if (!fits || tokens[id] !== undefined) {
      throw new TokenizerError(
        fits ? "two tokens of the vocabulary have the same id" : "the ids of the vocabulary have gaps",
        `${source}: ${fits ? `${JSON.stringify(tokens[id])} and ` : ""}${JSON.stringify(token)} with id ${id}` +
          `, ${entries.length} tokens`,
        "ids run from 0 without a gap, each used once. Fetch the file again, or export the tokenizer anew",
      );
    }
    tokens[id] = token;
  }
  return tokens;
}
