/** Models by the names that users give: a run, a model folder, or a repository on the Hugging Face Hub. */
import { resolve } from "node:path";
import { InvalidArgumentError, Option } from "commander";
import { openFolder } from "../files/disk.js";
import { fetchModel } from "../interop/hub/fetch-model.js";
import { type Checkpoint, openModel } from "../interop/model-folder.js";
import type { FindModel } from "../modalities/text/base.js";
import { checkpointName } from "../training/checkpoint.js";
import { downloadBar } from "./terminal/download.js";

/** The folder of a model, downloaded where it has to be, and its name: of a folder the whole path. */
export const findModel: FindModel = async (name, revision) => {
  const bar = downloadBar(name);
  const path = await fetchModel(name, { revision, onProgress: bar.update }).finally(bar.finish);
  return { folder: openFolder(path), name: path === resolve(name) ? path : name };
};

/** Finds the base model of an adapter. */
export const openBase = async (name: string) => (await findModel(name)).folder;

/** `--checkpoint`: which of a run's models a command opens. */
export function checkpointOption(): Option {
  return new Option("--checkpoint <which>", "of a run: latest, best, or the number of a step that it kept")
    .argParser(parseCheckpoint)
    .default("latest");
}

function parseCheckpoint(text: string): Checkpoint {
  if (text === "latest" || text === "best") return text;
  if (/^[1-9]\d*$/.test(text)) return checkpointName(Number(text));
  throw new InvalidArgumentError("Give latest, best, or the number of a step.");
}

/** Reads a model, an adapter merged into its base. Throws the errors of `fetchModel` and `openModel`. */
export async function openNamedModel(name: string, checkpoint: Checkpoint = "latest") {
  return openModel(await openBase(name), checkpoint, openBase);
}
