/** What makes sound of the spectrograms that a model draws. */

import { griffinLimRenderer, type Renderer } from "../../../generation/sound/renderer.js";
import { compileVocoder } from "../../../generation/sound/vocode.js";
import { openVocoder, requireSameMel } from "../../../interop/vocoder-folder.js";
import { kept } from "../../kept.js";
import { finderOf, type Surroundings } from "../../modality.js";
import type { Saved } from "./saved.js";

/**
 * A trained vocoder by its name, or without one Griffin and Lim's method. Throws `CheckpointError` for what is no vocoder,
 * and for one of another mel spectrogram, naming the settings that differ.
 */
export async function rendererOf(
  saved: Saved<"denoiser">,
  name: string | undefined,
  around: Surroundings,
): Promise<Renderer> {
  if (name === undefined) return griffinLimRenderer(saved.mel);
  const session = await kept(saved, `vocoder ${name}`, async () => {
    const vocoder = await openVocoder((await finderOf(around)(name)).folder);
    requireSameMel(saved.mel, vocoder, name);
    return compileVocoder(around.runtime, vocoder);
  });
  return { name: `vocoder ${name}`, render: (mel, _frames, random) => session.vocode(mel, random) };
}
