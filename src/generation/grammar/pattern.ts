/**
 * Patterns of JSON Schema: the regular part of ECMAScript's expressions, without flags. They match within the
 * characters that are one UTF-16 unit, where an expression means the same with and without the flag `u`.
 */
import { GenerationError } from "../errors.js";
import { intersection, ONE_UNIT, type Range, rangesOf, union, without } from "./characters.js";
import { Network, type Node, type Piece } from "./network.js";
import { prune } from "./prune.js";

/** What a pattern matches, as an automaton over code points. */
export interface Pattern {
  readonly start: Node;
  /** The edges of a node by where they lead. */
  edges(node: Node): Iterable<readonly [ranges: readonly Range[], target: Node]>;
}

const MAX_NODES = 20_000;
const MAX_DEPTH = 50;

const DIGIT: Range[] = [[0x30, 0x39]];
const WORD = union([...DIGIT, [0x41, 0x5a], [0x61, 0x7a], [0x5f, 0x5f]]);
const SPACE = union([
  ...rangesOf("\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff"),
  [0x2000, 0x200a],
]);
const CLASSES: Readonly<Record<string, readonly Range[]>> = {
  d: DIGIT,
  D: without(ONE_UNIT, DIGIT),
  w: WORD,
  W: without(ONE_UNIT, WORD),
  s: SPACE,
  S: without(ONE_UNIT, SPACE),
};
const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, 0: 0 };
const ANY_BUT_LINE_ENDS = without(ONE_UNIT, rangesOf("\n\r\u2028\u2029"));

/** Reads a pattern. Throws `GenerationError` for one that is wrong or that is not regular; `path` names it. */
export function readPattern(source: string, path: string): Pattern {
  try {
    new RegExp(source);
  } catch (cause) {
    throw refused(source, path, `it is no regular expression (${(cause as Error).message})`);
  }
  const reader = new PatternReader(source, path);
  const net = reader.net;
  const rule = net.rule(reader.pattern());
  prune(net.nodes);
  return { start: rule.start, edges: edgesByTarget };
}

/** What both match. Throws `GenerationError` where that takes too many states. */
export function bothMatch(a: Pattern, b: Pattern): Pattern {
  const net = new Network(MAX_NODES, "pattern");
  const known = new Map<string, Node>();
  const work: (readonly [a: Node, b: Node, at: Node])[] = [];
  const nodeOf = (a: Node, b: Node): Node => {
    const key = `${a.id} ${b.id}`;
    const found = known.get(key);
    if (found) return found;
    const at = net.node();
    at.isEnd = a.isEnd && b.isEnd;
    known.set(key, at);
    work.push([a, b, at]);
    return at;
  };
  const start = nodeOf(a.start, b.start);
  for (let next = work.pop(); next !== undefined; next = work.pop()) {
    const [mine, theirs, at] = next;
    at.skips.push(
      ...mine.skips.map((to) => nodeOf(to, theirs)),
      ...theirs.skips.map((to) => nodeOf(mine, to)),
    );
    for (const [ranges, to] of a.edges(mine)) {
      for (const [others, toOther] of b.edges(theirs)) {
        const common = intersection(ranges, others);
        if (common.length > 0) net.read(at, common, nodeOf(to, toOther));
      }
    }
  }
  prune(net.nodes);
  return { start, edges: edgesByTarget };
}

function edgesByTarget(node: Node): Map<Range[], Node> {
  const ranges = new Map<Node, Range[]>();
  for (const { first, last, to } of node.moves) {
    const known = ranges.get(to);
    if (known) known.push([first, last]);
    else ranges.set(to, [[first, last]]);
  }
  return new Map([...ranges].map(([to, list]) => [list, to]));
}

function refused(source: string, path: string, reason: string): GenerationError {
  return new GenerationError(
    "the JSON schema has a pattern that is not supported",
    `${path}: ${JSON.stringify(source.length > 200 ? `${source.slice(0, 200)}...` : source)}: ${reason}`,
    "use characters, classes, groups, |, * + ? {n,m}, and ^ and $ at the ends",
  );
}

/** A recursive-descent reader of a pattern that `RegExp` takes. */
class PatternReader {
  readonly net = new Network(MAX_NODES, "pattern");
  private readonly anything = this.net.repeat(this.net.symbol(ONE_UNIT), 0);
  private at = 0;
  private depth = 0;

  constructor(
    private readonly source: string,
    private readonly path: string,
  ) {}

  pattern(): Piece {
    const pattern = this.choice(() => this.anchored());
    if (this.at < this.source.length) throw this.refuse("$ inside a pattern");
    return pattern;
  }

  private choice(alternative: () => Piece): Piece {
    const alternatives = [alternative()];
    while (this.take("|")) alternatives.push(alternative());
    return this.net.choice(...alternatives);
  }

