/** A model of hidden notes as a folder: config.json and model.safetensors. */
import { z } from "zod";
import type { Folder } from "../files/folder.js";
import { type MaskedGrid, maskedGrid } from "../models/masked-grid.js";
import type { Weights } from "../nn/weights.js";
import { fieldsOf, jsonText, readJson } from "./folder-files.js";
import { count } from "./image-fields.js";
import { take } from "./model-folder.js";
import { readParameters } from "./model-weights.js";
import { writeSafetensors } from "./safetensors.js";
import { openWeights, weightsFile } from "./sharded.js";

const configFile = "config.json";
const fields = z.object({
  num_steps: count,
  num_voices: count,
  num_symbols: count,
  hidden_size: count,
  num_hidden_layers: count,
  num_attention_heads: count,
  intermediate_size: count,
});

/** A model that has been read or is to be saved. */
export interface SavedGrid {
  readonly model: MaskedGrid;
  readonly weights: Weights;
}

/** Throws `CheckpointError` for a missing parameter. */
export async function saveGrid(folder: Folder, model: MaskedGrid, weights: Weights): Promise<void> {
  await folder.write(configFile, jsonText(model.config()));
  const parameters = model.parameters.map(({ name, shape }) => [name, take(weights, name, shape)] as const);
  await writeSafetensors(folder, weightsFile, new Map(parameters));
}

/** Throws `CheckpointError` for what is damaged, missing, or no such model. */
export async function openGrid(folder: Folder): Promise<SavedGrid> {
  const config = fieldsOf(fields, await readJson(folder, configFile), `${folder.location}/${configFile}`);
  const model = maskedGrid({
    steps: config.num_steps,
    numVoices: config.num_voices,
    numSymbols: config.num_symbols,
    width: config.hidden_size,
    numLayers: config.num_hidden_layers,
    numHeads: config.num_attention_heads,
    mlpWidth: config.intermediate_size,
  });
  return { model, weights: await readParameters(await openWeights(folder), model, folder.location) };
}
