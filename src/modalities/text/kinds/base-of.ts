import { openModel, type SavedModel } from "../../../interop/model-folder.js";
import { finderOf, type Named, type Surroundings } from "../../modality.js";

/** Finds the base model of an adapter. */
export const baseOf = (around: Surroundings) => async (name: string) => (await finderOf(around)(name)).folder;

/** A model to stand beside another, by its own name. */
export async function modelBeside(
  named: Named<SavedModel>,
  name: string,
  checkpoint: Named["checkpoint"],
  around: Surroundings,
): Promise<Named<SavedModel>> {
  const { folder } = await finderOf(around)(name);
  let opened: Promise<SavedModel> | undefined;
  const open = () => {
    opened ??= openModel(folder, checkpoint, baseOf(around));
    return opened;
  };
  return { ...named, name, place: folder, open };
}
