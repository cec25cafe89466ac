/** Sound of mel spectrograms by a trained vocoder. */
import { input } from "../../core/graph/tensor.js";
import type { RandomStream } from "../../core/random.js";
import { compile, hostTensor, type Runtime, type SessionOptions } from "../../core/runtime/session.js";
import type { MelSpectrogram } from "../../features/audio/mel-settings.js";
import { towardsMel } from "../../features/audio/towards-mel.js";
import { VocoderSpectra } from "../../features/audio/vocoder-spectra.js";
import type { Vocoder } from "../../models/vocoder.js";
import { inputsFor } from "../../nn/parameter.js";
import { feedsOf, type Weights } from "../../nn/weights.js";
import { griffinLim } from "./griffin-lim.js";

/** Steps that bring the sound to its mel bands in the end. */
export const bandSteps = 32;

/** A vocoder, and how it is used. */
export interface VocoderParts {
  readonly model: Vocoder;
  readonly weights: Weights;
  readonly mel: MelSpectrogram;
  readonly generation: { readonly steps: number };
}

export interface VocodeOptions extends SessionOptions {
  /** The weights change between runs and are read where they lie. Otherwise they are copied and packed. */
  readonly live?: boolean;
}

/** A compiled vocoder. */
export interface VocoderSession {
  /**
   * Samples of a log-mel spectrogram [frames, bands]: (frames - 1) hops, or `length`. What is random are the phases that
   * Griffin and Lim's method begins with, whose sound the vocoder then mends.
   */
  vocode(mel: Float32Array, random: RandomStream, length?: number): Promise<Float32Array>;
  /** Frees the session. */
  release(): Promise<void>;
}

/** Compiles a vocoder for sounds of any length, one at a time. */
export async function compileVocoder(
  runtime: Runtime,
  { model, weights, mel: settings, generation: { steps } }: VocoderParts,
  { live = false, ...options }: VocodeOptions = {},
): Promise<VocoderSession> {
  const { bins, bands } = model;
  const x = input<"t b d">("x", "float32", ["t", 1, 2 * bins]);
  const mel = input<"t b m">("mel", "float32", ["t", 1, bands]);
  const time = input<"b">("time", "float32", [1]);
  const outputs = { velocity: model.predict(inputsFor(model.parameters), x, mel, time) };
  const session = await compile(runtime, outputs, options, live ? undefined : weights);
  const fixed = feedsOf(session, weights);
  const spectra = new VocoderSpectra(settings);

  async function vocode(logs: Float32Array, random: RandomStream, wanted?: number): Promise<Float32Array> {
    const frames = logs.length / bands;
    const length = wanted ?? (frames - 1) * settings.hop;
    const scale = spectra.scaleOf(logs);
    const told = { ...fixed, mel: hostTensor("float32", [frames, 1, bands], logs) };
    let sound = griffinLim(logs, settings, { length, random });
    for (let step = 0; step < steps; step++) {
      const { velocity } = await session.run({
        ...told,
        x: hostTensor("float32", [frames, 1, 2 * bins], spectra.spectrumOf(sound, scale)),
        time: hostTensor("float32", [1], Float32Array.of(step / steps)),
      });
      const change = spectra.soundOf(velocity.data as Float32Array, scale, length);
      sound = sound.map((value, i) => value + change[i] / steps);
    }
    return towardsMel(sound, logs, settings, bandSteps);
  }

  return { vocode, release: () => session.release() };
}
