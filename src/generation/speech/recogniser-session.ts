/** A recogniser compiled to hear sounds of any length. */
import { input } from "../../core/graph/tensor.js";
import { compile, hostTensor, type Runtime, type SessionOptions } from "../../core/runtime/session.js";
import { speechFeatures } from "../../features/audio/feature-extractor.js";
import type { SpeechRecogniser } from "../../models/speech-encoder.js";
import { inputsFor } from "../../nn/parameter.js";
import { feedsOf, type Weights } from "../../nn/weights.js";
import type { Emissions } from "./emissions.js";
import { type Sound, spokenFor, windowsOf } from "./long-audio.js";

export interface RecogniserOptions extends SessionOptions {
  /** The weights change between runs and are read where they lie. Otherwise they are copied and packed. */
  readonly live?: boolean;
}

/** A compiled recogniser. */
export interface RecogniserSession {
  /**
   * The logits of a sound, window after window where it is long, of which no more is held than that; `onWindow` is told
   * how many samples are done. Throws `AudioFeatureError` for sound shorter than two frames.
   */
  hear(sound: Sound, onWindow?: (samples: number) => void): AsyncGenerator<Emissions>;
  /** Frees the session. */
  release(): Promise<void>;
}

/** Compiles a recogniser for sounds of any length, one at a time. */
export async function compileRecogniser(
  runtime: Runtime,
  model: SpeechRecogniser,
  weights: Weights,
  { live = false, ...options }: RecogniserOptions = {},
): Promise<RecogniserSession> {
  const { featureWidth } = model.encoder;
  const features = input<"b t f">("features", "float32", [1, "t", featureWidth]);
  const valid = input<"b t">("valid", "float32", [1, "t"]);
  const outputs = { logits: model.logits(inputsFor(model.parameters), features, { valid }) };
  const session = await compile(runtime, outputs, options, live ? undefined : weights);
  const fixed = feedsOf(session, weights);

  async function emissionsOf(samples: Float32Array): Promise<Emissions> {
    const { data, valid: frames } = speechFeatures(samples);
    const { logits } = await session.run({
      ...fixed,
      features: hostTensor("float32", [1, frames, featureWidth], data.subarray(0, frames * featureWidth)),
      valid: hostTensor("float32", [1, frames], new Float32Array(frames).fill(1)),
    });
    return { data: logits.data as Float32Array, frames, vocabulary: model.vocabSize };
  }

  return {
    async *hear(sound, onWindow) {
      for await (const window of windowsOf(sound)) {
        yield spokenFor(window, await emissionsOf(window.samples));
        onWindow?.(window.start + window.samples.length);
      }
    },
    release: () => session.release(),
  };
}
