/**
 * The simple way to model text: count which byte follows which bytes. Each order is mixed with the next lower one
 * by Witten-Bell's rule (Bell, Cleary and Witten, "Text Compression", 1990; method C), down to all 256 bytes alike.
 */

/** What was seen after one context. */
interface Followers {
  total: number;
  readonly counts: Map<number, number>;
}

export class CharacterModel {
  private readonly seen: Map<string, Followers>[];

  /** `order`: bytes of context, at most. */
  constructor(readonly order: number) {
    this.seen = Array.from({ length: order + 1 }, () => new Map());
  }

  /** Counts a text, beside what was counted before. */
  learn(text: string): void {
    const bytes = Buffer.from(text, "utf8").toString("latin1");
    for (let at = 0; at < bytes.length; at++) {
      for (let length = 0; length <= Math.min(this.order, at); length++) {
        const followers = this.followersOf(bytes.slice(at - length, at), length);
        const byte = bytes.charCodeAt(at);
        followers.total++;
        followers.counts.set(byte, (followers.counts.get(byte) ?? 0) + 1);
      }
    }
  }

  /** Probability of a byte after a context, a string with one character for each byte. */
  probability(byte: number, context: string): number {
    let p = 1 / 256;
    for (let length = 0; length <= Math.min(this.order, context.length); length++) {
      const followers = this.seen[length].get(context.slice(context.length - length));
      if (!followers) break;
      const { total, counts } = followers;
      p = ((counts.get(byte) ?? 0) + counts.size * p) / (total + counts.size);
    }
    return p;
  }

  /** Mean over a text's bytes by contexts of at most `order` bytes; nothing of it is learned. */
  bitsPerByte(text: string, order = this.order): number {
    const bytes = Buffer.from(text, "utf8").toString("latin1");
    let bits = 0;
    for (let at = 0; at < bytes.length; at++) {
      const context = bytes.slice(Math.max(0, at - order), at);
      bits -= Math.log2(this.probability(bytes.charCodeAt(at), context));
    }
    return bits / bytes.length;
  }

  private followersOf(context: string, length: number): Followers {
    const known = this.seen[length].get(context);
    if (known) return known;
    const fresh: Followers = { total: 0, counts: new Map() };
    this.seen[length].set(context, fresh);
    return fresh;
  }
}
