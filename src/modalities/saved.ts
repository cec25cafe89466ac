/** Trained models by the names that people give them, and what they are. */

import type { Folder } from "../files/folder.js";
import { adapterConfigFile } from "../interop/adapter.js";
import { CheckpointError } from "../interop/errors.js";
import { type JsonObject, readJson } from "../interop/folder-files.js";
import { type Checkpoint, locateModel } from "../interop/model-folder.js";
import {
  adapterType,
  finderOf,
  type Modality,
  type ModelKind,
  type Named,
  type Surroundings,
} from "./modality.js";
import { modalities as all } from "./table.js";

/** What the model in a folder is. Throws `CheckpointError` for one that no modality knows. */
export async function kindOf(place: Folder, modalities: readonly Modality[] = all): Promise<ModelKind> {
  const config = await configOf(place);
  const kinds = modalities.flatMap((modality) => modality.kinds);
  const type = String(config.model_type);
  const found = kinds.find(
    (kind) => kind.modelTypes.includes(type) && (kind.fits === undefined || kind.fits(config)),
  );
  if (found) return found;
  const known = new Set(kinds.flatMap(({ modelTypes }) => modelTypes));
  throw new CheckpointError(
    "the model is of a kind that cannot be opened",
    `model_type ${JSON.stringify(config.model_type)} in ${place.location}/config.json`,
    `these can be opened: ${[...known].filter((name) => name !== adapterType).join(", ")}`,
  );
}

async function configOf(place: Folder): Promise<JsonObject> {
  const hasModel = (await place.size("config.json")) !== undefined;
  const isAdapter = !hasModel && (await place.size(adapterConfigFile)) !== undefined;
  return isAdapter ? { model_type: adapterType } : readJson(place, "config.json");
}

/** Looks a model up: a run, the folder of a model, or a name on the Hugging Face Hub. Reads no weights yet. */
export async function findNamed(name: string, checkpoint: Checkpoint, around: Surroundings): Promise<Named> {
  const { folder } = await finderOf(around)(name);
  return nameIn(name, folder, checkpoint, around);
}

/** As `findNamed`, in a folder. */
export async function nameIn(
  name: string,
  folder: Folder,
  checkpoint: Checkpoint,
  around: Surroundings,
): Promise<Named> {
  const place = await locateModel(folder, checkpoint);
  const kind = await kindOf(place, around.modalities);
  let opened: Promise<unknown> | undefined;
  const open = () => {
    opened ??= kind.open(place, around);
    return opened;
  };
  return { name, folder, place, checkpoint, kind, open };
}