  /** An alternative of the whole pattern: without ^ and $ it matches anywhere in a text. */
  private anchored(): Piece {
    const fromStart = this.take("^");
    const terms = this.terms();
    const toEnd = this.take("$");
    const before = fromStart ? [] : [this.anything];
    const after = toEnd ? [] : [this.anything];
    return this.net.sequence(...before, terms, ...after);
  }

  private terms(): Piece {
    const terms: Piece[] = [];
    while (this.at < this.source.length && !"|)$".includes(this.source[this.at])) terms.push(this.term());
    return this.net.sequence(...terms);
  }

  private term(): Piece {
    const atom = this.atom();
    const [min, max] = this.quantifier();
    return min === 1 && max === 1 ? atom : this.net.repeat(atom, min, max);
  }

  private quantifier(): readonly [number, number] {
    const [text] = this.source.slice(this.at).match(/^(?:[*+?]|\{\d+(?:,\d*)?\})/) ?? [""];
    this.at += text.length;
    if (text !== "") this.take("?"); // a lazy quantifier matches the same texts
    if (text === "*") return [0, Number.POSITIVE_INFINITY];
    if (text === "+") return [1, Number.POSITIVE_INFINITY];
    if (text === "?") return [0, 1];
    if (text === "") return [1, 1];
    const [min, max = min] = text.slice(1, -1).split(",");
    return [Number(min), max === "" ? Number.POSITIVE_INFINITY : Number(max)];
  }

  private atom(): Piece {
    if (this.take("(")) return this.group();
    if (this.take("[")) return this.net.symbol(this.characterClass());
    if (this.take(".")) return this.net.symbol(ANY_BUT_LINE_ENDS);
    if (this.take("\\")) return this.net.symbol(this.escape());
    return this.net.symbol(this.plain("^{}]"));
  }

  private group(): Piece {
    const [opening] = this.source.slice(this.at).match(/^\?(?::|<[^=!>][^>]*>)/) ?? [""];
    if (this.source[this.at] === "?" && opening === "") throw this.refuse("look-around and flags");
    this.at += opening.length;
    if (++this.depth > MAX_DEPTH) throw this.refuse(`groups more than ${MAX_DEPTH} deep`);
    const content = this.choice(() => this.terms());
    this.depth--;
    if (!this.take(")")) throw this.refuse("$ inside a pattern");
    return content;
  }

  private characterClass(): Range[] {
    const isNegated = this.take("^");
    const ranges: Range[] = [];
    while (!this.take("]")) {
      const first = this.classMember();
      if (this.source[this.at] === "-" && this.source[this.at + 1] !== "]") {
        this.at++;
        const last = this.classMember();
        if (!isSingle(first) || !isSingle(last)) throw this.refuse("a class at the end of a range");
        ranges.push([first[0][0], last[0][0]]);
      } else ranges.push(...first);
    }
    const inside = intersection(union(ranges), ONE_UNIT);
    return isNegated ? without(ONE_UNIT, inside) : inside;
  }

  private classMember(): readonly Range[] {
    if (!this.take("\\")) return this.plain("");
    if (this.take("b")) return rangesOf("\b");
    return this.escape();
  }

  /** What follows a backslash. */
  private escape(): readonly Range[] {
    const letter = this.source[this.at++];
    if (letter in CLASSES) return CLASSES[letter];
    if (letter in CONTROLS && !/^0\d/.test(this.source.slice(this.at - 1))) return single(CONTROLS[letter]);
    const [hexadecimal] = this.source.slice(this.at - 1).match(/^(?:x[\da-fA-F]{2}|u[\da-fA-F]{4})/) ?? [""];
    if (hexadecimal !== "") {
      this.at += hexadecimal.length - 1;
      return this.oneUnit(Number.parseInt(hexadecimal.slice(1), 16));
    }
    if (/[\dA-Za-z]/.test(letter)) throw this.refuse(`\\${letter}`);
    this.at--;
    return this.plain("");
  }

  /** A character that stands for itself. */
  private plain(forbidden: string): readonly Range[] {
    const character = String.fromCodePoint(this.source.codePointAt(this.at)!);
    if (forbidden.includes(character)) throw this.refuse(`${character} at place ${this.at}`);
    this.at += character.length;
    return this.oneUnit(character.codePointAt(0)!);
  }

  private oneUnit(codePoint: number): readonly Range[] {
    if (intersection(single(codePoint), ONE_UNIT).length > 0) return single(codePoint);
    throw this.refuse("characters beyond U+FFFF and surrogates");
  }

  private take(character: string): boolean {
    if (this.source[this.at] !== character) return false;
    this.at++;
    return true;
  }

  private refuse(what: string): GenerationError {
    return refused(this.source, this.path, `${what} cannot be expressed`);
  }
}

function single(codePoint: number): Range[] {
  return [[codePoint, codePoint]];
}

function isSingle(ranges: readonly Range[]): boolean {
  return ranges.length === 1 && ranges[0][0] === ranges[0][1];
}
