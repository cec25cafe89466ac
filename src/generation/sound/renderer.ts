/** From spectrograms to samples. */
import { type RandomStream, randomStream } from "../../core/random.js";
import { type BandScaling, unscaleBands } from "../../features/audio/band-scaling.js";
import { samplesOfFrames, transposed } from "../../features/audio/clip.js";
import type { MelSpectrogram } from "../../features/audio/mel-settings.js";
import { griffinLim } from "./griffin-lim.js";

/** Makes samples of log-mel spectrograms of one setting. */
export interface Renderer {
  /** As figures name it. */
  readonly name: string;
  /** The samples of a spectrogram [frames, bands]: `hop` for each frame but the last. */
  render(mel: Float32Array, frames: number, random: RandomStream): Promise<Float32Array>;
}

/** Griffin and Lim's method: no model, and a metallic sound. */
export function griffinLimRenderer(settings: MelSpectrogram): Renderer {
  return {
    name: "Griffin-Lim",
    render: async (mel, frames, random) =>
      griffinLim(mel, settings, { length: samplesOfFrames(settings, frames), random }),
  };
}

/** The samples of sound `number` of a drawing, from its spectrogram [bands, frames] in the scale of a model. */
export function soundOf(
  renderer: Renderer,
  scaled: Float32Array,
  { mel, scaling }: { readonly mel: MelSpectrogram; readonly scaling: BandScaling },
  { seed, number }: { readonly seed: number; readonly number: number },
): Promise<Float32Array> {
  const frames = scaled.length / mel.bands;
  const logs = unscaleBands(scaled, scaling).map((value) => Math.max(Math.log(mel.floor), value));
  return renderer.render(transposed(logs, frames), frames, randomStream(seed, "phases", number));
}
