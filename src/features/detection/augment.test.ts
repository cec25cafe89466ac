/** Boxes are drawn, one a channel, and have to bound what was drawn after the change as before it. */
import { describe, expect, it } from "vitest";
import { randomStream } from "../../core/random.js";
import type { Box, Edges } from "../../data/detection/boxes.js";
import { AugmentError } from "../images/errors.js";
import { augmentBoxed } from "./augment.js";
import type { BoxedImage } from "./boxed-image.js";
import { copyPaste } from "./copy-paste.js";
import { flipSideways, flipUpright, mosaic, rescale } from "./moves.js";

const shape = { channels: 4, height: 48, width: 64 };
const size = shape.height * shape.width;
const draws = [...Array(20).keys()];

/** Boxes drawn in the channels of their labels: 1 inside, -1 outside. */
function draw(boxes: readonly Box[]): BoxedImage {
  const pixels = new Float32Array(shape.channels * size).fill(-1);
  for (const { left, top, right, bottom, label } of boxes) {
    for (let y = top; y < bottom; y++) {
      const row = label * size + y * shape.width;
      pixels.fill(1, row + left, row + right);
    }
  }
  return { pixels, boxes };
}

const box = (label: number, left: number, top: number, right: number, bottom: number): Box => ({
  left,
  top,
  right,
  bottom,
  label,
});

/** The edges of what is lit in a channel. Grey, which a smaller image lies on, is not, even with other colours. */
function lit({ pixels }: BoxedImage, channel: number): Edges | undefined {
  const seen = { left: shape.width, top: shape.height, right: 0, bottom: 0 };
  for (let at = 0; at < size; at++) {
    if (pixels[channel * size + at] < 0.4) continue;
    const [x, y] = [at % shape.width, Math.floor(at / shape.width)];
    seen.left = Math.min(seen.left, x);
    seen.right = Math.max(seen.right, x + 1);
    seen.top = Math.min(seen.top, y);
    seen.bottom = Math.max(seen.bottom, y + 1);
  }
  return seen.right > 0 ? seen : undefined;
}

const sides = ["left", "top", "right", "bottom"] as const;

/** Every box bounds what is lit in its channel, and each lit channel has its box. */
function expectBounded(image: BoxedImage, pixels: number): void {
  const labels = image.boxes.map(({ label }) => label);
  for (let channel = 0; channel < shape.channels; channel++) {
    if (lit(image, channel)) expect(labels).toContain(channel);
  }
  for (const found of image.boxes) {
    const seen = lit(image, found.label);
    // Of what is cut off to less than a pixel nothing may be lit.
    if (!seen && found.ignored) continue;
    for (const side of sides) expect(Math.abs(found[side] - seen![side])).toBeLessThanOrEqual(pixels);
  }
}

const three = draw([box(0, 2, 3, 20, 15), box(1, 30, 10, 50, 44), box(2, 55, 0, 64, 9)]);

describe("images moved with their boxes", () => {
  it("are mirrored, and mirrored back", () => {
    for (const flip of [flipSideways, flipUpright]) {
      const once = flip(three, shape);
      expectBounded(once, 0);
      expect(once.boxes).not.toEqual(three.boxes);
      expect(flip(once, shape)).toEqual(three);
    }
  });

  it.each([0.5, 0.77, 1, 1.3, 2.5])("are %f times as large", (factor) => {
    for (const step of draws) {
      const image = rescale(three, shape, factor, randomStream(1, "scale", step));
      // Half a pixel, and of one of the source, which is now `factor` wide, what is blended and not lit.
      expectBounded(image, 0.5 + 0.7 * factor);
      if (factor <= 1) expect(image.boxes).toHaveLength(3);
      const [first] = rescale(
        draw([box(0, 0, 0, 64, 48)]),
        shape,
        factor,
        randomStream(1, "scale", step),
      ).boxes;
      const shown = (first.right - first.left) / shape.width;
      expect(shown).toBeCloseTo(Math.min(1, factor), 1);
    }
  });

  it("lose boxes that are out of sight, and learn nothing of those of which little is left", () => {
    const corner = draw([box(0, 0, 0, 12, 12)]);
    const steps = [...Array(60).keys()];
    const seen = steps.flatMap(
      (step) => rescale(corner, shape, 2, randomStream(2, "scale", step)).boxes[0] ?? [],
    );
    expect(seen.length).toBeGreaterThan(5);
    expect(seen.length).toBeLessThan(30);
    for (const { left, top, right, bottom, ignored = false } of seen) {
      expect([left, top]).toEqual([0, 0]);
      expect(ignored).toBe(right * bottom < (24 * 24) / 4);
    }
  });

  it("are put together from four", () => {
    const boxes = [box(0, 4, 4, 40, 30), box(1, 20, 20, 60, 40), box(2, 5, 8, 30, 44), box(3, 30, 2, 64, 48)];
    const [a, b, c, d] = boxes.map((each) => draw([each]));
    const numbers = new Set<number>();
    for (const step of draws) {
      const image = mosaic([a, b, c, d], shape, randomStream(3, "mosaic", step));
      expectBounded(image, 0);
      numbers.add(image.boxes.length);
      expect(image.pixels.every((value) => value === 1 || value === -1)).toBe(true);
    }
    expect(Math.max(...numbers)).toBe(4);
  });
});

