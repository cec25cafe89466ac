/**
 * JSON numbers as pieces of a network. What is written has at most 15 significant digits (whole numbers: is at most
 * 2^53 - 1), so that reading it as a double neither rounds it past a bound nor makes it infinite.
 */
import type { Range } from "./characters.js";
import type { Node, Piece, Rule } from "./network.js";
import type { TextNetwork } from "./text-network.js";

/** The numbers that are allowed: between low and high, which themselves are left out where a bound is strict. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  readonly isLowStrict: boolean;
  readonly isHighStrict: boolean;
}

const SIGNIFICANT_DIGITS = 15;

export class JsonNumbers {
  private readonly ranges = new Map<string, Rule>();

  constructor(private readonly net: TextNetwork) {}

  /** Whole numbers of an interval, without fraction or exponent. */
  integer(interval: Interval): Piece {
    return this.within({ ...interval, ...insideOfSafe(interval) }, false);
  }

  /** Numbers of an interval; without bounds also with an exponent. */
  number(interval: Interval): Piece {
    const { low, high } = interval;
    return low === Number.NEGATIVE_INFINITY && high === Number.POSITIVE_INFINITY
      ? this.net.call(this.remembered("any", () => this.unbounded()))
      : this.within(interval, true);
  }

  private unbounded(): Piece {
    const { net } = this;
    const digit = this.digits(0, 9);
    const whole = net.choice(
      net.literal("0"),
      net.sequence(this.digits(1, 9), net.repeat(digit, 0, SIGNIFICANT_DIGITS - 1)),
    );
    const fraction = net.sequence(net.literal("."), net.repeat(digit, 1, SIGNIFICANT_DIGITS));
    const sign = net.optional(net.choice(net.literal("+"), net.literal("-")));
    const exponent = net.sequence(
      net.choice(net.literal("e"), net.literal("E")),
      sign,
      net.repeat(digit, 1, 2),
    );
    return net.sequence(
      net.optional(net.literal("-")),
      whole,
      net.optional(fraction),
      net.optional(exponent),
    );
  }

  private within(interval: Interval, hasFraction: boolean): Piece {
    const { low, high, isLowStrict, isHighStrict } = interval;
    const key = JSON.stringify([String(low), String(high), isLowStrict, isHighStrict, hasFraction]);
    const rule = this.remembered(key, () => {
      const parts: Piece[] = [];
      if (high >= 0) {
        const from = low < 0 ? new Bound(0, false) : new Bound(low, isLowStrict);
        parts.push(this.magnitude(from, new Bound(high, isHighStrict), hasFraction));
      }
      if (low < 0) {
        const from = high < 0 ? new Bound(-high, isHighStrict) : new Bound(0, true); // no -0
        const negative = this.magnitude(from, new Bound(-low, isLowStrict), hasFraction);
        parts.push(this.net.sequence(this.net.literal("-"), negative));
      }
      return this.net.choice(...parts);
    });
    return this.net.call(rule);
  }

  /** Decimals between two bounds of 0 or more. */
  private magnitude(low: Bound, high: Bound, hasFraction: boolean): Piece {
    return (from) => {
      const to = this.net.node();
      const mostDigits = hasFraction ? SIGNIFICANT_DIGITS : high.whole.length;
      const known = new Map<string, Node>();
      for (let length = low.whole.length; length <= Math.min(mostDigits, high.whole.length); length++) {
        const decimals = new Decimals(
          this.net,
          low,
          high,
          length,
          hasFraction ? mostDigits - length : 0,
          known,
          to,
        );
        from.skips.push(decimals.from(0, length === low.whole.length, length === high.whole.length));
      }
      return to;
    };
  }

  private digits(first: number, last: number): Piece {
    return this.net.characters(digitRange(first, last));
  }

  private remembered(key: string, piece: () => Piece): Rule {
    const known = this.ranges.get(key);
    if (known) return known;
    const rule = this.net.rule(piece());
    this.ranges.set(key, rule);
    return rule;
  }
}

/** An end of an interval of numbers of 0 or more, by its decimal digits. */
class Bound {
  readonly whole: string;
  readonly fraction: string;

