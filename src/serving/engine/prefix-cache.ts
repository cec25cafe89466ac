/**
 * Keys and values of the beginnings of prompts, for the next request that begins alike: a further turn of a
 * conversation, or other words behind the same instructions and tools. They are kept in blocks, as vLLM does
 * [Kwon et al. 2023], but a block is what one run of the model read. A prompt is always read in the same blocks, so what
 * is taken from here has the very bits that reading would have given, and no answer depends on what was asked before.
 */
import type { HostTensor } from "../../core/runtime/session.js";
import type { KvCache } from "../../generation/kv-cache.js";

/** A block behind those before it; at the root there is none. */
interface Block {
  /** The blocks that follow, by the text of their ids. */
  readonly next: Map<string, Block>;
  readonly values: Readonly<Record<string, HostTensor>>;
  readonly bytes: number;
  readonly before?: Block;
  readonly key: string;
  /** When it was asked for last: a count of uses. */
  used: number;
}

const root = (): Block => ({ next: new Map(), values: {}, bytes: 0, key: "", used: 0 });

export class PrefixCache {
  /** Memory that is held, in bytes. */
  byteLength = 0;
  /** A tree of blocks for each adapter. */
  private readonly roots = new Map<number, Block>();
  private uses = 0;

  constructor(
    /** Tokens of a block. */
    private readonly blockLength: number,
    private readonly maxBytes: number,
  ) {}

  /** Fills an empty row with what is known of a prompt, its last token left to read; returns how many tokens. */
  fill(cache: KvCache, row: number, prompt: Int32Array): number {
    let block = this.root(cache.adapter(row));
    let end = this.blockLength;
    for (; end < prompt.length; end += this.blockLength) {
      const next = block.next.get(this.keyOf(prompt, end));
      if (!next) break;
      next.used = ++this.uses;
      cache.append(row, 1, this.blockLength, next.values);
      block = next;
    }
    return end - this.blockLength;
  }

  /** Keeps what a row has read last, where that is a whole block of the prompt behind others that are kept. */
  keep(cache: KvCache, row: number, prompt: Int32Array): void {
    const length = cache.length(row);
    if (length === 0 || length % this.blockLength > 0) return;
    let block = this.root(cache.adapter(row));
    for (let end = this.blockLength; end < length; end += this.blockLength) {
      const next = block.next.get(this.keyOf(prompt, end));
      if (!next) return; // it went meanwhile
      next.used = ++this.uses;
      block = next;
    }
    const key = this.keyOf(prompt, length);
    if (block.next.has(key)) return;
    const values = cache.copy(row, length - this.blockLength, length);
    const bytes = Object.values(values).reduce((sum, { data }) => sum + data.byteLength, 0);
    if (bytes > this.maxBytes) return;
    block.next.set(key, { next: new Map(), values, bytes, before: block, key, used: ++this.uses });
    this.byteLength += bytes;
    while (this.byteLength > this.maxBytes) this.dropOldest();
  }

  private root(adapter: number): Block {
    const known = this.roots.get(adapter) ?? root();
    this.roots.set(adapter, known);
    return known;
  }

  /** The ids of the block that ends there. */
  private keyOf(prompt: Int32Array, end: number): string {
    return prompt.subarray(end - this.blockLength, end).join();
  }

  /** Of the blocks that none follows the one whose last use is longest ago. */
  private dropOldest(): void {
    let oldest: Block | undefined;
    const look = (block: Block) => {
      for (const next of block.next.values()) look(next);
      const isLeaf = block.next.size === 0 && block.before !== undefined;
      if (isLeaf && block.used < (oldest?.used ?? Number.POSITIVE_INFINITY)) oldest = block;
    };
    for (const first of this.roots.values()) look(first);
    if (!oldest) return;
    oldest.before!.next.delete(oldest.key);
    this.byteLength -= oldest.bytes;
  }
}
