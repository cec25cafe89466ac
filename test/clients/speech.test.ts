/** A recogniser that we export hears the same texts in `@huggingface/transformers`. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { randomStream } from "../../src/core/random.js";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { errorRate, type Utterance } from "../../src/evaluation/speech/error-rate.js";
import { speechFeatures } from "../../src/features/audio/feature-extractor.js";
import { ctcVocabulary } from "../../src/features/tokenizer/ctc-vocabulary.js";
import { openFolder } from "../../src/files/disk.js";
import type { Emissions } from "../../src/generation/speech/emissions.js";
import { compileRecogniser } from "../../src/generation/speech/recogniser-session.js";
import { transcriptOf } from "../../src/generation/speech/transcript.js";
import { exportSpeechOnnx } from "../../src/interop/speech-onnx.js";
import { conformer } from "../../src/models/conformer.js";
import { speechRecogniser } from "../../src/models/speech-recogniser.js";
import type { HeardSound } from "./sound-process.js";

let place: string;
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), "autodidact-speech-"));
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

const vocabulary = ctcVocabulary(["it's a café", "fünf 号"]);
const model = speechRecogniser(
  conformer({ featureWidth: 160, width: 32, numLayers: 2, numHeads: 4, hiddenWidth: 64, kernelSize: 5 }),
  vocabulary.tokens.length,
);
/** A large head: what is heard changes from frame to frame, and the second choice is far behind. */
const weights = new Map(
  model.parameters.map(({ name, shape, role }) => {
    const stream = randomStream(3, name);
    const length = shape.reduce((a, b) => a * b, 1);
    const centre = /norm.*weight/.test(name) ? 1 : 0;
    const scale = role === "head" ? 3 : 0.3;
    return [name, { shape, data: Float32Array.from({ length }, () => centre + scale * stream.normal()) }];
  }),
);

/** A rising tone that swells and fades, over noise that leaves no band empty. */
function sound(index: number): Float32Array {
  const stream = randomStream(index, "sound");
  const length = 5000 + 3111 * index;
  return Float32Array.from({ length }, (_, i) => {
    const seconds = i / 16_000;
    const tone = Math.sin(2 * Math.PI * (150 * (index + 1) + 400 * seconds) * seconds);
    return 0.3 * Math.sin(7 * seconds) * tone + 0.02 * stream.normal();
  });
}

/** By how much the best symbol is ahead of the second in the closest frame. */
function marginOf({ data, frames, vocabulary: size }: Emissions): number {
  const margins = Array.from({ length: frames }, (_, frame) => {
    const [first, second] = data
      .slice(frame * size, (frame + 1) * size)
      .sort()
      .reverse();
    return first - second;
  });
  return Math.min(...margins);
}

/** What the client hears in sounds, by the form that the folder names. */
async function askClient(folder: string, sounds: readonly Float32Array[]): Promise<HeardSound[]> {
  const files = sounds.map((samples, i) => {
    const file = join(place, `${i}.f32`);
    writeFileSync(file, samples);
    return file;
  });
  const script = fileURLToPath(new URL("sound-process.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--import", "tsx", script, JSON.stringify({ folder, files })],
    { maxBuffer: 2 ** 26 },
  );
  return JSON.parse(stdout) as HeardSound[];
}

const saved = { kind: "recogniser", model, weights, vocabulary, generation: {} } as const;

function exported(name: string, form: "float32" | "int8"): Promise<string> {
  const folder = join(place, name);
  mkdirSync(folder);
  return exportSpeechOnnx(openFolder(folder), saved, { weights: form }).then(() => folder);
}

it("ten sounds have the same features and are written down alike", async () => {
  const sounds = Array.from({ length: 10 }, (_, i) => sound(i));
  const theirs = await askClient(await exported("recogniser", "float32"), sounds);
  const session = await compileRecogniser(nodeRuntime, model, weights);
  const texts: string[] = [];
  let padded = 0;
  for (const [i, samples] of sounds.entries()) {
    const { data, frames, valid } = speechFeatures(samples);
    expect(theirs[i].mask).toEqual(Array.from({ length: frames }, (_, row) => (row < valid ? 1 : 0)));
    for (let row = 0; row < valid * 160; row++) expect(theirs[i].features[row]).toBeCloseTo(data[row], 4);
    padded += frames - valid;
    const { value: emissions } = await session.hear([samples]).next();
    expect(marginOf(emissions), `sound ${i}`).toBeGreaterThan(0.01); // far beyond rounding
    const { text } = await transcriptOf([emissions], vocabulary.tokens);
    // The client keeps the space of a word without letters.
    expect(theirs[i].text.replace(/ +/g, " "), `sound ${i}`).toBe(text);
    texts.push(text);
  }
  await session.release();
  expect(padded).toBeGreaterThan(0);
  expect(new Set(texts).size).toBe(10);
  expect(Math.min(...texts.map(({ length }) => length))).toBeGreaterThan(3);
  for (const part of [" ", "'", "é", "[UNK]"]) expect(texts.join()).toContain(part);
});

it("in int8 it loads model_quantized.onnx, and hears nearly what is heard in float32", async () => {
  const sounds = Array.from({ length: 10 }, (_, i) => sound(i));
  const folder = await exported("quantised", "int8");
  expect(readdirSync(join(folder, "onnx"))).toEqual(["model_quantized.onnx"]);
  const session = await compileRecogniser(nodeRuntime, model, weights);
  const pairs: Utterance[] = [];
  for (const [i, { text }] of (await askClient(folder, sounds)).entries()) {
    const { text: reference } = await transcriptOf(session.hear([sounds[i]]), vocabulary.tokens);
    pairs.push({ reference, hypothesis: text.replace(/ +/g, " ") });
  }
  await session.release();
  const { rate, length } = errorRate(pairs, "character");
  expect(length).toBeGreaterThan(50);
  // These weights leave choices close, as no trained ones do.
  expect(rate).toBeLessThan(0.1);
});
