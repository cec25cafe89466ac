/** The tokens of a vocabulary as bytes. */
import type { Tokenizer } from "../../features/tokenizer/tokenizer.js";
import { EVERY_CHARACTER, type Range, union } from "./characters.js";
import { tokenReader } from "./token-reader.js";
import { TokenTree } from "./token-tree.js";

/** All tokens that may stand inside a text. */
export class Vocabulary {
  /** Characters that can be written whatever was written before. */
  readonly alphabet: readonly Range[];
  readonly tree: TokenTree;
  private readonly bytes: ReadonlyMap<number, Uint8Array>;

  /** Leaves out special tokens, those in `endTokens` and those that stand for nothing. */
  constructor(
    tokenizer: Tokenizer,
    readonly size: number,
    readonly endTokens: readonly number[],
  ) {
    const excluded = new Set([...endTokens, ...tokenizer.specialTokens.values()]);
    const bytesOf = tokenReader(tokenizer);
    const all = new Map<number, Uint8Array>();
    for (let id = 0; id < Math.min(size, tokenizer.vocabSize); id++) {
      const bytes = excluded.has(id) ? undefined : bytesOf(id);
      if (bytes !== undefined && bytes.length > 0) all.set(id, bytes);
    }
    const isComplete = hasAllBytes(all.values());
    this.bytes = isComplete ? all : new Map([...all].filter(([, bytes]) => textOf(bytes) !== undefined));
    this.alphabet = isComplete ? EVERY_CHARACTER : singleCharacters(this.bytes.values());
    this.tree = new TokenTree(this.bytes);
  }

  /** The bytes of a token that may stand inside a text. */
  bytesOf(id: number): Uint8Array | undefined {
    return this.bytes.get(id);
  }
}

/** Whether every byte that UTF-8 text may need is a token. */
function hasAllBytes(tokens: Iterable<Uint8Array>): boolean {
  const single = new Set<number>();
  for (const bytes of tokens) if (bytes.length === 1) single.add(bytes[0]);
  const needed = union([
    [0x0a, 0x0a],
    [0x20, 0x7f],
    [0x80, 0xbf],
    [0xc2, 0xf4],
  ]);
  return needed.every(([first, last]) => {
    for (let byte = first; byte <= last; byte++) if (!single.has(byte)) return false;
    return true;
  });
}

/** The characters that are tokens. */
function singleCharacters(tokens: Iterable<Uint8Array>): Range[] {
  const found: Range[] = [];
  for (const bytes of tokens) {
    const text = textOf(bytes)!;
    const codePoint = text.codePointAt(0)!;
    if (String.fromCodePoint(codePoint) === text) found.push([codePoint, codePoint]);
  }
  return union(found);
}

/** The text of bytes that are whole characters. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
