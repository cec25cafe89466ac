/** Tokens in a tree of bytes. Places are numbered depth first, so that what lies below one follows it. */
export class TokenTree {
  /** The byte that leads to each place, how deep it is, and the first place that is not below it. */
  readonly byte: Uint8Array;
  readonly depth: Uint16Array;
  readonly end: Int32Array;
  /** The tokens that end at each place: the first, and then from token to token; -1 ends the list. */
  readonly token: Int32Array;
  readonly sameBytes: Int32Array;
  readonly maxDepth: number;

  constructor(tokens: ReadonlyMap<number, Uint8Array>) {
    const sorted = [...tokens].sort(([, a], [, b]) => compareBytes(a, b));
    const size = sorted.reduce(
      (sum, [, bytes], i) => sum + bytes.length - sharedStart(sorted[i - 1]?.[1], bytes),
      0,
    );
    this.byte = new Uint8Array(size);
    this.depth = new Uint16Array(size);
    this.end = new Int32Array(size).fill(size);
    this.token = new Int32Array(size).fill(-1);
    this.sameBytes = new Int32Array(Math.max(0, ...sorted.map(([id]) => id + 1))).fill(-1);
    this.maxDepth = sorted.reduce((deepest, [, bytes]) => Math.max(deepest, bytes.length), 0);
    this.fill(sorted);
  }

  private fill(sorted: readonly (readonly [number, Uint8Array])[]): void {
    const path: number[] = []; // the places that lead to the token before
    let place = 0;
    for (const [i, [id, bytes]] of sorted.entries()) {
      const shared = sharedStart(sorted[i - 1]?.[1], bytes);
      for (const closed of path.splice(shared)) this.end[closed] = place;
      for (let depth = shared; depth < bytes.length; depth++) {
        this.byte[place] = bytes[depth];
        this.depth[place] = depth;
        path.push(place++);
      }
      const last = path.at(-1)!;
      this.sameBytes[id] = this.token[last];
      this.token[last] = id;
    }
  }
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = sharedStart(a, b);
  return shared < a.length && shared < b.length ? a[shared] - b[shared] : a.length - b.length;
}

function sharedStart(a: Uint8Array | undefined, b: Uint8Array): number {
  let length = 0;
  while (a !== undefined && length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}
