import type { Node, Rule } from "./network.js";

/** Of more ways to read one text the rest is not followed: fewer texts can then be written, but no wrong ones. */
const MAX_PLACES = 2048;
/** What the states may hold before all are forgotten. */
const MAX_BYTES = 16 * 2 ** 20;
const BYTES_OF_STATE = 2048;
const BYTES_OF_PLACE = 128;

/** The calls that a place is in: where to go on when the innermost rule has ended. */
class Calls {
  private static count = 0;
  readonly id = Calls.count++;
  private deeper: Map<Node, Calls> | undefined;

  constructor(
    readonly after: Node | undefined,
    readonly outer: Calls | undefined,
  ) {}

  /** These calls and one more; the same object whenever asked, so that places can be compared. */
  enter(after: Node): Calls {
    this.deeper ??= new Map();
    const known = this.deeper.get(after);
    if (known) return known;
    const calls = new Calls(after, this);
    this.deeper.set(after, calls);
    return calls;
  }

  forget(): void {
    this.deeper = undefined;
  }
}

/** A node that reads something, and the calls that it is in. */
interface Place {
  readonly node: Node;
  readonly calls: Calls;
}

/** All places that one may be at after some bytes. */
export class State {
  /** By class of the next byte; null: it cannot come. */
  next: (State | null | undefined)[] = [];
  /** A bit for each token that may come; kept by `Automaton.keep`. */
  allowed: Uint32Array | undefined;

  constructor(
    readonly places: readonly Place[],
    /** A whole text may end here. */
    readonly mayEnd: boolean,
  ) {}
}

/**
 * Reads a network's texts byte by byte. States are sets of places with their calls, found when first needed: the
 * subset construction on a pushdown automaton. From each state that is reached a whole text can be completed,
 * provided that the network is pruned.
 */
export class Automaton {
  readonly start: State;
  private readonly outermost = new Calls(undefined, undefined);
  private readonly classOf: Uint8Array;
  private readonly states = new Map<string, State>();
  private bytes = 0;

  constructor(nodes: readonly Node[], root: Rule) {
    this.classOf = byteClasses(nodes);
    this.start = this.state([{ node: root.start, calls: this.outermost }]);
  }

  /** The state after one more byte; null where no text goes on with it. */
  step(state: State, byte: number): State | null {
    const byteClass = this.classOf[byte];
    const known = state.next[byteClass];
    if (known !== undefined) return known;
    const reached: Place[] = [];
    for (const { node, calls } of state.places) {
      for (const { first, last, to } of node.moves) {
        if (first <= byte && byte <= last) reached.push({ node: to, calls });
      }
    }
    const next = reached.length === 0 ? null : this.state(reached);
    state.next[byteClass] = next;
    return next;
  }

  /** Keeps the allowed tokens with their state, as long as there is room. */
  keep(state: State, allowed: Uint32Array): void {
    this.makeRoom(allowed.byteLength);
    state.allowed = allowed;
  }

  private state(reached: readonly Place[]): State {
    const { places, mayEnd } = closure(reached);
    const key = `${mayEnd} ${places.map(placeNumber).join(" ")}`;
    const known = this.states.get(key);
    if (known) return known;
    this.makeRoom(BYTES_OF_STATE + BYTES_OF_PLACE * places.length);
    const state = new State(places, mayEnd);
    this.states.set(key, state);
    return state;
  }

  /** Forgets all states but those that someone holds, and what those know, when there are too many. */
  private makeRoom(bytes: number): void {
    this.bytes += bytes;
    if (this.bytes <= MAX_BYTES) return;
    for (const state of this.states.values()) {
      state.next = [];
      state.allowed = undefined;
    }
    this.states.clear();
    this.outermost.forget();
    this.bytes = bytes;
  }
}

/** The places reached without reading, of those that read something; whether the outermost rule may end. */
function closure(from: readonly Place[]): { places: Place[]; mayEnd: boolean } {
  const places: Place[] = [];
  const seen = new Set<number>();
  let mayEnd = false;
  const work = from.toReversed();
  for (let place = work.pop(); place !== undefined && places.length < MAX_PLACES; place = work.pop()) {
    if (seen.has(placeNumber(place))) continue;
    seen.add(placeNumber(place));
    const { node, calls } = place;
    if (node.moves.length > 0) places.push(place);
    for (const to of node.skips) work.push({ node: to, calls });
    for (const { rule, to } of node.calls) work.push({ node: rule.start, calls: calls.enter(to) });
    if (node.isEnd && calls.outer) work.push({ node: calls.after!, calls: calls.outer });
    mayEnd ||= node.isEnd && calls.outer === undefined;
  }
  return { places: places.sort((a, b) => placeNumber(a) - placeNumber(b)), mayEnd };
}

/** A number of its own for each place; networks have fewer than 2^17 nodes. */
function placeNumber({ node, calls }: Place): number {
  return calls.id * 2 ** 17 + node.id;
}

/** Numbers the bytes such that those with the same number are read by the same edges. */
function byteClasses(nodes: readonly Node[]): Uint8Array {
  const isFirst = new Uint8Array(257);
  for (const { moves } of nodes) {
    for (const { first, last } of moves) {
      isFirst[first] = 1;
      isFirst[last + 1] = 1;
    }
  }
  const classes = new Uint8Array(256);
  for (let byte = 1; byte < 256; byte++) classes[byte] = classes[byte - 1] + isFirst[byte];
  return classes;
}
