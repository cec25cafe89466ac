import { beforeAll, describe, expect, it } from "vitest";
import { fillNormal, randomStream } from "../core/random.js";
import { nodeRuntime } from "../core/runtime/node.js";
import { hostTensor, int64Tensor, type Session } from "../core/runtime/session.js";
import { unscaleBands } from "../features/audio/band-scaling.js";
import { faded, levelled, transposed } from "../features/audio/clip.js";
import { slaneyMel } from "../features/audio/slaney-mel.js";
import { memoryFolder } from "../files/memory.js";
import { compileDenoiser } from "../generation/images/denoiser-session.js";
import { guidedField } from "../generation/images/guidance.js";
import { griffinLim } from "../generation/sound/griffin-lim.js";
import { dit } from "../models/dit.js";
import { predictData } from "../models/predict-data.js";
import { exportSoundOnnx } from "./sound-onnx.js";

const mel = { ...slaneyMel(8000), bands: 16 };
const frames = 16;
const model = predictData(
  dit({
    ...{ channels: 1, height: mel.bands, width: frames, patchSize: [mel.bands, 4] as const, embedWidth: 16 },
    ...{ numLayers: 1, numHeads: 2, numClasses: 2, numSpeakers: 2 },
  }),
);
const weights = new Map(
  model.parameters.map(({ name, shape }) => {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    fillNormal(data, randomStream(5, name), 0.3);
    return [name, { shape, data }];
  }),
);
const scaling = {
  mean: Array.from({ length: mel.bands }, (_, i) => -3 - i / 10),
  deviation: Array.from({ length: mel.bands }, (_, i) => 1 + i / 20),
};
const saved = {
  ...{ kind: "denoiser" as const, model, weights, mel, scaling, lead: 0 },
  ...{ classes: ["yes", "oh no"], speakers: ["eve", "theo"], generation: { guidance: 3, shift: 2 } },
};
const size = mel.bands * frames;
const folder = memoryFolder();
const options = { threads: 1, spin: false };
const load = async (name: string, output: string) =>
  nodeRuntime.load(new Uint8Array(await folder.read(`onnx/${name}.onnx`)), [output], options);

beforeAll(() => exportSoundOnnx(folder, saved));

it("gives words the labels of their class and speaker, and their durations", async () => {
  const encode = await nodeRuntime.load(
    new Uint8Array(await folder.read("onnx/text_encoder.onnx")),
    ["last_hidden_state", "durations"],
    options,
  );
  const found = await encode.run({
    input_ids: int64Tensor(Int32Array.of(1, 0, 0, 2), [2, 2]), // "oh-no yes" and "yes [PAD]"
    attention_mask: int64Tensor(Int32Array.of(1, 1, 1, 0), [2, 2]),
    style: hostTensor("float32", [2, 1, 3], Float32Array.of(0, 1, 0, 0, 0, 1)), // theo, none
  });
  expect([...(found.last_hidden_state.data as Float32Array)]).toEqual([4, 1, 2, 8]);
  const lengths = [...(found.durations.data as Float32Array)].map((seconds) =>
    Math.ceil(((seconds / 1.05) * mel.sampleRate) / (mel.hop * frames)),
  );
  expect(lengths).toEqual([2, 1]);
  const { model: words } = JSON.parse(new TextDecoder().decode(await folder.read("tokenizer.json")));
  expect(words.vocab).toEqual({ yes: 0, "oh-no": 1, "[PAD]": 2, "[UNK]": 3 });
  const voice = await folder.read("voices/theo.bin");
  expect([...new Float32Array(Uint8Array.from(voice).buffer)]).toEqual([0, 1, 0]);
});

it("draws each word as our sampler does", async () => {
  const denoise = await load("latent_denoiser", "denoised_latents");
  const labels = [4, 1];
  const noise = new Float32Array(3 * size); // a latent more, as a slower speed asks for
  fillNormal(noise, randomStream(3, "noise"), 1);
  // Latents are [c, l].
  let latents = Float32Array.from({ length: 3 * size }, (_, i) => noise[(i % 3) * size + Math.floor(i / 3)]);
  const steps = 4;
  for (let step = 0; step < steps; step++) {
    const { denoised_latents } = await denoise.run({
      noisy_latents: hostTensor("float32", [1, size, latents.length / size], latents),
      encoder_outputs: hostTensor("float32", [1, 2, 1], Float32Array.from(labels)),
      timestep: hostTensor("float32", [1], Float32Array.of(step)),
      num_inference_steps: hostTensor("float32", [1], Float32Array.of(steps)),
    });
    expect(denoised_latents.shape).toEqual([1, size, 2]);
    latents = Float32Array.from(denoised_latents.data as Float32Array);
  }
  const session = await compileDenoiser(nodeRuntime, model, weights, options);
  const field = guidedField(session, Int32Array.from(labels), { guidance: 3, from: 0, until: 1 });
  const timeOf = (step: number) => step / steps / (step / steps + 2 * (1 - step / steps));
  let x = noise.slice(0, 2 * size);
  for (let step = 0; step < steps; step++) {
    const velocity = await field(x, timeOf(step));
    x = x.map((value, i) => value + velocity[i] * (timeOf(step + 1) - timeOf(step)));
  }
  // The same sums of float32 in another order, over steps that divide by what is left.
  for (const [i, value] of x.entries()) {
    expect(Math.abs(latents[(i % size) * 2 + Math.floor(i / size)] - value)).toBeLessThan(1e-3);
  }
});

describe("the voice decoder", () => {
  let decode: Session;
  beforeAll(async () => {
    decode = await load("voice_decoder", "waveform");
  });

  it("makes the sound that Griffin and Lim's method finds from the same phases", async () => {
    const words = [1, 2].map((seed) => {
      const scaled = new Float32Array(size);
      fillNormal(scaled, randomStream(seed, "bands"), 1);
      return scaled;
    });
    const latents = Float32Array.from({ length: 2 * size }, (_, i) => words[i % 2][Math.floor(i / 2)]);
    const { waveform } = await decode.run({ latents: hostTensor("float32", [1, size, 2], latents) });
    const length = (frames - 1) * mel.hop;
    expect(waveform.shape).toEqual([1, 2 * length]);
    for (const [i, scaled] of words.entries()) {
      const logs = transposed(unscaleBands(scaled, scaling), frames).map((value) =>
        Math.max(Math.log(mel.floor), value),
      );
      const sound = griffinLim(logs, mel, { length, random: randomStream(0, "phases") });
      const wanted = faded(levelled(sound)!, mel.sampleRate);
      const found = (waveform.data as Float32Array).subarray(i * length, (i + 1) * length);
      // 32 iterations in float32 instead of float64.
      for (const [at, value] of wanted.entries()) expect(Math.abs(found[at] - value)).toBeLessThan(2e-3);
    }
  });
});

it("refuses classes that are no words", async () => {
  await expect(exportSoundOnnx(memoryFolder(), { ...saved, classes: [] })).rejects.toThrow(
    "it knows no classes",
  );
  const twice = { ...saved, classes: ["oh no", "oh-no"] };
  await expect(exportSoundOnnx(memoryFolder(), twice)).rejects.toThrow('"oh-no" among oh no, oh-no');
});