  constructor(
    value: number,
    readonly isStrict: boolean,
  ) {
    if (value === Number.POSITIVE_INFINITY) {
      this.whole = "9".repeat(SIGNIFICANT_DIGITS + 1); // longer than any number that is written
      this.fraction = "";
      return;
    }
    const [digits, exponent = "0"] = String(value).split("e");
    const [whole, fraction = ""] = digits!.split(".");
    const point = whole!.length + Number(exponent);
    const all = "0".repeat(Math.max(0, 1 - point)) + whole + fraction;
    const end = Math.max(1, point);
    this.whole = all.padEnd(end, "0").slice(0, end);
    this.fraction = all.slice(end);
  }

  /** The digit at a place: those before the point, then those after it. */
  digit(place: number): number {
    return Number((this.whole + this.fraction)[place] ?? 0);
  }

  /** Whether only zeros follow from a place on. */
  endsAt(place: number): boolean {
    return !/[1-9]/.test((this.whole + this.fraction).slice(place));
  }
}

/** The decimals with so many digits before the point that lie between two bounds. */
class Decimals {
  constructor(
    private readonly net: TextNetwork,
    private readonly low: Bound,
    private readonly high: Bound,
    private readonly length: number,
    private readonly fractionDigits: number,
    private readonly known: Map<string, Node>,
    private readonly to: Node,
  ) {}

  /**
   * The node before the digit at `place`. `onLow` says that the digits so far are those of the lower bound, so that
   * the next ones must not fall below it; `onHigh` likewise.
   */
  from(place: number, onLow: boolean, onHigh: boolean, afterPoint = false): Node {
    const key = [this.length - place, this.fractionDigits, place === 0, onLow, onHigh, afterPoint].join(" ");
    const known = this.known.get(key);
    if (known) return known;
    const node = this.net.node();
    this.known.set(key, node);
    const isWholePart = place < this.length;
    if (!isWholePart && !afterPoint) {
      if (this.mayEnd(place, onLow, onHigh)) node.skips.push(this.to);
      if (this.fractionDigits > 0) {
        this.net
          .literal(".")(node)
          .skips.push(this.from(place, onLow, onHigh, true));
      }
      return node;
    }
    if (place > this.length && this.mayEnd(place, onLow, onHigh)) node.skips.push(this.to);
    if (isWholePart || place < this.length + this.fractionDigits)
      this.digit(node, place, onLow, onHigh, afterPoint);
    return node;
  }

  private digit(node: Node, place: number, onLow: boolean, onHigh: boolean, afterPoint: boolean): void {
    const leading = place === 0 && this.length > 1 ? 1 : 0;
    const first = onLow ? Math.max(leading, this.low.digit(place)) : leading;
    const last = onHigh ? this.high.digit(place) : 9;
    const parts = new Map<string, [number, number]>();
    for (let digit = first; digit <= last; digit++) {
      const key = `${onLow && digit === this.low.digit(place)} ${onHigh && digit === this.high.digit(place)}`;
      const part = parts.get(key);
      if (part) part[1] = digit;
      else parts.set(key, [digit, digit]);
    }
    for (const [key, [from, to]] of parts) {
      const [staysLow, staysHigh] = key.split(" ").map((flag) => flag === "true");
      const next = this.from(place + 1, staysLow!, staysHigh!, afterPoint);
      this.net.characters(digitRange(from, to))(node).skips.push(next);
    }
  }

  /** Whether the number is inside of the bounds when its digits end before `place`. */
  private mayEnd(place: number, onLow: boolean, onHigh: boolean): boolean {
    if (onLow && (!this.low.endsAt(place) || this.low.isStrict)) return false;
    return !(onHigh && this.high.isStrict && this.high.endsAt(place));
  }
}

function digitRange(first: number, last: number): Range[] {
  return [[0x30 + first, 0x30 + last]];
}

/** The interval cut to the whole numbers that a double holds exactly. */
function insideOfSafe({ low, high }: Interval): Pick<Interval, "low" | "high"> {
  return { low: Math.max(low, Number.MIN_SAFE_INTEGER), high: Math.min(high, Number.MAX_SAFE_INTEGER) };
}
