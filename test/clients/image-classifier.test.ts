/** A ViT that we export tells the same classes in `@huggingface/transformers`. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import sharp from "sharp";
import { afterAll, beforeAll, expect, it } from "vitest";
import { randomStream } from "../../src/core/random.js";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { fromBytes } from "../../src/data/images/image-batches.js";
import { decodeImage } from "../../src/data/images/open-images.js";
import { openFolder } from "../../src/files/disk.js";
import { compileClassifier } from "../../src/generation/images/classifier-session.js";
import { exportImageOnnx } from "../../src/interop/image-onnx.js";
import { imageClassifier } from "../../src/models/image-classifier.js";
import { poolings, vit } from "../../src/models/vit.js";

let place: string;
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), "autodidact-vit-"));
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

const size = 16;
const classes = ["ant", "bee", "cat", "dog", "eel"];
const sizes = {
  channels: 3,
  height: size,
  width: size,
  patchSize: 4,
  embedWidth: 32,
  numLayers: 2,
  numHeads: 4,
};
const classifier = imageClassifier(vit({ ...sizes, mlpWidth: 64 }), classes.length);
const weights = new Map(
  classifier.parameters.map(({ name, shape }) => {
    const stream = randomStream(3, name);
    const length = shape.reduce((a, b) => a * b, 1);
    const centre = /layernorm.*weight/.test(name) ? 1 : 0;
    return [name, { shape, data: Float32Array.from({ length }, () => centre + 0.3 * stream.normal()) }];
  }),
);

it.each(poolings)("a hundred pictures get the same class, with the same probability: %s", async (pooling) => {
  const model = imageClassifier(vit({ ...sizes, mlpWidth: 64, pooling }), classes.length);
  const folder = join(place, pooling);
  mkdirSync(folder);
  const notes = { classes, objective: {}, generation: {} };
  await exportImageOnnx(openFolder(folder), { kind: "classifier", model, weights, ...notes });
  const files: string[] = [];
  for (let i = 0; i < 100; i++) {
    const stream = randomStream(i, "picture");
    // Coarse blocks of colour: noise of single pixels looks the same to every patch.
    const blocks = Uint8Array.from({ length: 4 * 4 * 3 }, () => stream.integer(256));
    const file = join(place, `${i}.png`);
    const image = sharp(blocks, { raw: { width: 4, height: 4, channels: 3 } });
    await image.resize(size, size, { kernel: "nearest" }).png().toFile(file);
    files.push(file);
  }
  const script = fileURLToPath(new URL("image-process.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...["--import", "tsx", script],
    JSON.stringify({ folder, files }),
  ]);
  const theirs = JSON.parse(stdout) as { label: string; score: number }[];

  const session = await compileClassifier(nodeRuntime, model, weights);
  const seen = new Set<string>();
  for (const [i, file] of files.entries()) {
    const pixels = await decodeImage(readFileSync(file), file, model);
    const probabilities = await session.classify(fromBytes(pixels));
    const best = probabilities.indexOf(Math.max(...probabilities));
    expect(theirs[i].label, file).toBe(classes[best]);
    expect(theirs[i].score).toBeCloseTo(probabilities[best], 4); // float32 in another order of sums
    seen.add(classes[best]);
  }
  expect(seen.size).toBeGreaterThan(1);
});
