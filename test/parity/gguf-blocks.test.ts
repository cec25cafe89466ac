/** What ggml's blocks stand for is, to the bit, what gguf-py says. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { dequantise } from "../../src/interop/gguf/dequantise.js";
import { layouts, type StoredType } from "../../src/interop/gguf/tensor-layouts.js";

interface Golden {
  readonly type: StoredType;
  /** Base64 of the blocks, and of the float32 values. */
  readonly bytes: string;
  readonly values: string;
}

const goldens: Golden[] = JSON.parse(
  readFileSync(new URL("goldens/gguf-blocks.json", import.meta.url), "utf8"),
);

describe("blocks of ggml", () => {
  it("has a golden for every type", () => {
    expect(new Set(goldens.map(({ type }) => type))).toEqual(new Set(Object.keys(layouts)));
  });

  it.each(goldens)("$type are the values of gguf-py", ({ type, bytes, values }) => {
    const expected = Buffer.from(values, "base64");
    const blocks = Buffer.from(bytes, "base64");
    const { blockLength, blockBytes } = layouts[type];
    expect(expected.length / 4).toBe((blocks.length / blockBytes) * blockLength);
    const found = new Float32Array(expected.length / 4);
    dequantise(type, blocks, found);
    expect(Buffer.from(found.buffer).equals(expected)).toBe(true);
  });
});
