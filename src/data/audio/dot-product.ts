/** Values that are multiplied and summed at once: lengths of both sides are multiples of it. */
export const DOT_LANES = 16;

/** The sum of products of float32 values at two places of a memory, in bytes, the first of which ends at `end`. */
export type DotProduct = (left: number, right: number, end: number) => number;

const RUNS = DOT_LANES / 4;
const [FLOAT32, INT32, VECTOR] = [0x7d, 0x7f, 0x7b];
const localGet = (local: number) => [0x20, local];
const localSet = (local: number) => [0x21, local];
const vectorLoad = (offset: number) => [0xfd, 0x00, 0x02, offset];
const vectorAdd = [0xfd, 0xe4, 0x01];
const vectorMultiply = [0xfd, 0xe6, 0x01];
const lane = (index: number) => [0xfd, 0x1f, index];
const floatAdd = 0x92;
const plus = (bytes: number) => [0x41, 0x80 | bytes, 0x00, 0x6a];

/**
 * A dot product over the memory. JavaScript has no vectors of numbers, WebAssembly has: four float32 at a time, in four sums,
 * the same bits on every machine. [WebAssembly 2.0, 5.4 Instructions, 5.5 Modules]
 */
export function dotProductOver(memory: WebAssembly.Memory): DotProduct {
  const module = new WebAssembly.Module(Uint8Array.from(MODULE));
  return new WebAssembly.Instance(module, { "": { m: memory } }).exports.d as DotProduct;
}

/** Bytes behind their number. */
function sized(bytes: readonly number[]): number[] {
  const { length } = bytes;
  return length < 0x80 ? [length, ...bytes] : [0x80 | (length & 0x7f), length >> 7, ...bytes];
}

const sum = (run: number) => 3 + run; // after the parameters
const runs = Array.from({ length: RUNS }, (_, run) => run);
const multiplied = (run: number) =>
  [localGet(0), vectorLoad(16 * run), localGet(1), vectorLoad(16 * run), vectorMultiply].flat();
const body = [
  [1, RUNS, VECTOR], // locals: the sums
  [0x03, 0x40], // loop
  ...runs.map((run) => [...localGet(sum(run)), ...multiplied(run), ...vectorAdd, ...localSet(sum(run))]),
  ...[0, 1].map((side) => [...localGet(side), ...plus(4 * DOT_LANES), ...localSet(side)]),
  [...localGet(0), ...localGet(2), 0x49, 0x0d, 0x00, 0x0b], // again while left < end
  localGet(sum(0)),
  ...runs.slice(1).map((run) => [...localGet(sum(run)), ...vectorAdd]),
  localSet(sum(0)),
  [...localGet(sum(0)), ...lane(0)],
  ...[1, 2, 3].map((index) => [...localGet(sum(0)), ...lane(index), floatAdd]),
  [0x0b],
].flat();
const letter = (text: string) => sized([text.charCodeAt(0)]);
const type = [0x60, ...sized([INT32, INT32, INT32]), ...sized([FLOAT32])];
const sections: readonly (readonly [number, readonly number[]])[] = [
  [1, type],
  [2, [0, ...letter("m"), 2, 0, 1]], // imports the memory
  [3, [0]],
  [7, [...letter("d"), 0, 0]], // exports the function
  [10, sized(body)],
];
const MODULE = [
  ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...sections.flatMap(([id, only]) => [id, ...sized([1, ...only])]),
];
