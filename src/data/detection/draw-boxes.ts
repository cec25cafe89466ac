import sharp from "sharp";
import { opened, readable } from "../images/decode.js";
import type { Detection, Edges } from "./boxes.js";
import { GLYPH, glyphOf } from "./pixel-font.js";

/** How thick lines are, and how large a pixel of a letter: this part of a picture's mean side. */
const UNIT_SHARE = 1 / 300;
/** In units, with a margin of one all around. */
const TAG_HEIGHT = GLYPH.height + 2;
const CHARACTER_WIDTH = GLYPH.width + 1;

/** Colours at half the resolution would blur thin lines; tables made for a picture would hold it several times more. */
const JPEG = { quality: 90, chromaSubsampling: "4:4:4", optimiseCoding: false };

/** Trubetskoy, "List of 20 simple, distinct colors", 2017, in his order without black and white. */
const COLOURS = [
  [230, 25, 75],
  [60, 180, 75],
  [255, 225, 25],
  [67, 99, 216],
  [245, 130, 49],
  [145, 30, 180],
  [66, 212, 244],
  [240, 50, 230],
  [191, 239, 69],
  [250, 190, 212],
  [70, 153, 144],
  [220, 190, 255],
  [154, 99, 36],
  [255, 250, 200],
  [128, 0, 0],
  [170, 255, 195],
  [128, 128, 0],
  [255, 216, 177],
  [0, 0, 117],
  [169, 169, 169],
] as const;

type Colour = readonly [number, number, number];

/** What is drawn on: bytes [height, width, 3]. */
interface Canvas {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** Pixels. */
  readonly unit: number;
}

/**
 * A picture, upright and in sRGB, with detections drawn on it: an outline around each in its class's colour, and a tag
 * with the class's name and the score in percent. A name that is not all printable ASCII, but for accents, is replaced by
 * the class's number. The surest are drawn last.
 * @throws ImageError naming the picture where it cannot be read.
 */
export async function drawBoxes(
  bytes: Uint8Array,
  name: string,
  detections: readonly Detection[],
  classes: readonly string[],
  encoding: "png" | "jpeg",
): Promise<Uint8Array> {
  const canvas = await readable(bytes, name, () => canvasOf(bytes));
  const ordered = detections.toSorted((a, b) => a.score - b.score);
  const outlines = ordered.map((detection) => drawOutline(canvas, detection));
  for (const [i, outline] of outlines.entries()) drawTag(canvas, outline, ordered[i], classes);
  const { data, width, height } = canvas;
  const image = sharp(data, { raw: { width, height, channels: 3 }, limitInputPixels: false });
  return (encoding === "png" ? image.png() : image.jpeg(JPEG)).toBuffer();
}

async function canvasOf(bytes: Uint8Array): Promise<Canvas> {
  const image = opened(bytes).flatten({ background: "#ffffff" }).toColourspace("srgb");
  const { data, info } = await image.raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  return { data, width, height, unit: Math.max(1, Math.round(Math.sqrt(width * height) * UNIT_SHARE)) };
}

/** Draws around the box, at the picture's borders on it. Gives where the line's outside is. */
function drawOutline(canvas: Canvas, box: Detection): Edges {
  const { unit } = canvas;
  const left = Math.max(0, Math.floor(box.left) - unit);
  const top = Math.max(0, Math.floor(box.top) - unit);
  const right = Math.min(canvas.width, Math.ceil(box.right) + unit);
  const bottom = Math.min(canvas.height, Math.ceil(box.bottom) + unit);
  const colour = colourOf(box);
  fill(canvas, { left, top, right, bottom: top + unit }, colour);
  fill(canvas, { left, top: bottom - unit, right, bottom }, colour);
  fill(canvas, { left, top, right: left + unit, bottom }, colour);
  fill(canvas, { left: right - unit, top, right, bottom }, colour);
  return { left, top, right, bottom };
}

function drawTag(canvas: Canvas, outline: Edges, box: Detection, classes: readonly string[]): void {
  const { unit } = canvas;
  const most = Math.max(0, Math.floor((canvas.width / unit - 1) / CHARACTER_WIDTH));
  const text = tagText(box, classes, most);
  const size = { width: (text.length * CHARACTER_WIDTH + 1) * unit, height: TAG_HEIGHT * unit };
  const { left, top } = tagPlace(outline, size, canvas);
  const colour = colourOf(box);
  fill(canvas, { left, top, right: left + size.width, bottom: top + size.height }, colour);
  const ink: Colour = isLight(colour) ? [0, 0, 0] : [255, 255, 255];
  [...text].forEach((character, i) => {
    drawGlyph(canvas, character, left + (1 + i * CHARACTER_WIDTH) * unit, top + unit, ink);
  });
}

/** The name and the score; of the name what there is room for. */
function tagText({ label, score }: Detection, classes: readonly string[], most: number): string {
  const name = (classes[label] ?? "").normalize("NFD").replace(/\p{M}/gu, "");
  const known = name !== "" && [...name].every(glyphOf) ? name : String(label);
  const percent = String(Math.round(100 * score));
  const room = most - percent.length - 1;
  return room > 0 ? `${known.slice(0, room)} ${percent}` : percent.slice(0, most);
}

/** Above the box, or where there is room beside it; inside only of one that leaves none. */
function tagPlace(
  outline: Edges,
  size: { readonly width: number; readonly height: number },
  canvas: Canvas,
): { left: number; top: number } {
  const [lastLeft, lastTop] = [canvas.width - size.width, canvas.height - size.height];
  const left = Math.max(0, Math.min(outline.left, lastLeft));
  const top = Math.max(0, Math.min(outline.top, lastTop));
  const places = [
    { left, top: outline.top - size.height },
    { left, top: outline.bottom },
    { left: outline.right, top },
    { left: outline.left - size.width, top },
  ];
  const isInside = (place: { left: number; top: number }) =>
    place.left >= 0 && place.left <= lastLeft && place.top >= 0 && place.top <= lastTop;
  return places.find(isInside) ?? { left, top };
}

function drawGlyph(canvas: Canvas, character: string, left: number, top: number, colour: Colour): void {
  const { unit } = canvas;
  glyphOf(character)?.forEach((isSet, i) => {
    if (!isSet) return;
    const x = left + (i % GLYPH.width) * unit;
    const y = top + Math.floor(i / GLYPH.width) * unit;
    fill(canvas, { left: x, top: y, right: x + unit, bottom: y + unit }, colour);
  });
}

/** Fills what of a rectangle is in the picture. */
function fill({ data, width, height }: Canvas, area: Edges, [red, green, blue]: Colour): void {
  const [first, last] = [Math.max(0, area.left), Math.min(width, area.right)];
  for (let y = Math.max(0, area.top); y < Math.min(height, area.bottom); y++) {
    for (let x = first; x < last; x++) {
      const at = 3 * (y * width + x);
      data[at] = red;
      data[at + 1] = green;
      data[at + 2] = blue;
    }
  }
}

function colourOf({ label }: Detection): Colour {
  return COLOURS[label % COLOURS.length];
}

/** By luma (ITU-R BT.601), which is 0 to 255. */
function isLight([red, green, blue]: Colour): boolean {
  return 0.299 * red + 0.587 * green + 0.114 * blue > 140;
}
