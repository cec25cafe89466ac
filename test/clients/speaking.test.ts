/** A model of sound that we train and export says its classes in `@huggingface/transformers`. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { openFolder } from "../../src/files/disk.js";
import { openSoundModel } from "../../src/interop/sound-folder.js";
import { exportSoundOnnx } from "../../src/interop/sound-onnx.js";
import { resolveRecipe } from "../../src/modalities/find.js";
import { startRun } from "../../src/modalities/run.js";
import { toneFile } from "../sounds.js";
import type { Spoken } from "./speaking-process.js";

const rate = 8000;
let place: string;
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), "autodidact-speaking-"));
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

/** Which of two tones is in a sound, by their energies. */
function loudest(samples: readonly number[], tones: readonly number[]): number {
  const energies = tones.map((hertz) => {
    const turn = (2 * Math.PI * hertz) / rate;
    const part = (wave: (angle: number) => number) =>
      samples.reduce((sum, value, i) => sum + value * wave(turn * i), 0);
    return part(Math.cos) ** 2 + part(Math.sin) ** 2;
  });
  return energies.indexOf(Math.max(...energies));
}

it("says each word, in the order of the text", async () => {
  const tones = { low: 400, high: 1600 };
  for (const [name, hertz] of Object.entries(tones)) {
    const folder = join(place, "tones", name);
    mkdirSync(folder, { recursive: true });
    for (let i = 0; i < 4; i++) writeFileSync(join(folder, `${i}.wav`), toneFile(0.3, hertz + i, rate));
  }
  const recipe = resolveRecipe(
    {
      data: { format: "sound", path: join(place, "tones"), validationFraction: 0.25 },
      features: { kind: "mel", sampleRate: rate, seconds: 0.3, augment: { shift: 0, gain: 0 } },
      model: { kind: "dit", patchFrames: 4, embedWidth: 32, numLayers: 1, numHeads: 2 },
      objective: { kind: "flowMatching", time: "uniform", classDropout: 0.1 },
      optimizer: { kind: "adamw", lr: 5e-3, schedule: { kind: "constant" } },
      training: { batchSize: 6, steps: 150, evaluateEvery: 150, checkpointEvery: 150 },
    },
    "a test",
  );
  const run = openFolder(join(place, "run"));
  await (await startRun(recipe, run, { runtime: nodeRuntime, openFolder })).train();
  const saved = await openSoundModel(run);
  if (saved.kind !== "denoiser") throw new TypeError(saved.kind);
  const folder = join(place, "exported");
  mkdirSync(folder);
  await exportSoundOnnx(openFolder(folder), saved);

  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      ...["--import", "tsx", fileURLToPath(new URL("speaking-process.ts", import.meta.url))],
      JSON.stringify({ folder, texts: ["high", "low high low"], voice: "none" }),
    ],
    { maxBuffer: 2 ** 26 },
  );
  const [one, three] = JSON.parse(stdout) as Spoken[];
  const word = (saved.model.width - 1) * saved.mel.hop;
  expect([one.rate, one.samples.length, three.samples.length]).toEqual([rate, word, 3 * word]);
  const heard = [0, 1, 2].map((i) =>
    loudest(three.samples.slice(i * word, (i + 1) * word), Object.values(tones)),
  );
  expect([loudest(one.samples, Object.values(tones)), ...heard]).toEqual([1, 0, 1, 0]);
});
