/** A small fresh model of chorales in a folder, served. */
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { choraleAlphabet } from "../../src/features/music/chorale-words.js";
import { musicTokenizer } from "../../src/features/music/music-tokenizer.js";
import { openFolder } from "../../src/files/disk.js";
import { saveModel } from "../../src/interop/model-folder.js";
import type { Surroundings } from "../../src/modalities/modality.js";
import { findNamed } from "../../src/modalities/saved.js";
import { llama } from "../../src/models/llama.js";
import { adamw } from "../../src/optim/adamw.js";
import { layOut } from "../../src/optim/layout.js";
import { type RunningServer, startHost } from "../../src/serving/http/server.js";
import { initialiseAll, weightsOf } from "../../src/training/weights.js";

const around: Surroundings = { runtime: nodeRuntime, openFolder };

/** The model, served as "small" out of the folder; `close` ends everything. */
export async function serveSmallComposer(folder: string): Promise<RunningServer> {
  const tokenizer = musicTokenizer(choraleAlphabet);
  const sizes = { contextLength: 200, numLayers: 1, numHeads: 2, width: 16, hiddenWidth: 32 };
  const model = llama({ ...sizes, vocabSize: tokenizer.vocabSize });
  const layout = layOut(model.parameters, adamw({ lr: 1 }));
  const flat = new Float32Array(layout.size);
  initialiseAll(layout, flat, 1);
  const weights = weightsOf(layout, flat);
  await saveModel(openFolder(folder), { model, weights, tokenizer, music: "chorales" });
  const named = await findNamed(folder, "latest", around);
  const { serving } = named.kind;
  const options = serving!.options.parse({});
  const served = await serving!.start(named, { name: "small", options, maxConcurrent: 1 }, around);
  const limits = { bodyBytes: served.bodyBytes!, maxConcurrent: 1, maxQueue: 3 };
  const server = await startHost(served, { port: 0, limits });
  return {
    ...server,
    async close() {
      await server.close(0);
      await served.close();
    },
  };
}
