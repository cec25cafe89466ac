/** JSON objects and arrays as pieces of a network. */
import type { Node, Piece, Rule } from "./network.js";
import type { TextNetwork } from "./text-network.js";

const MAX_INDENTATION = 16;

export interface Member {
  /** The key as it is written, with its quotation marks. */
  readonly key: Piece;
  readonly value: Piece;
}

export interface ObjectParts {
  /** In the order in which they are written. */
  readonly properties: readonly (Member & { readonly isRequired: boolean })[];
  /** Any number of these may follow. */
  readonly others?: Member;
}

export interface ArrayParts {
  readonly first: readonly Piece[];
  /** Items after the first ones. */
  readonly others: Piece;
  readonly min: number;
  readonly max?: number;
}

export class JsonContainers {
  /** Nothing, a space, or a new line with some indentation. */
  readonly space: Rule;

  constructor(private readonly net: TextNetwork) {
    const indentation = net.repeat(net.literal(" "), 0, MAX_INDENTATION);
    const newLine = net.sequence(net.literal("\n"), indentation);
    this.space = net.rule(net.optional(net.choice(net.literal(" "), newLine)));
  }

  object({ properties, others }: ObjectParts): Piece {
    return (from) => {
      const to = this.net.node();
      // Before a choice among the members from i on, and behind a member before i.
      const before = this.net.row(properties.length + 1);
      const behind = this.net.row(properties.length + 1);
      const numNeeded = properties.findLastIndex(({ isRequired }) => isRequired) + 1;
      const start = this.mark("{")(from);
      start.skips.push(before[0]);
      if (numNeeded === 0) this.net.literal("}")(start).skips.push(to);
      for (const [i, property] of properties.entries()) {
        this.member(property)(before[i]).skips.push(behind[i + 1]);
        if (!property.isRequired) before[i].skips.push(before[i + 1]);
      }
      if (others) this.member(others)(before.at(-1)!).skips.push(behind.at(-1)!);
      for (const [i, node] of behind.entries()) {
        this.mark(",")(node).skips.push(before[i]);
        if (i >= numNeeded) this.end("}")(node).skips.push(to);
      }
      return to;
    };
  }

  array({ first, others, min, max }: ArrayParts): Piece {
    return (from) => {
      const to = this.net.node();
      const length = max ?? Math.max(first.length, min, 1);
      // Behind so many items; without a maximum the last place stands for all larger numbers too.
      const behind = this.net.row(length + 1);
      const item = (at: Node, i: number) => {
        const next = i < length ? behind[i + 1] : behind[length];
        (first[i] ?? others)(at).skips.push(next);
      };
      const start = this.mark("[")(from);
      if (min === 0) this.net.literal("]")(start).skips.push(to);
      if (max !== 0) item(start, 0);
      for (let i = 1; i <= length; i++) {
        if (i >= min) this.end("]")(behind[i]).skips.push(to);
        if (i < length || max === undefined) item(this.mark(",")(behind[i]), i);
      }
      return to;
    };
  }

  private member({ key, value }: Member): Piece {
    return this.net.sequence(key, this.mark(":"), value);
  }

  /** One of `{ [ , :` and the space that may follow it. */
  private mark(character: string): Piece {
    return this.net.sequence(this.net.literal(character), this.net.call(this.space));
  }

  private end(character: string): Piece {
    return this.net.sequence(this.net.call(this.space), this.net.literal(character));
  }
}
