import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { madeChorale, writeMadeChorales } from "../../../test/made-chorales.js";
import { temporaryFolder } from "../../../test/temporary-folder.js";
import { DataError } from "../../files/errors.js";
import { readChorales } from "./chorales.js";

const place = temporaryFolder();
const file = join(place, "set", "Jsb16thSeparated.json");
writeMadeChorales(file, 4);

describe("readChorales", () => {
  it.each([
    ["a folder", join(place, "set")],
    ["the file", file],
  ])("reads the splits of %s", async (_, path) => {
    const { train, validation, test } = await readChorales(path);
    expect([train.length, validation.length, test.length]).toEqual([6, 2, 2]);
    expect(train[0]).toEqual(Int8Array.from(madeChorale(4, 0).flat()));
  });

  it.each([
    ["nothing", join(place, "nowhere"), /nowhere/],
    ["a folder without it", join(place, "empty"), /no Jsb16thSeparated.json/],
  ])("refuses %s", async (_, path, message) => {
    mkdirSync(join(place, "empty"), { recursive: true });
    await expect(readChorales(path)).rejects.toThrow(DataError);
    await expect(readChorales(path)).rejects.toThrow(message);
  });

  it.each([
    ["no JSON", "{", /damaged|JSON/],
    [
      "three voices",
      JSON.stringify({ train: [[[60, 60, 60]]], valid: [[[1, 1, 1, 1]]], test: [] }),
      /train.0.0/,
    ],
    ["a pitch above 127", JSON.stringify({ train: [[[200, 1, 1, 1]]], valid: [], test: [] }), /train.0.0.0/],
  ])("refuses a file with %s, saying where", async (name, text, message) => {
    const other = join(place, name, "chorales.json");
    mkdirSync(join(place, name));
    writeFileSync(other, text);
    await expect(readChorales(other)).rejects.toThrow(message);
  });
});
