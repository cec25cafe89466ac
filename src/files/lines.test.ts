import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BadLine, lineGroups } from "./lines.js";

async function lines(bytes: Buffer, chunkBytes: number): Promise<(string | BadLine)[]> {
  const chunks = async function* () {
    for (let i = 0; i < bytes.length; i += chunkBytes) yield bytes.subarray(i, i + chunkBytes);
  };
  const found: (string | BadLine)[] = [];
  for await (const group of lineGroups(chunks())) found.push(...group);
  return found;
}

describe("lineGroups", () => {
  it("gives the lines of a text whatever the chunks", async () => {
    const line = fc.string({ unit: "grapheme", maxLength: 8 }).map((s) => s.replace(/[\n\ufeff]/g, ""));
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.integer({ min: 1, max: 9 }), async (wanted, chunkBytes) => {
        const text = wanted.join("\n");
        const unfinished = text.split("\n");
        if (unfinished.at(-1) === "") unfinished.pop(); // a newline ends a line
        expect(await lines(Buffer.from(text), chunkBytes)).toEqual(unfinished);
      }),
      { seed: 1 },
    );
  });

  it("tells bad lines apart, with their first bad byte and its place in the file", async () => {
    const bytes = Buffer.concat([
      Buffer.from("\ufeffgood 世\n"),
      Buffer.from([0x61, 0xe9, 0x0a]),
      Buffer.from("\n🌍\n"),
      Buffer.from([0xf0, 0x9f]),
    ]);
    const wanted = ["good 世", { byte: 0xe9, offset: 13 }, "", "🌍", { byte: 0xf0, offset: 21 }];
    for (let chunkBytes = 1; chunkBytes < 25; chunkBytes++) {
      expect(await lines(bytes, chunkBytes)).toEqual(wanted);
    }
  });

  it("drops a byte order mark at the start only", async () => {
    expect(await lines(Buffer.from("\ufeffa\n\ufeffb"), 3)).toEqual(["a", "\ufeffb"]);
  });
});
