/** JSON strings [RFC 8259, section 7] as pieces of a network. */
import { EVERY_CHARACTER, intersection, ONE_UNIT, type Range, rangesOf, without } from "./characters.js";
import type { Node, Piece, Rule } from "./network.js";
import type { Pattern } from "./pattern.js";
import type { TextNetwork, WordPlace } from "./text-network.js";

/** Characters that only an escape can stand for. */
const ESCAPED: readonly Range[] = [
  [0, 0x1f],
  [0x22, 0x22],
  [0x5c, 0x5c],
];
const PLAIN = without(EVERY_CHARACTER, ESCAPED);
const TWO_UNITS = without(EVERY_CHARACTER, ONE_UNIT);
const ASCII: readonly Range[] = [[0, 0x7f]];

/** How long a string may be. */
export interface Lengths {
  readonly min: number;
  /** Absent: any length. */
  readonly max?: number;
}

export class JsonStrings {
  private readonly oneUnit: Rule;
  private readonly twoUnits: Rule;
  private readonly beyondAscii: Rule;
  private readonly restOfKey: Rule;
  private readonly patternCharacters = new Map<string, Rule>();

  constructor(private readonly net: TextNetwork) {
    const plain = net.characters(intersection(PLAIN, ONE_UNIT));
    const escaped = net.choice(
      net.characters(rangesOf('"\\/bfnrt')),
      this.escapedUnit("0-9a-ce-f", "0-9a-f"),
    );
    const escapedD = this.escapedUnit("d", "0-7");
    this.oneUnit = net.rule(
      net.choice(plain, net.sequence(net.literal("\\"), net.choice(escaped, escapedD))),
    );
    const pair = [
      net.literal("\\"),
      this.escapedUnit("d", "89ab"),
      net.literal("\\"),
      this.escapedUnit("d", "c-f"),
    ];
    this.twoUnits = net.rule(net.choice(net.characters(TWO_UNITS), net.sequence(...pair)));
    this.beyondAscii = net.rule(net.characters(without(PLAIN, ASCII)));
    this.restOfKey = net.rule(net.repeat(net.characters(PLAIN), 0));
  }

  /**
   * Any string of these lengths. JSON Schema counts characters, many validators UTF-16 units: what is written is
   * right by both. Up to `min` only characters count that are one unit, after it the others count twice.
   */
  any(lengths: Lengths): Piece {
    return this.quoted((from) => {
      const { min, max } = lengths;
      const cap = max ?? min;
      const places = this.net.row(cap + 1);
      from.skips.push(places[0]);
      const to = this.net.node();
      for (const [length, place] of places.entries()) {
        const next = max === undefined ? places[Math.min(length + 1, cap)] : places[length + 1];
        const afterNext = max === undefined ? next : length >= min ? places[length + 2] : undefined;
        if (next) place.calls.push({ rule: this.oneUnit, to: next });
        if (afterNext) place.calls.push({ rule: this.twoUnits, to: afterNext });
        if (length >= min) place.skips.push(to);
      }
      return to;
    });
  }

  /** The strings of these lengths that the pattern matches, each spelled in the shortest way. */
  matching(pattern: Pattern, { min, max }: Lengths): Piece {
    return this.quoted((from) => {
      const to = this.net.node();
      const start = drawReached(
        this.net,
        { node: pattern.start, length: 0 },
        ({ node, length }, at, nodeOf) => {
          if (node.isEnd && length >= min) at.skips.push(to);
          for (const skip of node.skips) at.skips.push(nodeOf({ node: skip, length }));
          const longer = max === undefined ? Math.min(length + 1, min) : length + 1;
          if (max !== undefined && longer > max) return;
          for (const [ranges, target] of pattern.edges(node)) {
            const next = nodeOf({ node: target, length: longer });
            at.calls.push({ rule: this.patternCharacter(ranges), to: next });
          }
        },
      );
      from.skips.push(start);
      return to;
    });
  }

  /** Strings other than these, without escapes: the keys of an object beside those that its schema names. */
  otherThan(names: Iterable<string>): Piece {
    return this.quoted((from) => {
      const to = this.net.node();
      for (const place of this.net.wordTree(from, names)) {
        this.leaveWords(place, to);
        if (!place.isWord) place.node.skips.push(to);
      }
      return to;
    });
  }

  /** From a place in the tree of names on: a character that no name has there, and then any. */
  private leaveWords({ node, next }: WordPlace, to: Node): void {
    const free = this.net.node();
    free.calls.push({ rule: this.restOfKey, to });
    const others = without(PLAIN, rangesOf([...next.keys()].join("")));
    const fullBeyondAscii = ![...next.keys()].some((character) => character > "\x7f");
    const drawn = fullBeyondAscii ? intersection(others, ASCII) : others;
    this.net.characters(drawn)(node).skips.push(free);
    if (fullBeyondAscii) node.calls.push({ rule: this.beyondAscii, to: free });
  }

  /** A character of these, by itself or by its shortest escape. */
  private patternCharacter(ranges: readonly Range[]): Rule {
    const key = ranges.join(" ");
    const known = this.patternCharacters.get(key);
    if (known) return known;
    const { net } = this;
    const escapes: Piece[] = [];
    for (const [first, last] of intersection(ranges, ESCAPED)) {
      for (let code = first; code <= last; code++) {
        escapes.push(net.literal(JSON.stringify(String.fromCharCode(code)).slice(1, -1)));
      }
    }
    const rule = net.rule(net.choice(net.characters(intersection(ranges, PLAIN)), ...escapes));
    this.patternCharacters.set(key, rule);
    return rule;
  }

  private quoted(content: Piece): Piece {
    return this.net.sequence(this.net.literal('"'), content, this.net.literal('"'));
  }

  /** `u` and four hexadecimal digits, of which the first two are given as in a character class. */
  private escapedUnit(first: string, second: string): Piece {
    const { net } = this;
    const digit = (digits: string) => net.characters(hexadecimal(digits));
    return net.sequence(net.literal("u"), digit(first), digit(second), digit("0-9a-f"), digit("0-9a-f"));
  }
}

/** A place in a pattern after so many characters. */
interface PatternPlace {
  readonly node: Node;
  readonly length: number;
}

/** Draws a node for each place that is reached from the first, and returns that of the first. */
function drawReached(
  net: TextNetwork,
  first: PatternPlace,
  draw: (place: PatternPlace, at: Node, nodeOf: (place: PatternPlace) => Node) => void,
): Node {
  const nodes = new Map<string, Node>();
  const work: (readonly [PatternPlace, Node])[] = [];
  const nodeOf = (place: PatternPlace): Node => {
    const key = `${place.node.id} ${place.length}`;
    const known = nodes.get(key);
    if (known) return known;
    const node = net.node();
    nodes.set(key, node);
    work.push([place, node]);
    return node;
  };
  const start = nodeOf(first);
  for (let next = work.pop(); next !== undefined; next = work.pop()) draw(next[0], next[1], nodeOf);
  return start;
}

/** The hexadecimal digits of a class such as `0-9a-f`, in both cases. */
function hexadecimal(digits: string): Range[] {
  const isOne = new RegExp(`[${digits}]`, "i");
  return rangesOf(
    Array.from("0123456789abcdefABCDEF")
      .filter((digit) => isOne.test(digit))
      .join(""),
  );
}
