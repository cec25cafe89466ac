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

/** The field [frames, 1, 2 bins] at such spectra. */
async function fieldAt(
  given: Weights,
  x: Float32Array,
  mel: Float32Array,
  time = 0.5,
): Promise<Float32Array> {
  const frames = x.length / (2 * bins);
  const inputs = {
    x: input<"t b d">("x", "float32", ["t", 1, 2 * bins]),
    mel: input<"t b m">("mel", "float32", ["t", 1, bands]),
    time: input<"b">("time", "float32", [1]),
  };
  const field = model.predict(inputsFor(model.parameters), inputs.x, inputs.mel, inputs.time);
  const session = await compile(nodeRuntime, { field }, { threads: 1 });
  const found = await session.run({
    ...feedsOf(session, given),
    x: hostTensor("float32", [frames, 1, 2 * bins], x),
    mel: hostTensor("float32", [frames, 1, bands], mel),
    time: hostTensor("float32", [1], Float32Array.of(time)),
  });
  await session.release();
  return found.field.data as Float32Array;
}

describe("a vocoder", () => {
  it("changes nothing when it is fresh, of whatever length", async () => {
    for (const frames of [1, 7]) {
      const field = await fieldAt(fresh, noise(frames * 2 * bins), noise(frames * bands));
      expect(field).toHaveLength(frames * 2 * bins);
      expect(field.every((value) => value === 0)).toBe(true);
    }
  });

  it("sees as far as its convolutions reach, and hears bands and time", async () => {
    const [x, mel] = [noise(9 * 2 * bins), noise(9 * bands, 2)];
    const before = await fieldAt(random, x, mel);
    const changed = x.slice();
    changed[8 * 2 * bins] += 1; // of the last frame
    const after = await fieldAt(random, changed, mel);
    const differs = (frame: number) =>
      before
        .subarray(frame * 2 * bins, (frame + 1) * 2 * bins)
        .some((value, i) => value !== after[frame * 2 * bins + i]);
    expect(Array.from({ length: 9 }, (_, frame) => differs(frame))).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7, 8].map((frame) => frame >= 6), // two layers of one frame each way
    );
    expect(await fieldAt(random, x, noise(9 * bands, 3))).not.toEqual(before);
    expect(await fieldAt(random, x, mel, 0.6)).not.toEqual(before);
  });

  it("has a kernel with a middle", () => {
    expect(() => vocoder({ ...sizes, kernelSize: 4 })).toThrow("kernelSize has no middle");
  });
});
