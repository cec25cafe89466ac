/** Around each file of tests, which shares its process with others. */
import { syncBuiltinESMExports } from "node:module";
import os from "node:os";
import { afterAll, expect, vi } from "vitest";

// Files run beside each other: graphs that take all cores would wait for one another.
os.availableParallelism = () => 1;
syncBuiltinESMExports();

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  new Uint8Array(buffer, byteOffset, byteLength);

// Arrays of numbers with the same bytes are equal, which Vitest finds out one number after the other.
expect.addEqualityTesters([
  (a, b) => {
    if (!ArrayBuffer.isView(a) || !ArrayBuffer.isView(b) || a.constructor !== b.constructor) return undefined;
    return Buffer.compare(bytesOf(a), bytesOf(b)) === 0 ? true : undefined;
  },
]);

// What a file leaves replaced is not the next one's.
afterAll(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});
