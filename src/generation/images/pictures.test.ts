import { expect, it } from "vitest";
import { GenerationError } from "../errors.js";
import { imageGrid, toPixels } from "./pictures.js";

it("turns values into bytes, the ends exactly and beyond them clipped", () => {
  expect([...toPixels(Float32Array.of(-1, 1, 0.2, -3, 7))]).toEqual([0, 255, 153, 0, 255]);
});

it("is the inverse of pixels / 127.5 - 1", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  expect(toPixels(Float32Array.from(bytes, (v) => v / 127.5 - 1))).toEqual(bytes);
});

/** Byte b as a value. */
const value = (b: number) => b / 127.5 - 1;

it("lays images in rows with white between them", () => {
  const shape = { channels: 1, height: 1, width: 2 };
  const images = Float32Array.from([1, 2, 3, 4, 5, 6], value);
  const w = 255;
  expect(imageGrid(images, shape, { columns: 2, padding: 1 })).toEqual({
    channels: 1,
    height: 5,
    width: 7,
    pixels: Uint8Array.from([
      ...[w, w, w, w, w, w, w],
      ...[w, 1, 2, w, 3, 4, w],
      ...[w, w, w, w, w, w, w],
      ...[w, 5, 6, w, w, w, w],
      ...[w, w, w, w, w, w, w],
    ]),
  });
});

it("keeps the channels apart", () => {
  const images = Float32Array.from([1, 2, 3, 4, 5, 6], value);
  const { pixels } = imageGrid(images, { channels: 3, height: 1, width: 1 }, { padding: 0 });
  expect([...pixels]).toEqual([1, 4, 2, 5, 3, 6]);
});

it("is a square by default", () => {
  const shape = { channels: 1, height: 2, width: 2 };
  expect(imageGrid(new Float32Array(36), shape)).toMatchObject({ height: 14, width: 14 });
});

it.each([0, 7])("refuses %i values", (length) => {
  const shape = { channels: 1, height: 2, width: 2 };
  expect(() => imageGrid(new Float32Array(length), shape)).toThrow(GenerationError);
});
