import { AutodidactError } from "./errors.js";

/**
 * The one source of randomness: Threefry-2x32 with 20 rounds, a counter-based generator (Salmon et al.,
 * "Parallel random numbers: as easy as 1, 2, 3", 2011; the generator of JAX). A stream is keyed by
 * (seed, purpose, step), so any step can be repeated without replaying those before it.
 */

/** A random stream was asked for something that has no answer. */
export class RandomError extends AutodidactError {}

/** Two unsigned 32-bit words: a key, a counter or a 64-bit hash. */
export type Words = readonly [number, number];

const PARITY = 0x1bd11bda;
const TWO_32 = 2 ** 32;

/** The Threefry-2x32 bijection: one block of two 32-bit words for a key and a counter of two words each. */
export function threefry2x32(key: Words, counter: Words): [number, number] {
  const block: [number, number] = [0, 0];
  threefryInto(block, key[0], key[1], counter[0], counter[1]);
  return block;
}

function threefryInto(out: [number, number], k0: number, k1: number, c0: number, c1: number): void {
  let current = k0;
  let next = k1;
  let afterNext = k0 ^ k1 ^ PARITY;
  let x = (c0 + k0) | 0;
  let y = (c1 + k1) | 0;
  for (let group = 1; group <= 5; group++) {
    // Four rounds of add, rotate, xor; the rotations alternate between two sets of four.
    const odd = group & 1;
    x = (x + y) | 0;
    y = rotate(y, odd ? 13 : 17) ^ x;
    x = (x + y) | 0;
    y = rotate(y, odd ? 15 : 29) ^ x;
    x = (x + y) | 0;
    y = rotate(y, odd ? 26 : 16) ^ x;
    x = (x + y) | 0;
    y = rotate(y, odd ? 6 : 24) ^ x;
    x = (x + next) | 0;
    y = (y + afterNext + group) | 0;
    const used = current;
    current = next;
    next = afterNext;
    afterNext = used;
  }
  out[0] = x >>> 0;
  out[1] = y >>> 0;
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function wordsOf(value: number): [number, number] {
  const low = value >>> 0;
  return [low, Math.floor((value - low) / TWO_32) >>> 0];
}

/** The key of (seed, purpose, step): each character of the purpose, its length and the step are mixed in. */
export function randomKey(seed: number, purpose: string, step = 0): [number, number] {
  let key = wordsOf(requireInteger("seed", seed));
  for (let i = 0; i < purpose.length; i++) key = threefry2x32(key, [purpose.charCodeAt(i), i]);
  key = threefry2x32(key, [purpose.length, TWO_32 - 1]);
  return threefry2x32(key, wordsOf(requireInteger("step", step)));
}

function requireInteger(name: string, value: number): number {
  if (Number.isSafeInteger(value)) return value;
  throw new RandomError(
    `the ${name} of a random stream is not an integer`,
    String(value),
    "give a whole number between -(2^53 - 1) and 2^53 - 1",
  );
}

/** A sequence of random numbers. Two streams with the same key give the same numbers on every machine. */
export class RandomStream {
  private readonly block: [number, number] = [0, 0];
  private counter = 0;
  private hasSecondWord = false;
  private spareNormal: number | undefined;

  constructor(private readonly key: Words) {}

  /** A whole number in [0, 2^32). */
  uint32(): number {
    if (this.hasSecondWord) {
      this.hasSecondWord = false;
      return this.block[1];
    }
    const high = Math.floor(this.counter / TWO_32);
    threefryInto(this.block, this.key[0], this.key[1], this.counter | 0, high);
    this.counter++;
    this.hasSecondWord = true;
    return this.block[0];
  }

  /** A number in [0, 1) with 53 random bits. */
  uniform(): number {
    return this.bits53() / 2 ** 53;
  }

  /** A whole number in [0, n), each equally likely, for n from 1 to 2^53. */
  integer(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 53) {
      throw new RandomError("a random integer needs a whole number of choices", `${n}`, "give 1 to 2^53");
    }
    const range = n <= TWO_32 ? TWO_32 : 2 ** 53;
    const fair = range - (range % n);
    for (;;) {
      const draw = n <= TWO_32 ? this.uint32() : this.bits53();
      if (draw < fair) return draw % n;
    }
  }

  /** A standard normal number (Box and Muller, 1958). */
  normal(): number {
    if (this.spareNormal !== undefined) {
      const spare = this.spareNormal;
      this.spareNormal = undefined;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log((this.uint32() + 1) / TWO_32));
    const angle = (2 * Math.PI * this.uint32()) / TWO_32;
    this.spareNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  private bits53(): number {
    const high = this.uint32() >>> 5;
    return high * 2 ** 26 + (this.uint32() >>> 6);
  }
}

/** The stream of (seed, purpose, step). `purpose` names the use, e.g. "dropout", so uses never share numbers. */
export function randomStream(seed: number, purpose: string, step = 0): RandomStream {
  return new RandomStream(randomKey(seed, purpose, step));
}

/** Fills `target` with normal numbers of mean 0 and standard deviation `std`. */
export function fillNormal(target: Float32Array, stream: RandomStream, std: number): void {
  for (let i = 0; i < target.length; i++) target[i] = std * stream.normal();
}

/** Fills `target` with numbers from [low, high); rounding to float32 may reach `high` itself. */
export function fillUniform(target: Float32Array, stream: RandomStream, low: number, high: number): void {
  for (let i = 0; i < target.length; i++) target[i] = low + ((high - low) * stream.uint32()) / TWO_32;
}

const FEISTEL_ROUNDS = 8;

/**
 * Where `index` goes in the pseudo-random permutation of [0, size) that (seed, purpose, step) names: a
 * shuffle without a table. A Feistel network over a grid of at least `size` cells that adds modulo the
 * sides; results outside are sent through again (cycle walking; Black and Rogaway, 2002).
 * @throws RandomError when `index` lies outside [0, size).
 */
export function permuted(index: number, size: number, seed: number, purpose: string, step = 0): number {
  if (!Number.isSafeInteger(size) || !Number.isInteger(index) || index < 0 || index >= size) {
    throw new RandomError(
      "the index to permute lies outside the permutation",
      `index ${index}, size ${size}`,
      "give whole numbers with 0 <= index < size < 2^53",
    );
  }
  const key = randomKey(seed, purpose, step);
  const rows = Math.ceil(Math.sqrt(size));
  const columns = Math.ceil(size / rows);
  let cell = index;
  do cell = feistel(cell, rows, columns, key);
  while (cell >= size);
  return cell;
}

function feistel(cell: number, rows: number, columns: number, key: Words): number {
  let row = cell % rows;
  let column = Math.floor(cell / rows);
  for (let round = 0; round < FEISTEL_ROUNDS; round += 2) {
    row = (row + threefry2x32(key, [column, round])[0]) % rows;
    column = (column + threefry2x32(key, [row, round + 1])[0]) % columns;
  }
  return column * rows + row;
}
