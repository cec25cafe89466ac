import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { randomStream } from "../src/core/random.js";

/** A piece of so many beats: the highest voice walks up and down a scale, the others stand a fixed way under it. */
export function madeChorale(beats: number, seed: number): number[][] {
  const random = randomStream(seed, "made chorale");
  const scale = [60, 62, 64, 65, 67, 69, 71, 72];
  let degree = random.integer(scale.length);
  return Array.from({ length: beats }, () => {
    degree = Math.min(scale.length - 1, Math.max(0, degree + random.integer(3) - 1));
    const soprano = scale[degree];
    return Array.from({ length: 4 }, () => [soprano, soprano - 5, soprano - 12, soprano - 24]);
  }).flat();
}

/** The file of the published chorales with made pieces: 6 to learn from, 2 to validate with and 2 to test with. */
export function writeMadeChorales(path: string, beats = 32): void {
  const pieces = (count: number, first: number) =>
    Array.from({ length: count }, (_, i) => madeChorale(beats, first + i));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify({ train: pieces(6, 0), valid: pieces(2, 6), test: pieces(2, 8) }));
}
