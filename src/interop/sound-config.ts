/** `config.json` to a model of sound. */
import { z } from "zod";
import type { BandScaling } from "../features/audio/band-scaling.js";
import type { MelSpectrogram } from "../features/audio/mel-settings.js";
import { withBandPositions } from "../models/band-positions.js";
import { imageClassifier } from "../models/image-classifier.js";
import type { Denoiser, ImageClassifier } from "../models/image-model.js";
import { predictData } from "../models/predict-data.js";
import { CheckpointError } from "./errors.js";
import { fieldsOf, type JsonObject } from "./folder-files.js";
import { ditConfig, ditOf, resnetConfig, resnetOf } from "./image-config.js";
import { count, labels } from "./image-fields.js";

/** A model over mel spectrograms [b, 1, bands, frames], and what it is for. */
export type SoundModelKind =
  | { readonly kind: "denoiser"; readonly model: Denoiser }
  | { readonly kind: "classifier"; readonly model: ImageClassifier };

/** How sound becomes what a model reads. */
export interface SoundWindow {
  readonly mel: MelSpectrogram;
  readonly scaling: BandScaling;
  /** Of silence, before a sound begins. */
  readonly lead: number;
}

export const melSpectrogram = z.object({
  ...{ sampleRate: count, windowLength: count, hop: count, fftSize: count },
  window: z.enum(["povey", "hann"]),
  preemphasis: z.number(),
  removeDc: z.boolean(),
  scale: z.number().positive(),
  padding: z.enum(["none", "reflect"]),
  dropLast: z.boolean(),
  power: z.union([z.literal(1), z.literal(2)]),
  bands: count,
  melScale: z.enum(["htk", "slaney"]),
  filterNorm: z.enum(["none", "slaney"]),
  triangles: z.enum(["mel", "hertz"]),
  ...{ fmin: z.number().nonnegative(), fmax: z.number().positive() },
  log: z.enum(["ln", "whisper"]),
  floor: z.number().positive(),
  normalisation: z.enum(["none", "utterance"]),
}) satisfies z.ZodType<MelSpectrogram>;

const soundWindow = z.object({
  mel: melSpectrogram,
  scaling: z.object({ mean: z.array(z.number()), deviation: z.array(z.number().positive()) }),
  lead: z.int().nonnegative(),
});

/** The `model_type` of each kind. */
export const soundModelTypes = {
  denoiser: "autodidact_sound_dit",
  classifier: "autodidact_sound_resnet",
} as const;

/** Builds the model that a config describes. Throws `CheckpointError` naming the field. */
export function soundModelFromConfig(config: JsonObject, source: string): SoundModelKind & SoundWindow {
  const window = fieldsOf(soundWindow, config, source);
  const opened = modelOf(config, source);
  const { bands } = window.mel;
  const { mean, deviation } = window.scaling;
  if ([mean.length, deviation.length, opened.model.height].every((number) => number === bands)) {
    return { ...opened, ...window };
  }
  throw new CheckpointError(
    "the model's numbers of bands differ",
    `mel.bands ${bands}, scaling of ${mean.length} and ${deviation.length}, model of ${opened.model.height} in ${source}`,
    "restore config.json from a copy",
  );
}

function modelOf(config: JsonObject, source: string): SoundModelKind {
  if (config.model_type === soundModelTypes.denoiser) {
    return { kind: "denoiser", model: predictData(ditOf(fieldsOf(ditConfig, config, source))) };
  }
  if (config.model_type === soundModelTypes.classifier) {
    const { id2label } = fieldsOf(labels, config, source);
    const encoder = withBandPositions(resnetOf(fieldsOf(resnetConfig, config, source)));
    return { kind: "classifier", model: imageClassifier(encoder, Object.keys(id2label).length) };
  }
  throw new CheckpointError(
    "the model is not one of sound",
    `model_type ${JSON.stringify(config.model_type)} in ${source}`,
    `these can be opened: ${Object.values(soundModelTypes).join(", ")}`,
  );
}
