/** Whatever stands in a safetensors file: it is read as it says, or refused as damaged. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesOf, type Entry, fileOf, isRecord, plainReading, types } from "../../test/plain-safetensors.js";
import { recordingFolder } from "../../test/recording-folder.js";
import { memoryFolder } from "../files/memory.js";
import { gpt2 } from "../models/gpt2.js";
import { CheckpointError } from "./errors.js";
import { readParameters } from "./model-weights.js";
import { openSafetensors } from "./safetensors.js";

/** Opens and reads a file whole; undefined where it is refused as damaged. Nothing else may happen. */
async function read(bytes: Uint8Array) {
  const memory = memoryFolder();
  await memory.write("m.safetensors", bytes);
  const { folder, asked } = recordingFolder(memory);
  const found = new Map<string, { shape: readonly number[]; values?: number[] }>();
  try {
    const { entries, ...file } = await openSafetensors(folder, "m.safetensors");
    for (const [name, { shape }] of entries) {
      const values = await file.read(name).catch((error) => {
        expect(error.message).toMatch(/not of a float type/);
      });
      found.set(name, { shape, ...(values && { values: [...values] }) });
    }
    return found;
  } catch (error) {
    expect(error).toBeInstanceOf(CheckpointError);
    return undefined;
  } finally {
    expect(asked.mostBytes).toBeLessThanOrEqual(bytes.length);
    expect([...asked.paths]).toEqual(["m.safetensors"]);
  }
}

const name = fc.oneof(
  fc.string({ maxLength: 6 }),
  fc.constantFrom("__proto__", "constructor", "a", "b", "é"),
);
/** Tensors and their bytes: name, type, shape. */
const tensorList = fc.uniqueArray(
  fc.tuple(
    name.filter((text) => text !== "__metadata__"),
    fc.constantFrom(...types),
    fc.array(fc.nat(4), { maxLength: 3 }),
  ),
  { selector: ([text]) => text, maxLength: 4 },
);

/** A valid header's entries in any order, and how many bytes they describe. */
function entriesOf(tensors: [string, string, number[]][]): { entries: [string, Entry][]; bytes: number } {
  let bytes = 0;
  const entries = tensors.map(([text, dtype, shape]): [string, Entry] => {
    const start = bytes;
    bytes += shape.reduce((product, size) => product * size, bytesOf[dtype]);
    return [text, { dtype, shape, data_offsets: [start, bytes] }];
  });
  return { entries, bytes };
}

const jsonOf = (entries: [string, unknown][]) =>
  `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",")}}`;

const parameters = { numRuns: 400, seed: 20 } as const;

describe("a safetensors file", () => {
  it("that follows the format is read, whatever its tensors are called and in whatever order they stand", async () => {
    const whole = fc.tuple(tensorList, fc.nat(20), fc.infiniteStream(fc.nat(255)), fc.boolean());
    await fc.assert(
      fc.asyncProperty(whole, async ([tensors, blanks, stream, isReversed]) => {
        const { entries, bytes } = entriesOf(tensors);
        const ordered: [string, unknown][] = isReversed ? entries.toReversed() : entries;
        const header = jsonOf([["__metadata__", { format: "pt" }], ...ordered]) + " ".repeat(blanks);
        const file = fileOf(
          header,
          Uint8Array.from({ length: bytes }, () => stream.next().value),
        );
        const found = await read(file);
        expect(found).toEqual(plainReading(file));
        expect(found?.size).toBe(tensors.length);
      }),
      parameters,
    );
  });

  it("that was damaged is read as it says, or refused; nothing outside it is read or allocated for", async () => {
    const damage = fc.tuple(
      tensorList.filter(({ length }) => length > 0),
      fc.array(headerEdit, { maxLength: 2 }),
      fc.array(byteEdit, { maxLength: 2 }),
    );
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(damage, async ([tensors, headerEdits, byteEdits]) => {
        const { entries, bytes } = entriesOf(tensors);
        for (const edit of headerEdits) edit(entries);
        const deep = "[".repeat(100_000) + "]".repeat(100_000);
        const data = Uint8Array.from({ length: bytes }, (_, i) => (37 * i) & 255);
        const whole = fileOf(jsonOf(entries).replaceAll(JSON.stringify(deepMark), deep), data);
        const file = byteEdits.reduce<Uint8Array>((edited, edit) => edit(edited), whole);
        const found = await read(file);
        if (found) expect(found).toEqual(plainReading(file));
        else refused++;
      }),
      parameters,
    );
    expect(refused).toBeGreaterThan(parameters.numRuns / 2);
  });

  it("of random bytes, or with a header that is any JSON, is refused but for those that follow the format", async () => {
    const random = fc.uint8Array({ maxLength: 60 });
    const headed = fc
      .tuple(fc.json(), fc.uint8Array({ maxLength: 8 }))
      .map(([header, data]) => fileOf(header, data));
    const lying = fc
      .tuple(fc.json(), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }))
      .map(([header, length]) => fileOf(header, new Uint8Array(4), length));
    await fc.assert(
      fc.asyncProperty(fc.oneof(random, headed, lying), async (file) => {
        expect(await read(file)).toEqual(plainReading(file));
      }),
      parameters,
    );
  });

  it("with a name twice, or of ten million characters, is told from others", async () => {
    const entry = JSON.stringify({ dtype: "U8", shape: [0], data_offsets: [0, 0] });
    expect(await read(fileOf(`{"a":${entry},"b":${entry}}`, new Uint8Array()))).toBeDefined();
    expect(await read(fileOf(`{"a":${entry},"\\u0061":${entry}}`, new Uint8Array()))).toBeUndefined();
    const long = "\\n".repeat(10_000_000);
    expect([...(await read(fileOf(`{"${long}":${entry}}`, new Uint8Array())))!.keys()]).toEqual([
      JSON.parse(`"${long}"`),
    ]);
  });
});

