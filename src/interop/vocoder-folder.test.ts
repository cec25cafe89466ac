import { describe, expect, it } from "vitest";
import { slaneyMel } from "../features/audio/slaney-mel.js";
import { memoryFolder } from "../files/memory.js";
import { vocoder } from "../models/vocoder.js";
import { adamw } from "../optim/adamw.js";
import { layOut } from "../optim/layout.js";
import { initialiseAll, weightsOf } from "../training/weights.js";
import { CheckpointError } from "./errors.js";
import { openVocoder, requireSameMel, saveVocoder } from "./vocoder-folder.js";

const mel = slaneyMel(8000);
const model = vocoder({ bands: 64, bins: 129, width: 8, hiddenWidth: 8, numLayers: 1, kernelSize: 3 });
const layout = layOut(model.parameters, adamw({ lr: 1 }));
const flat = new Float32Array(layout.size);
initialiseAll(layout, flat, 1);
const weights = weightsOf(layout, flat);
const notes = { mel, generation: { iterations: 3 } };

async function saved() {
  const folder = memoryFolder();
  await saveVocoder(folder, model, weights, notes);
  return folder;
}

describe("a vocoder's folder", () => {
  it("gives back what was saved", async () => {
    const opened = await openVocoder(await saved());
    expect([opened.mel, opened.generation]).toEqual([mel, { iterations: 3 }]);
    expect(opened.model.config()).toEqual(model.config());
    for (const [name, { data }] of weights) expect(opened.weights.get(name)!.data).toEqual(data);
  });

  it("of another model is refused, and one without its spectrogram", async () => {
    const folder = await saved();
    await folder.write("config.json", '{ "model_type": "autodidact_sound_dit" }');
    await expect(openVocoder(folder)).rejects.toThrow("the model is no vocoder");
    await folder.write("config.json", JSON.stringify({ ...model.config(), generation: { iterations: 1 } }));
    await expect(openVocoder(folder)).rejects.toThrow(/mel undefined/);
  });
});

describe("the spectrogram that a vocoder reads", () => {
  it("is that of the model, or the fields that differ are named", () => {
    expect(() => requireSameMel(slaneyMel(8000), notes, "runs/vocoder")).not.toThrow();
    const other = { ...mel, hop: 80, floor: 1e-6 };
    expect(() => requireSameMel(other, notes, "runs/vocoder")).toThrow(CheckpointError);
    expect(() => requireSameMel(other, notes, "runs/vocoder")).toThrow(
      "runs/vocoder: hop 64, not 80; floor 0.00001, not 0.000001",
    );
  });
});
