/** From a resolved recipe for a vocoder to its spectrogram, model and task. */
import type { MelSpectrogram } from "../../features/audio/mel-settings.js";
import { slaneyMel } from "../../features/audio/slaney-mel.js";
import { type Vocoder, vocoder } from "../../models/vocoder.js";
import { spectralMagnitudes } from "../../objectives/spectral-magnitudes.js";
import type { Task } from "../../objectives/task.js";
import type { VocoderRecipe } from "./recipe.js";

/** The mel spectrogram that the vocoder reads. */
export const melOf = ({ features }: Pick<VocoderRecipe, "features">): MelSpectrogram =>
  slaneyMel(features.sampleRate, features);

/** A recipe's model and task. Throws `ModelError` for sizes. */
export function buildVocoder(recipe: VocoderRecipe): { readonly model: Vocoder; readonly task: Task } {
  const { features, training } = recipe;
  const { bands, fftSize } = melOf(recipe);
  const model = vocoder({ ...recipe.model, bands, bins: fftSize / 2 + 1 });
  const { batchSize } = training;
  const task: Task = {
    ...spectralMagnitudes(model, { batchSize, frames: features.frames }),
    parameters: model.parameters,
    unit: "frames",
    unitsPerBatch: batchSize * features.frames,
    counts: "frames",
    count: () => batchSize * features.frames,
  };
  return { model, task };
}