/** Stands for a value that is nested too deeply to be written by `JSON.stringify`. */
const deepMark = "deep";
const oddNumber = fc.constantFrom<unknown>(
  ...[0, 1, 4, 8, -1, -0, 0.5, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53, 1e300, "4", null, [], deepMark],
);
const place = fc.nat(3);
type Edit = (entries: [string, Entry][]) => void;
const change =
  (i: number, act: (entry: Entry) => void): Edit =>
  (entries) => {
    const [, entry] = entries[i % entries.length];
    if (isRecord(entry)) act(entry);
  };
const changeOffsets = (i: number, act: (offsets: unknown[]) => unknown[]): Edit =>
  change(i, (entry) => {
    if (Array.isArray(entry.data_offsets)) entry.data_offsets = act(entry.data_offsets);
  });

/** One thing wrong (or, by chance, not) with a header's entries. */
const headerEdit: fc.Arbitrary<Edit> = fc.oneof(
  fc
    .tuple(place, fc.nat(1), oddNumber)
    .map(([i, which, number]) => changeOffsets(i, (offsets) => offsets.with(which, number))),
  fc
    .tuple(place, fc.integer({ min: -8, max: 8 }))
    .map(([i, by]) => changeOffsets(i, (offsets) => offsets.map((offset) => Number(offset) + by))),
  fc.tuple(place, fc.array(oddNumber, { maxLength: 3 })).map(([i, shape]) =>
    change(i, (entry) => {
      entry.shape = shape;
    }),
  ),
  fc
    .tuple(place, fc.constantFrom<unknown>(...types, "F31", "f32", "toString", "", 5, null, deepMark))
    .map(([i, type]) =>
      change(i, (entry) => {
        entry.dtype = type;
      }),
    ),
  fc.tuple(place, fc.constantFrom("dtype", "shape", "data_offsets")).map(([i, key]) =>
    change(i, (entry) => {
      delete entry[key as keyof Entry];
    }),
  ),
  fc.tuple(place, place).map(
    ([i, j]): Edit =>
      (entries) => {
        entries.push([entries[i % entries.length][0], entries[j % entries.length][1]]);
      },
  ),
  fc.tuple(place, place).map(
    ([i, j]): Edit =>
      (entries) => {
        entries[i % entries.length][1] = entries[j % entries.length][1];
      },
  ),
  fc
    .tuple(place, fc.constantFrom<unknown>(deepMark, null, 4, [], { a: 1 }, { a: deepMark }), fc.boolean())
    .map(
      ([i, value, isMetadata]): Edit =>
        (entries) => {
          if (isMetadata) entries.unshift(["__metadata__", value as Entry]);
          else entries[i % entries.length][1] = value as Entry;
        },
    ),
);

/** Flipped bytes, a cut, or more than there should be. */
const byteEdit: fc.Arbitrary<(file: Uint8Array) => Uint8Array> = fc.oneof(
  fc.tuple(fc.nat(200), fc.nat(255)).map(
    ([i, byte]) =>
      (file: Uint8Array) =>
        file.with(i % file.length, byte),
  ),
  fc.nat(300).map((end) => (file: Uint8Array) => file.slice(0, end)),
  fc.uint8Array({ maxLength: 9 }).map((more) => (file: Uint8Array) => Uint8Array.from([...file, ...more])),
);

describe("the parameters of a model", () => {
  const model = gpt2({ vocabSize: 5, contextLength: 4, numLayers: 1, numHeads: 1, width: 2 });
  const good = entriesOf(
    model.parameters.map(({ name, shape }) => [name, "F16", [...shape]] as [string, string, number[]]),
  );

  it("are the file's, or the file is refused: names, shapes and numbers that are none", async () => {
    const edit = fc.oneof(
      fc.tuple(fc.nat(good.bytes - 1), fc.nat(255)).map(([i, byte]) => ({ i, byte })),
      fc
        .tuple(fc.nat(20), fc.constantFrom("", "transformer.", "x", "lm_head.weight", "__proto__"))
        .map(([i, name]) => ({ i, name })),
      fc.nat(20).map((i) => ({ i, reversed: true })),
    );
    const outcomes = { read: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { maxLength: 2 }), async (edits) => {
        const entries = structuredClone(good.entries);
        const data = Uint8Array.from({ length: good.bytes }, (_, i) => (i % 2 === 1 ? 0x3c : i & 255));
        for (const change of edits) {
          const place = entries[change.i % entries.length];
          if ("byte" in change) data[change.i] = change.byte;
          else if ("name" in change) place[0] = change.name;
          else place[1].shape = (place[1].shape as number[]).toReversed();
        }
        const bytes = fileOf(jsonOf(entries), data);
        const folder = memoryFolder();
        await folder.write("m.safetensors", bytes);
        try {
          const weights = await readParameters(
            await openSafetensors(folder, "m.safetensors"),
            model,
            "a test",
          );
          const plain = plainReading(bytes)!;
          for (const { name, shape } of model.parameters) {
            const stored = plain.get(name) ?? plain.get(name.replace("transformer.", ""))!;
            expect(stored.shape).toEqual(shape);
            expect([...weights.get(name)!.data]).toEqual(stored.values);
            expect(stored.values!.every(Number.isFinite)).toBe(true);
          }
          outcomes.read++;
        } catch (error) {
          expect(error).toBeInstanceOf(CheckpointError);
          outcomes.refused++;
        }
      }),
      parameters,
    );
    expect(Math.min(outcomes.read, outcomes.refused)).toBeGreaterThan(50);
  });
});
