import fc from "fast-check";
import { expect, it } from "vitest";
import { crc32 } from "./crc32.js";

const encode = (text: string) => new TextEncoder().encode(text);

it("gives the published check value", () => {
  expect(crc32(encode("123456789"))).toBe(0xcbf43926);
  expect(crc32(encode("The quick brown fox jumps over the lazy dog"))).toBe(0x414fa339);
  expect(crc32(new Uint8Array())).toBe(0);
});

it("goes on from any border", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(60), (bytes, cut) => {
      expect(crc32(bytes.subarray(cut), crc32(bytes.subarray(0, cut)))).toBe(crc32(bytes));
    }),
  );
});
