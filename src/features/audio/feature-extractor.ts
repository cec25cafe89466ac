import { AudioFeatureError } from "./errors.js";
import { kaldiMel } from "./mel-settings.js";
import { type Frames, framesOf, logMel } from "./mel-spectrogram.js";

const STRIDE = 2;

/** Stacked frames, of which the last may be half padding. */
export interface SpeechFeatures extends Frames {
  /** How many rows hold sound alone: the ones of Transformers' attention mask. */
  readonly valid: number;
}

/** How many rows `speechFeatures` makes of so many samples. */
export function speechFrames(samples: number): number {
  return Math.ceil(framesOf(kaldiMel, samples) / STRIDE);
}

/**
 * What a model of speech hears of one channel of 16 kHz from -1 to 1: [t, 160] at 50 Hz, equal to Transformers'
 * SeamlessM4TFeatureExtractor (for Wav2Vec2BertForCTC) but for bands without sound, as `logMel` says.
 * @throws AudioFeatureError for sound shorter than two frames, and for samples that are not finite.
 */
export function speechFeatures(samples: Float32Array): SpeechFeatures {
  const frames = logMel(kaldiMel, samples);
  if (frames.frames >= STRIDE) return stackFrames(frames);
  const { windowLength, hop, sampleRate } = kaldiMel;
  throw new AudioFeatureError(
    "the sound is shorter than two frames",
    `${samples.length} samples of ${sampleRate} Hz`,
    `give at least ${((windowLength + hop) / sampleRate) * 1000} ms`,
  );
}

/**
 * Lays each two frames [n, bands] side by side: [ceil(n / 2), 2 bands]. An odd last one is followed by zeros, the
 * mean of normalised bands, and its row is not valid.
 */
export function stackFrames({ data, frames, bands }: Frames): SpeechFeatures {
  const rows = Math.ceil(frames / STRIDE);
  const padded = new Float32Array(rows * STRIDE * bands);
  padded.set(data);
  return { data: padded, frames: rows, bands: STRIDE * bands, valid: Math.floor(frames / STRIDE) };
}

/** What of a `preprocessor_config.json` decides the features, as Transformers names it. */
const settings = {
  feature_extractor_type: "SeamlessM4TFeatureExtractor",
  feature_size: kaldiMel.bands,
  num_mel_bins: kaldiMel.bands,
  sampling_rate: kaldiMel.sampleRate,
  stride: STRIDE,
};

/** What stands in a model's `preprocessor_config.json`. */
export function preprocessorConfig(): Record<string, string | number | boolean> {
  return {
    ...settings,
    padding_side: "right",
    padding_value: 0,
    processor_class: "Wav2Vec2BertProcessor",
    return_attention_mask: true,
  };
}

/**
 * Takes a `preprocessor_config.json` whose features are those of `speechFeatures`. A size that is missing has the
 * class's default, which is ours. `padding_value` may differ: only rows that are masked hold it.
 * @throws AudioFeatureError that names the setting and `source`.
 */
export function checkPreprocessorConfig(json: unknown, source: string): void {
  const found = typeof json === "object" && json !== null ? new Map(Object.entries(json)) : new Map();
  const { feature_extractor_type: type } = settings;
  for (const [name, wanted] of Object.entries(settings)) {
    const value: unknown = found.get(name);
    if (value === wanted || (value === undefined && wanted !== type)) continue;
    throw new AudioFeatureError(
      "the model hears sound in another way than this version makes features",
      `${source}: ${name} is ${JSON.stringify(value) ?? "missing"}, not ${JSON.stringify(wanted)}`,
      `open models of ${type} with ${kaldiMel.bands} bands of ${kaldiMel.sampleRate} Hz`,
    );
  }
}
