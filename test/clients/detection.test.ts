/** A detector that we export finds the same boxes in `@huggingface/transformers`. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { randomStream } from "../../src/core/random.js";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { stretchImage } from "../../src/data/images/decode.js";
import { fromBytes } from "../../src/data/images/image-batches.js";
import { openFolder } from "../../src/files/disk.js";
import { decodeMaps } from "../../src/generation/detection/decode.js";
import { compileDetector } from "../../src/generation/detection/detector-session.js";
import { exportImageOnnx } from "../../src/interop/image-onnx.js";
import { detectorStride } from "../../src/models/detector.js";
import { randomDetector } from "../random-detector.js";

let place: string;
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), "autodidact-detector-"));
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

const classes = ["ant", "bee", "cat"];
const threshold = 0.3;

interface Found {
  readonly label: string;
  readonly score: number;
  readonly box: {
    readonly xmin: number;
    readonly ymin: number;
    readonly xmax: number;
    readonly ymax: number;
  };
}

/** Coarse blocks of colour, as a PNG file. */
async function drawBlocks(seed: number, width: number, height: number): Promise<string> {
  const stream = randomStream(seed, "picture");
  const blocks = Uint8Array.from({ length: 8 * 6 * 3 }, () => stream.integer(256));
  const file = join(place, `${seed}.png`);
  const image = sharp(blocks, { raw: { width: 8, height: 6, channels: 3 } });
  await image.resize(width, height, { kernel: "nearest", fit: "fill" }).png().toFile(file);
  return file;
}

/** What the client and we find in the files, the sides as parts of the picture's. */
async function bothFind(name: string, detector: ReturnType<typeof randomDetector>, files: readonly string[]) {
  const { model, weights } = detector;
  const folder = join(place, name);
  mkdirSync(folder);
  const notes = { classes, objective: {}, generation: {} };
  await exportImageOnnx(openFolder(folder), { kind: "detector", model, weights, ...notes });
  const script = fileURLToPath(new URL("detection-process.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...["--import", "tsx", script],
    JSON.stringify({ folder, files, threshold }),
  ]);
  const theirs = JSON.parse(stdout) as Found[][];
  const session = await compileDetector(nodeRuntime, model, weights, { threads: 1, spin: false });
  const ours: Found[][] = [];
  for (const file of files) {
    const [maps] = await session.maps(fromBytes(await stretchImage(readFileSync(file), file, model)));
    const picture = { width: 1, height: 1 };
    const found = decodeMaps(maps, { ...model, stride: detectorStride }, { threshold, picture });
    ours.push(
      found.map(({ label, score, left, top, right, bottom }) => ({
        ...{ label: classes[label], score },
        box: { xmin: left, ymin: top, xmax: right, ymax: bottom },
      })),
    );
  }
  await session.release();
  return files.map((file, i) => ({ file, theirs: theirs[i], ours: ours[i] }));
}

describe("transformers.js", () => {
  it("finds the same boxes with the same scores in pictures of any size", async () => {
    const sizes = [
      ...Array.from({ length: 90 }, () => [96, 64]),
      ...[
        [640, 480],
        [480, 640],
        [333, 77],
        [97, 65],
        [48, 32],
        [20, 300],
        [1024, 683],
        [96, 128],
        [61, 64],
        [8, 6],
      ],
    ];
    const files: string[] = [];
    for (const [i, [width, height]] of sizes.entries()) files.push(await drawBlocks(i, width, height));
    let boxes = 0;
    for (const { file, theirs, ours } of await bothFind("some", randomDetector(), files)) {
      expect(
        theirs.map(({ label }) => label),
        file,
      ).toEqual(ours.map(({ label }) => label));
      for (const [i, { score, box }] of theirs.entries()) {
        expect(Math.abs(score - ours[i].score), `score of box ${i}, ${file}`).toBeLessThan(1e-4);
        for (const side of ["xmin", "ymin", "xmax", "ymax"] as const) {
          expect(Math.abs(box[side] - ours[i].box[side]), `${side} of box ${i}, ${file}`).toBeLessThan(1e-4);
        }
      }
      boxes += theirs.length;
    }
    expect(boxes).toBeGreaterThan(500);
  });

  it("finds nothing where there is nothing", async () => {
    const files = [await drawBlocks(1, 96, 64)];
    const [{ theirs, ours }] = await bothFind("none", randomDetector({ bias: -20 }), files);
    expect([theirs, ours]).toEqual([[], []]);
  });
});
