/** Whatever stands in a GGUF file: it is read as it says, or refused; nothing outside it is read or allocated for. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { readGguf } from "../../../test/read-gguf.js";
import { recordingFolder } from "../../../test/recording-folder.js";
import { AutodidactError } from "../../core/errors.js";
import { byteTokenizer } from "../../features/tokenizer/byte-tokenizer.js";
import { memoryFolder } from "../../files/memory.js";
import { llama } from "../../models/llama.js";
import { openModel } from "../model-folder.js";
import { GgufError } from "./errors.js";
import { exportGguf } from "./export.js";
import { bool, float32, type GgufTensor, int32s, string, strings, uint32, writeGguf } from "./gguf-file.js";
import { ggufFolder } from "./gguf-folder.js";
import { openGguf } from "./open-gguf.js";
import { type GgufType, tensorTypes } from "./tensor-types.js";

const types = ["F32", "F16", "Q8_0"] as const;
const value = fc.oneof(
  fc.nat().map(uint32),
  fc.float({ noNaN: true }).map(float32),
  fc.boolean().map(bool),
  fc.string({ unit: "grapheme", maxLength: 8 }).map(string),
  fc.array(fc.nat(), { maxLength: 4 }).map(int32s),
  fc.array(fc.string(), { maxLength: 4 }).map(strings),
);
const key = fc.oneof(fc.string({ maxLength: 6 }), fc.constantFrom("__proto__", "general.name"));
const tensor = fc.tuple(key, fc.constantFrom(...types), fc.integer({ min: 1, max: 3 }));
const file = fc.tuple(
  fc.uniqueArray(fc.tuple(key, value), { selector: ([name]) => name, maxLength: 5 }),
  fc.uniqueArray(tensor, { selector: ([name]) => name, maxLength: 4 }),
);

type Parts = typeof file extends fc.Arbitrary<infer T> ? T : never;

function tensorOf([name, type, rows]: [string, GgufType, number]): GgufTensor {
  const values = Float32Array.from({ length: 32 * rows }, (_, i) => (i % 7) - 2.5);
  const bytes = tensorTypes[type].encode(values, name);
  return {
    name,
    shape: [rows, 32],
    type: tensorTypes[type].id,
    byteLength: bytes.length,
    bytes: () => bytes,
  };
}

async function bytesOf([metadata, tensors]: Parts) {
  const folder = memoryFolder();
  await writeGguf(folder, "x.gguf", new Map(metadata), tensors.map(tensorOf));
  return folder.read("x.gguf");
}

/** A file's metadata and tensors; undefined where it is refused. Nothing else may happen. */
async function read(bytes: Uint8Array) {
  const memory = memoryFolder();
  await memory.write("x.gguf", bytes);
  const { folder, asked } = recordingFolder(memory);
  try {
    const gguf = await openGguf(folder, "x.gguf");
    const tensors = new Map<string, { dims: number[]; values: Float32Array }>();
    for (const [name, { shape }] of gguf.tensors)
      tensors.set(name, { dims: shape.toReversed(), values: await gguf.read(name) });
    return { metadata: gguf.metadata, tensors };
  } catch (error) {
    expect(error).toBeInstanceOf(GgufError);
    return undefined;
  } finally {
    expect(asked.mostBytes).toBeLessThanOrEqual(bytes.length);
    expect([...asked.paths]).toEqual(["x.gguf"]);
  }
}

const rounded = (found: unknown): unknown =>
  typeof found === "number" ? Math.fround(found) : Array.isArray(found) ? found.map(rounded) : found;

/** Float32s are compared as such: ours are the shortest decimals. */
function expectSame(found: NonNullable<Awaited<ReturnType<typeof read>>>, bytes: Uint8Array): void {
  const plain = readGguf(bytes);
  const entries = (map: ReadonlyMap<string, unknown>) => [...map].map(([name, one]) => [name, rounded(one)]);
  expect(entries(found.metadata)).toEqual(entries(plain.metadata));
  expect([...found.tensors]).toEqual(
    [...plain.tensors].map(([name, { dims, values }]) => [name, { dims, values }]),
  );
}

const byteEdit = fc.oneof(
  fc.tuple(fc.nat(400), fc.nat(255)).map(
    ([i, byte]) =>
      (bytes: Uint8Array) =>
        bytes.with(i % bytes.length, byte),
  ),
  fc.nat(500).map((end) => (bytes: Uint8Array) => bytes.slice(0, Math.max(1, end % bytes.length))),
  fc.uint8Array({ maxLength: 9 }).map((more) => (bytes: Uint8Array) => Uint8Array.from([...bytes, ...more])),
);

it("a file that follows the format is read", async () => {
  await fc.assert(
    fc.asyncProperty(file, async (parts) => {
      const bytes = await bytesOf(parts);
      expectSame((await read(bytes))!, bytes);
    }),
    { numRuns: 100, seed: 7 },
  );
});

it("a file that was damaged is read as it says, or refused", async () => {
  const outcomes = { read: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(file, fc.array(byteEdit, { minLength: 1, maxLength: 2 }), async (parts, edits) => {
      const bytes = edits.reduce((edited, edit) => edit(edited), (await bytesOf(parts)) as Uint8Array);
      const found = await read(bytes);
      if (found) expectSame(found, bytes);
      outcomes[found ? "read" : "refused"]++;
    }),
    { numRuns: 600, seed: 8 },
  );
  expect(Math.min(outcomes.read, outcomes.refused)).toBeGreaterThan(60);
});

it("a model whose file was damaged is opened, or refused in our three parts", async () => {
  const model = llama({
    vocabSize: 258,
    contextLength: 4,
    numLayers: 1,
    numHeads: 1,
    width: 2,
    hiddenWidth: 2,
  });
  const weights = new Map(
    model.parameters.map(({ name, shape }) => [
      name,
      { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) },
    ]),
  );
  const tokenizer = byteTokenizer({ specialTokens: ["<|endoftext|>"] });
  const folder = memoryFolder();
  await exportGguf(folder, "x", { model, weights, tokenizer }, { type: "F32" });
  const whole = await folder.read("x.gguf");
  const outcomes = { opened: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), async (at, byte) => {
      await folder.write("y.gguf", whole.with(at, byte));
      try {
        await openModel(ggufFolder(folder, "y.gguf"));
        outcomes.opened++;
      } catch (error) {
        expect(error).toBeInstanceOf(AutodidactError);
        outcomes.refused++;
      }
    }),
    { numRuns: 200, seed: 9 },
  );
  expect(Math.min(outcomes.opened, outcomes.refused)).toBeGreaterThan(20);
});
