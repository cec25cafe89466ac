import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodedPieces, firstInvalidByte } from "./utf8.js";

async function pieces(bytes: Buffer, chunkBytes: number, pieceBytes: number): Promise<string[]> {
  const chunks = async function* () {
    for (let i = 0; i < bytes.length; i += chunkBytes) yield bytes.subarray(i, i + chunkBytes);
  };
  const found: string[] = [];
  for await (const piece of decodedPieces("file", chunks(), pieceBytes)) found.push(piece);
  return found;
}

describe("decodedPieces", () => {
  it("joins up to the text whatever the chunks and pieces", async () => {
    const text = fc.string({ unit: "grapheme", maxLength: 60 }).map((s) => s.replace(/^\ufeff+/, ""));
    const size = fc.integer({ min: 4, max: 20 });
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 9 }), size, async (whole, chunkBytes, pieceBytes) => {
        const found = await pieces(Buffer.from(whole), chunkBytes, pieceBytes);
        expect(found.join("")).toBe(whole);
        expect(found).not.toContain("");
        for (const piece of found) expect(Buffer.byteLength(piece)).toBeLessThanOrEqual(pieceBytes);
        for (const piece of found) expect(Buffer.from(piece).toString()).toBe(piece);
      }),
    );
  });

  it("finds a bad byte wherever the borders fall", async () => {
    const before = "a世🌍".repeat(5);
    const at = Buffer.byteLength(before);
    const bytes = Buffer.concat([Buffer.from(before), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from("é")]);
    for (let chunkBytes = 1; chunkBytes < 9; chunkBytes++) {
      for (let pieceBytes = 4; pieceBytes < 12; pieceBytes++) {
        await expect(pieces(bytes, chunkBytes, pieceBytes)).rejects.toThrow(`byte 0xed at byte offset ${at}`);
      }
    }
  });

  it("drops a byte order mark at the start only", async () => {
    expect(await pieces(Buffer.from("\ufeffab\ufeffc"), 1, 100)).toEqual(["ab\ufeffc"]);
  });
});

describe("firstInvalidByte", () => {
  it("agrees with the platform's strict decoder on any bytes", () => {
    const strict = new TextDecoder("utf-8", { fatal: true });
    const isValid = (bytes: Uint8Array) => {
      try {
        strict.decode(bytes);
        return true;
      } catch {
        return false;
      }
    };
    const byte = fc.constantFrom(
      0x41,
      0x80,
      0x8f,
      0x9f,
      0xa0,
      0xbf,
      0xc1,
      0xc2,
      0xe0,
      0xe4,
      0xed,
      0xf0,
      0xf4,
      0xf5,
      0xff,
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 8 }), fc.array(byte, { maxLength: 8 }), (some, likely) => {
        for (const bytes of [some, Uint8Array.from(likely)]) {
          const bad = firstInvalidByte(bytes);
          expect(bad === -1).toBe(isValid(bytes));
          if (bad > 0) expect(isValid(bytes.subarray(0, bad))).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
