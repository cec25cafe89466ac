import { describe, expect, it } from "vitest";
import { input } from "../core/graph/tensor.js";
import { fillNormal, randomStream } from "../core/random.js";
import { nodeRuntime } from "../core/runtime/node.js";
import { compile, hostTensor } from "../core/runtime/session.js";
import { inputsFor } from "../nn/parameter.js";
import { feedsOf, type Weights } from "../nn/weights.js";
import { adamw } from "../optim/adamw.js";
import { layOut } from "../optim/layout.js";
import { initialiseAll, weightsOf } from "../training/weights.js";
import { vocoder } from "./vocoder.js";

const [bands, bins] = [4, 5];
const sizes = { bands, bins, width: 8, hiddenWidth: 16, numLayers: 2, kernelSize: 3 };
const model = vocoder(sizes);
const layout = layOut(model.parameters, adamw({ lr: 1 }));

function weights(fill: (flat: Float32Array) => void): Weights {
  const flat = new Float32Array(layout.size);
  fill(flat);
  return weightsOf(layout, flat);
}
const fresh = weights((flat) => initialiseAll(layout, flat, 1));
const random = weights((flat) => fillNormal(flat, randomStream(1, "weights"), 0.3));

const noise = (length: number, seed = 1) => {
  const values = new Float32Array(length);
  fillNormal(values, randomStream(seed, "noise", length), 1);
  return values;
};

/** Logarithms of magnitudes [frames, 1, bins] behind such bands. */
async function logsOf(given: Weights, mel: Float32Array, rough: Float32Array): Promise<Float32Array> {
  const frames = mel.length / bands;
  const inputs = {
    mel: input<"t b m">("mel", "float32", ["t", 1, bands]),
    rough: input<"t b n">("rough", "float32", ["t", 1, bins]),
  };
  const logs = model.predict(inputsFor(model.parameters), inputs.mel, inputs.rough);
  const session = await compile(nodeRuntime, { logs }, { threads: 1 });
  const found = await session.run({
    ...feedsOf(session, given),
    mel: hostTensor("float32", [frames, 1, bands], mel),
    rough: hostTensor("float32", [frames, 1, bins], rough),
  });
  await session.release();
  return found.logs.data as Float32Array;
}

describe("a vocoder", () => {
  it("adds nothing when it is fresh, of whatever length", async () => {
    for (const frames of [1, 7]) {
      const rough = noise(frames * bins);
      expect(await logsOf(fresh, noise(frames * bands), rough)).toEqual(rough);
    }
  });

  it("sees as far as its convolutions reach, and hears bands", async () => {
    const [mel, rough] = [noise(9 * bands, 2), noise(9 * bins)];
    const before = await logsOf(random, mel, rough);
    const changed = rough.slice();
    changed[8 * bins] += 1; // of the last frame
    const after = await logsOf(random, mel, changed);
    const differs = (frame: number) =>
      before.subarray(frame * bins, (frame + 1) * bins).some((value, i) => value !== after[frame * bins + i]);
    expect(Array.from({ length: 9 }, (_, frame) => differs(frame))).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7, 8].map((frame) => frame >= 6), // two layers of one frame each way
    );
    expect(await logsOf(random, noise(9 * bands, 3), rough)).not.toEqual(before);
  });

  it("has a kernel with a middle", () => {
    expect(() => vocoder({ ...sizes, kernelSize: 4 })).toThrow("kernelSize has no middle");
  });
});
