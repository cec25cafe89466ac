/** A small fresh model of sounds in a folder, served: what it says is noise. */
import { fillNormal, randomStream } from "../../src/core/random.js";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { slaneyMel } from "../../src/features/audio/slaney-mel.js";
import { openFolder } from "../../src/files/disk.js";
import { saveSoundModel } from "../../src/interop/sound-folder.js";
import type { Surroundings } from "../../src/modalities/modality.js";
import { findNamed } from "../../src/modalities/saved.js";
import { dit } from "../../src/models/dit.js";
import { adamw } from "../../src/optim/adamw.js";
import { layOut } from "../../src/optim/layout.js";
import { type RunningServer, startHost } from "../../src/serving/http/server.js";
import { weightsOf } from "../../src/training/weights.js";

const around: Surroundings = { runtime: nodeRuntime, openFolder };

/** What it knows: one that a page must not take for HTML, and one of two words. */
export const words = ["<b>one</b>", "snare drum", "two"];

/** The model, with these voices, served as "small" out of the folder; `close` ends everything. */
export async function serveSmallSpeaker(
  folder: string,
  speakers: readonly string[] = ["Ann", "bob"],
): Promise<RunningServer> {
  const mel = slaneyMel(8000);
  const sizes = { channels: 1, height: mel.bands, width: 16, patchSize: [mel.bands, 2] as const };
  const model = dit({
    ...{ ...sizes, embedWidth: 16, numLayers: 1, numHeads: 2 },
    ...{ numClasses: words.length, numSpeakers: speakers.length },
  });
  const layout = layOut(model.parameters, adamw({ lr: 1 }));
  const flat = new Float32Array(layout.size);
  fillNormal(flat, randomStream(1, "weights"), 0.1); // fresh ones would say all words alike
  const scaling = { mean: new Array(mel.bands).fill(-5), deviation: new Array(mel.bands).fill(1) };
  await saveSoundModel(openFolder(folder), { kind: "denoiser", model }, weightsOf(layout, flat), {
    ...{ classes: words, speakers, mel, scaling, lead: 0 },
    generation: { count: 1, steps: 1, solver: "euler", guidance: 1 },
  });
  const named = await findNamed(folder, "latest", around);
  const { serving } = named.kind;
  const options = serving!.options.parse({});
  const served = await serving!.start(named, { name: "small", options, maxConcurrent: 1 }, around);
  const limits = { bodyBytes: served.bodyBytes ?? 20_000, maxConcurrent: 1, maxQueue: 3 };
  const server = await startHost(served, { port: 0, limits });
  return {
    ...server,
    async close() {
      await server.close(0);
      await served.close();
    },
  };
}
