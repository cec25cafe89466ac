import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { writeMadeChorales } from "../../../test/made-chorales.js";
import { temporaryFolder } from "../../../test/temporary-folder.js";
import { nodeRuntime } from "../../core/runtime/node.js";
import { choraleGrid } from "../../features/music/chorale-words.js";
import { openFolder } from "../../files/disk.js";
import { memoryFolder } from "../../files/memory.js";
import { resolveRecipe } from "../find.js";
import { musicBatches } from "./batches.js";
import { readMusic } from "./pieces.js";
import { openMusic, type PreparedMusic, writeMusic } from "./prepared.js";
import type { MusicRecipe } from "./recipe.js";

const file = join(temporaryFolder(), "chorales.json");
const contextLength = 240;
let prepared: PreparedMusic;

const recipeOf = (features: object) =>
  resolveRecipe<MusicRecipe>(
    {
      data: { format: "music", path: file },
      features: { kind: "chorales", ...features },
      model: { kind: "llama", contextLength, numLayers: 1, numHeads: 1, width: 8, hiddenWidth: 8 },
      objective: { kind: "nextToken" },
      optimizer: { kind: "adamw", lr: 1, schedule: { kind: "constant" } },
      training: { batchSize: 4, steps: 1, evaluateEvery: 1, checkpointEvery: 1, seed: 3 },
    },
    "a test",
  );

beforeAll(async () => {
  writeMadeChorales(file);
  const recipe = recipeOf({ transpose: 3 });
  const folder = memoryFolder();
  await writeMusic(await readMusic(recipe, { runtime: nodeRuntime, openFolder }), recipe, folder);
  prepared = await openMusic(folder);
});

/** The words of each row of a batch, with the last target. */
async function rowsOf(features: object, number: number): Promise<string[][]> {
  const { inputs, targets } = await musicBatches(prepared, recipeOf(features), contextLength).training(
    number,
  );
  return Array.from({ length: 4 }, (_, row) => {
    const part = (ids: Int32Array | Float32Array) =>
      Array.from(ids.subarray(row * contextLength, (row + 1) * contextLength));
    const known = part(targets).filter((id) => id >= 0);
    return [part(inputs)[0], ...known].map((id) => prepared.tokenizer.idToToken(id)!);
  });
}

const notesOf = (words: readonly string[]) =>
  words.filter((word) => /^(Soprano|Alto|Tenor|Bass)_/.test(word));

describe("rows of music", () => {
  it("are a pure function of their number, and begin at a bar or a piece", async () => {
    const features = { transpose: 3, infill: 0 };
    expect(await rowsOf(features, 5)).toEqual(await rowsOf(features, 5));
    expect(await rowsOf(features, 5)).not.toEqual(await rowsOf(features, 6));
    for (const number of [0, 1, 2, 3]) {
      for (const [first] of await rowsOf(features, number))
        expect(["Beat_1", "<|endoftext|>"]).toContain(first);
    }
  });

  it("are transposed as wholes: the voices keep their distances", async () => {
    const rows = (await Promise.all([0, 1, 2].map((n) => rowsOf({ transpose: 3, infill: 0 }, n)))).flat();
    const sopranos = new Set<number>();
    for (const row of rows) {
      const pitches = notesOf(row).map((word) => Number(word.split("_")[1]));
      for (let i = 0; i + 3 < pitches.length; i += 4) {
        const step = pitches.slice(i, i + 4).map((value) => pitches[i] - value);
        expect(step).toEqual([0, 5, 12, 24]);
        sopranos.add(pitches[i] % 12);
      }
    }
    // Seven notes of C major; other ones come of transposing.
    expect(sopranos.size).toBeGreaterThan(7);
  });

  it("with a gap say what stands before, what after, and then what was between", async () => {
    const rows = (await Promise.all([0, 1, 2, 3].map((n) => rowsOf({ transpose: 3, infill: 1 }, n)))).flat();
    // Of less than three bars of a piece none is left out.
    const told = rows.filter((row) => row.includes("<|fim_prefix|>"));
    expect(told.length).toBeGreaterThan(rows.length / 2);
    for (const row of told) {
      const [prefix, suffix, middle] = ["prefix", "suffix", "middle"].map((name) =>
        row.indexOf(`<|fim_${name}|>`),
      );
      expect(prefix).toBe(0);
      expect(suffix).toBeGreaterThan(prefix);
      expect(middle).toBeGreaterThan(suffix);
      expect(row.at(-1)).toBe("<|endoftext|>");
      const [before, after, between] = [
        row.slice(1, suffix),
        row.slice(suffix + 1, middle),
        row.slice(middle + 1, -1),
      ];
      expect(between[0]).toBe("Beat_1");
      expect(between.length % 68).toBe(0); // whole bars
      // In their own order they are a stretch of a piece.
      expect(choraleGrid([...before, ...between, ...after]).length).toBeGreaterThan(0);
    }
  });
});
