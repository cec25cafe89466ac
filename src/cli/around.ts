/** What the command line gives runs and models: the runtime of Node, folders and GGUF files of the disk, and the Hugging Face Hub. */
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { nodeRuntime } from "../core/runtime/node.js";
import { fetchModel } from "../interop/hub/fetch-model.js";
import { openModelFolder } from "../interop/hub/open-model-folder.js";
import type { FindModel, Modality, Surroundings } from "../modalities/modality.js";
import { downloadBar } from "./terminal/download.js";
import { onProgress } from "./terminal/phase.js";

/** The folder of a model, downloaded where it has to be, and its name: of a folder the whole path. */
const findModel: FindModel = async (name, revision) => {
  const bar = downloadBar(name);
  const path = await fetchModel(name, { revision, onProgress: bar.update }).finally(bar.finish);
  return { folder: openModelFolder(path), name: path === resolve(name) ? path : name };
};

export const aroundOf = (modalities: readonly Modality[]): Surroundings => ({
  runtime: nodeRuntime,
  openFolder: (path) => openModelFolder(resolve(path)),
  findModel,
  modalities,
  threads: availableParallelism(),
  onProgress,
});
