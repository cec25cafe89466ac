/** A vocoder as a folder: config.json with the mel spectrogram that it reads, and model.safetensors. */
import { z } from "zod";
import type { MelSpectrogram } from "../features/audio/mel-settings.js";
import type { Folder } from "../files/folder.js";
import { type Vocoder, vocoder } from "../models/vocoder.js";
import { CheckpointError } from "./errors.js";
import { fieldsOf, jsonText, readJson } from "./folder-files.js";
import { count } from "./image-fields.js";
import { type Checkpoint, locateModel, take } from "./model-folder.js";
import { readParameters } from "./model-weights.js";
import { type NamedArray, writeSafetensors } from "./safetensors.js";
import { openWeights, weightsFile } from "./sharded.js";
import { melSpectrogram } from "./sound-config.js";

const configFile = "config.json";

/** What is told of a vocoder beside its weights. */
export interface VocoderNotes {
  readonly mel: MelSpectrogram;
  /** How it makes sound where nobody says otherwise. */
  readonly generation: { readonly iterations: number };
}

/** A vocoder as its folder holds it. */
export interface SavedVocoder extends VocoderNotes {
  readonly model: Vocoder;
  readonly weights: ReadonlyMap<string, NamedArray>;
}

const config = z.object({
  ...{ hidden_size: count, intermediate_size: count, num_hidden_layers: count, kernel_size: count },
  mel: melSpectrogram,
  generation: z.object({ iterations: count }),
});

/** Writes the folder. Throws `CheckpointError` for a missing parameter. */
export async function saveVocoder(
  folder: Folder,
  model: Vocoder,
  weights: ReadonlyMap<string, NamedArray>,
  { mel, generation }: VocoderNotes,
): Promise<void> {
  await folder.write(configFile, jsonText({ ...model.config(), mel, generation }));
  const parameters = model.parameters.map(({ name, shape }) => [name, take(weights, name, shape)] as const);
  await writeSafetensors(folder, weightsFile, new Map(parameters));
}

/** Reads a model folder, or a run's checkpoint. Throws `CheckpointError` for what is damaged, missing, or no vocoder. */
export async function openVocoder(folder: Folder, which: Checkpoint = "latest"): Promise<SavedVocoder> {
  const place = await locateModel(folder, which);
  const source = `${place.location}/${configFile}`;
  const json = await readJson(place, configFile);
  if (json.model_type !== "autodidact_vocoder") {
    throw new CheckpointError(
      "the model is no vocoder",
      `model_type ${JSON.stringify(json.model_type)} in ${source}`,
      "give a run of the recipe vocoder",
    );
  }
  const fields = fieldsOf(config, json, source);
  const model = vocoder({
    bands: fields.mel.bands,
    bins: fields.mel.fftSize / 2 + 1,
    width: fields.hidden_size,
    hiddenWidth: fields.intermediate_size,
    numLayers: fields.num_hidden_layers,
    kernelSize: fields.kernel_size,
  });
  const weights = await readParameters(await openWeights(place), model, place.location);
  return { model, weights, mel: fields.mel, generation: fields.generation };
}

/** Throws `CheckpointError` that names the settings in which a model's mel spectrogram is not the one that a vocoder reads. */
export function requireSameMel(mel: MelSpectrogram, vocoder: VocoderNotes, source: string): void {
  const names = Object.keys(mel) as (keyof MelSpectrogram)[];
  const different = names.filter((name) => mel[name] !== vocoder.mel[name]);
  if (different.length === 0) return;
  throw new CheckpointError(
    "the vocoder reads another mel spectrogram than the model draws",
    `${source}: ${different.map((name) => `${name} ${vocoder.mel[name]}, not ${mel[name]}`).join("; ")}`,
    `train a vocoder with ${mel.sampleRate} as features.sampleRate, ${mel.windowLength / mel.sampleRate} as features.windowSeconds and ${mel.bands} as features.bands, or leave it out for Griffin-Lim's method`,
  );
}