describe("copyPaste", () => {
  const image = draw([box(0, 10, 10, 40, 40)]);
  const other = draw([box(1, 5, 5, 17, 20)]);

  it("pastes things with their boxes, and covers little of what was there", () => {
    let pasted = 0;
    for (const step of draws) {
      const found = copyPaste(image, other, shape, 1, randomStream(4, "paste", step));
      expect(found.boxes[0]).toEqual(image.boxes[0]);
      const left = found.pixels.subarray(0, size).filter((value) => value > 0).length;
      expect(left).toBeGreaterThanOrEqual(0.75 * 900);
      pasted += found.boxes.length - 1;
      if (found.boxes[1]) expect(lit(found, 1)).toMatchObject(withoutLabel(found.boxes[1]));
    }
    expect(pasted).toBeGreaterThan(10);
  });

  it("leaves out what finds no place, and pastes nothing from an empty image", () => {
    const full = draw([box(0, 0, 0, 64, 48)]);
    const large = draw([box(1, 0, 0, 60, 40)]);
    expect(copyPaste(full, large, shape, 3, randomStream(5, "paste"))).toEqual(full);
    expect(copyPaste(image, draw([]), shape, 3, randomStream(5, "paste"))).toEqual(image);
  });
});

const withoutLabel = ({ label: _, ...edges }: Box) => edges;

describe("augmentBoxed", () => {
  const color = { brightness: 0.1, contrast: 0.1, saturation: 0 };
  const everything = { flip: true, flipUpright: true, scale: { min: 0.7, max: 1.4 }, colorJitter: color };
  const batch = [three, draw([box(3, 20, 20, 40, 40)])];

  it("bounds what is in the images after all changes together, without changing what it was given", () => {
    const before = structuredClone(batch);
    for (const step of draws.slice(0, 10)) {
      const augmented = augmentBoxed(batch, shape, everything, randomStream(6, "augment", step));
      // As above, for a factor of 1.4 and a pixel more, as other colours light more or less of an edge.
      for (const image of augmented) expectBounded(image, 2.5);
    }
    expect(batch).toEqual(before);
  });

  it("is a pure function of the batch and its stream", () => {
    const options = { ...everything, mosaic: 0.5, copyPaste: 2 };
    const draw = (step: number) => augmentBoxed(batch, shape, options, randomStream(7, "augment", step));
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(augmentBoxed(batch, shape, {}, randomStream(7, "augment"))).toEqual(batch);
    expect(augmentBoxed([], shape, options, randomStream(7, "augment"))).toEqual([]);
  });

  it("refuses options outside their range", () => {
    const wrong = [
      { mosaic: 2 },
      { copyPaste: 0.5 },
      { scale: { min: 2, max: 1 } },
      { scale: { min: 0, max: 1 } },
    ];
    for (const options of wrong) {
      expect(() => augmentBoxed(batch, shape, options, randomStream(8, "augment"))).toThrow(AugmentError);
    }
  });
});
