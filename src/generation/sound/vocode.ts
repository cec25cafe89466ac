/** Sound of mel spectrograms by a trained vocoder. */
import { input } from "../../core/graph/tensor.js";
import type { RandomStream } from "../../core/random.js";
import { compile, hostTensor, type Runtime, type SessionOptions } from "../../core/runtime/session.js";
import { roughLogs } from "../../features/audio/mel-magnitudes.js";
import type { MelSpectrogram } from "../../features/audio/mel-settings.js";
import type { Vocoder } from "../../models/vocoder.js";
import { inputsFor } from "../../nn/parameter.js";
import { feedsOf, type Weights } from "../../nn/weights.js";
import { followBands } from "./follow-bands.js";

/** A vocoder, and how it is used. */
export interface VocoderParts {
  readonly model: Vocoder;
  readonly weights: Weights;
  readonly mel: MelSpectrogram;
  readonly generation: { readonly iterations: number };
}

export interface VocodeOptions extends SessionOptions {
  /** The weights change between runs and are read where they lie. Otherwise they are copied and packed. */
  readonly live?: boolean;
}

/** A compiled vocoder. */
export interface VocoderSession {
  /**
   * Samples of a log-mel spectrogram [frames, bands]: (frames - 1) hops, or `length`. What is random are the phases that it
   * begins with.
   */
  vocode(mel: Float32Array, random: RandomStream, length?: number): Promise<Float32Array>;
  /** Frees the session. */
  release(): Promise<void>;
}

/** Compiles a vocoder for sounds of any length, one at a time. */
export async function compileVocoder(
  runtime: Runtime,
  { model, weights, mel: settings, generation: { iterations } }: VocoderParts,
  { live = false, ...options }: VocodeOptions = {},
): Promise<VocoderSession> {
  const { bins, bands } = model;
  const mel = input<"t b m">("mel", "float32", ["t", 1, bands]);
  const rough = input<"t b n">("rough", "float32", ["t", 1, bins]);
  const outputs = { logs: model.predict(inputsFor(model.parameters), mel, rough) };
  const session = await compile(runtime, outputs, options, live ? undefined : weights);
  const fixed = feedsOf(session, weights);

  async function vocode(bandLogs: Float32Array, random: RandomStream, wanted?: number) {
    const frames = bandLogs.length / bands;
    const { logs } = await session.run({
      ...fixed,
      mel: hostTensor("float32", [frames, 1, bands], bandLogs),
      rough: hostTensor("float32", [frames, 1, bins], roughLogs(bandLogs, settings)),
    });
    const length = wanted ?? (frames - 1) * settings.hop;
    return followBands(logs.data as Float32Array, bandLogs, settings, { iterations, length, random });
  }

  return { vocode, release: () => session.release() };
}
