import { describe, expect, it } from "vitest";
import { slaneyMel } from "../features/audio/slaney-mel.js";
import { memoryFolder } from "../files/memory.js";
import { withBandPositions } from "../models/band-positions.js";
import { dit } from "../models/dit.js";
import { imageClassifier } from "../models/image-classifier.js";
import { predictData } from "../models/predict-data.js";
import { resnet } from "../models/resnet.js";
import { CheckpointError } from "./errors.js";
import type { NamedArray } from "./safetensors.js";
import type { SoundModelKind } from "./sound-config.js";
import { openSoundModel, saveSoundModel } from "./sound-folder.js";

const mel = slaneyMel(8000);
const shape = { channels: 1, height: mel.bands, width: 8 };
const sizes = { patchSize: [mel.bands, 2] as const, embedWidth: 8, numLayers: 1, numHeads: 2 };
const notes = {
  ...{ classes: ["kick", "snare"], speakers: ["ann"], generation: { count: 3 }, mel, lead: 4 },
  scaling: { mean: Array<number>(mel.bands).fill(-5), deviation: Array<number>(mel.bands).fill(2) },
};
const denoiser: SoundModelKind = {
  kind: "denoiser",
  model: predictData(dit({ ...shape, ...sizes, numClasses: 2, numSpeakers: 1 })),
};
const classifier: SoundModelKind = {
  kind: "classifier",
  model: imageClassifier(
    withBandPositions(resnet({ ...shape, channels: 2, baseWidth: 4, blocksPerStage: [1], groups: 2 })),
    2,
  ),
};

/** Numbers that differ from parameter to parameter. */
const weightsOf = ({ model }: SoundModelKind): Map<string, NamedArray> =>
  new Map(
    model.parameters.map(({ name, shape }, n) => {
      const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
      return [name, { shape, data: data.map((_, i) => ((i + n) % 64) / 64) }];
    }),
  );

async function saved(built: SoundModelKind, change: (config: Record<string, unknown>) => object = (c) => c) {
  const folder = memoryFolder();
  await saveSoundModel(folder, built, weightsOf(built), notes);
  const config = JSON.parse(new TextDecoder().decode(await folder.read("config.json")));
  await folder.write("config.json", JSON.stringify(change(config)));
  return folder;
}

describe("a folder with a model of sound", () => {
  it.each([denoiser, classifier])("gives a $kind back", async (built) => {
    const { kind, model, weights, ...rest } = await openSoundModel(await saved(built));
    expect(kind).toBe(built.kind);
    expect(model.config()).toEqual(built.model.config());
    expect(weights).toEqual(weightsOf(built));
    expect(rest).toEqual(notes);
  });

  it.each([
    [{ model_type: "vit" }, /not one of sound/],
    [{ mel: { ...mel, bands: 63 } }, /numbers of bands differ/],
    [{ mel: { ...mel, window: "hamming" } }, /mel/],
    [{ scaling: { ...notes.scaling, deviation: Array(mel.bands).fill(0) } }, /scaling/],
    [{ lead: -1 }, /lead/],
    [{ num_classes: 3 }, /./],
  ])("refuses %o", async (change, message) => {
    const folder = await saved(denoiser, (config) => ({ ...config, ...change }));
    const opening = openSoundModel(folder);
    await expect(opening).rejects.toThrow(CheckpointError);
    await expect(opening).rejects.toThrow(message);
  });
});
