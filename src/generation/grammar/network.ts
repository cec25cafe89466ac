import { GenerationError } from "../errors.js";
import type { Range } from "./characters.js";

/**
 * A recursive transition network [Woods 1970]: automata whose edges read a symbol, read nothing, or call another
 * automaton. It stands for a context-free grammar. Symbols are numbers: bytes, or code points in a pattern.
 */
export interface Node {
  readonly id: number;
  moves: Move[];
  skips: Node[];
  calls: Call[];
  /** The rule that this node belongs to may end here. */
  isEnd: boolean;
}

/** Reads a symbol between first and last. */
export interface Move {
  readonly first: number;
  readonly last: number;
  readonly to: Node;
}

/** Reads what a rule reads. */
export interface Call {
  readonly rule: Rule;
  readonly to: Node;
}

export interface Rule {
  readonly start: Node;
}

/** Something to read: draws its edges from a node on and returns the node that they lead to. */
export type Piece = (from: Node) => Node;

/** Nodes under a limit, and the ways to join pieces. */
export class Network {
  readonly nodes: Node[] = [];

  constructor(
    private readonly maxNodes: number,
    private readonly source: string,
  ) {}

  /** Throws `GenerationError` when the network would grow past its limit. */
  readonly node = (): Node => {
    if (this.nodes.length >= this.maxNodes) {
      throw new GenerationError(
        `the ${this.source} needs too many states`,
        `more than ${this.maxNodes}`,
        "lower large values of maxLength, maxItems and {n,m} in patterns, or leave them out",
      );
    }
    const node = { id: this.nodes.length, moves: [], skips: [], calls: [], isEnd: false };
    this.nodes.push(node);
    return node;
  };

  /** Nodes for the numbers from 0 on; stops at the limit however many are asked for. */
  row(length: number): Node[] {
    const nodes: Node[] = [];
    while (nodes.length < length) nodes.push(this.node());
    return nodes;
  }

  /** A rule to call; what it reads is said by `define`, so that rules can call each other. */
  rule(piece?: Piece): Rule {
    const rule = { start: this.node() };
    if (piece) this.define(rule, piece);
    return rule;
  }

  define(rule: Rule, piece: Piece): void {
    piece(rule.start).isEnd = true;
  }

  call(rule: Rule): Piece {
    return (from) => {
      const to = this.node();
      from.calls.push({ rule, to });
      return to;
    };
  }

  /** One symbol of these. */
  symbol(ranges: readonly Range[]): Piece {
    return (from) => this.read(from, ranges, this.node());
  }

  /** Draws the edges that read one symbol of these. */
  read(from: Node, ranges: readonly Range[], to: Node): Node {
    for (const [first, last] of ranges) from.moves.push({ first, last, to });
    return to;
  }

  sequence(...pieces: readonly Piece[]): Piece {
    return (from) => pieces.reduce((at, piece) => piece(at), from);
  }

  /** One of the pieces; of none: nothing can be read. */
  choice(...pieces: readonly Piece[]): Piece {
    return (from) => {
      const to = this.node();
      for (const piece of pieces) piece(from).skips.push(to);
      return to;
    };
  }

  optional(piece: Piece): Piece {
    return this.choice((from) => from, piece);
  }

  /** The piece at least `min` and at most `max` times. */
  repeat(piece: Piece, min: number, max = Number.POSITIVE_INFINITY): Piece {
    return (from) => {
      const to = this.node();
      let at = this.step(from);
      for (let i = 0; i < min; i++) at = this.step(piece(at));
      at.skips.push(to);
      if (max === Number.POSITIVE_INFINITY) piece(at).skips.push(at);
      else {
        for (let i = min; i < max; i++) {
          at = this.step(piece(at));
          at.skips.push(to);
        }
      }
      return to;
    };
  }

  /** A node of one's own, which edges may lead back to; also makes each turn of a loop count against the limit. */
  private step(from: Node): Node {
    const to = this.node();
    from.skips.push(to);
    return to;
  }
}
