/** A language model in the forms of other programs. */
import { loadTokenizer } from "../../../features/tokenizer/load-tokenizer.js";
import type { Folder } from "../../../files/folder.js";
import { adapterConfigFile, loadAdapter, saveAdapter } from "../../../interop/adapter.js";
import { CheckpointError } from "../../../interop/errors.js";
import { exportGguf } from "../../../interop/gguf/export.js";
import type { GgufType } from "../../../interop/gguf/tensor-types.js";
import { openModel, type SavedModel, saveModel } from "../../../interop/model-folder.js";
import { exportOnnx, type OnnxExportOptions } from "../../../interop/onnx-export.js";
import type { Named, Surroundings } from "../../modality.js";
import { baseOf } from "./base-of.js";

type Model = Named<SavedModel>;

export const writeSafetensors = async (model: Model, to: Folder) => saveModel(to, await model.open());

export const writeOnnx = async (model: Model, to: Folder, precision: string) =>
  exportOnnx(to, await model.open(), { weights: precision as OnnxExportOptions["weights"] });

const ggufTypes: Readonly<Record<string, GgufType>> = { float32: "F32", float16: "F16", q8_0: "Q8_0" };

export const writeGguf = async ({ name, open }: Model, to: Folder, precision: string) =>
  exportGguf(to, baseName(name), await open(), { type: ggufTypes[precision] });

/** The last part of a model's name, without the ending that a GGUF file has. */
const baseName = (name: string) =>
  name
    .replace(/[\\/]+$/, "")
    .replace(/^.*[\\/]/, "")
    .replace(/\.gguf$/i, "");

/** Throws `CheckpointError` for a model that is not an adapter. */
export async function writeAdapter({ place }: Model, to: Folder, around: Surroundings): Promise<void> {
  if ((await place.size(adapterConfigFile)) === undefined) {
    throw new CheckpointError(
      "the model is not an adapter",
      `${place.location} has no ${adapterConfigFile}`,
      "export it as safetensors; training writes adapters where a recipe has model.lora",
    );
  }
  const saved = await loadAdapter(place);
  const { model } = await openModel(await baseOf(around)(saved.base));
  await saveAdapter(to, saved, model, await loadTokenizer(place));
}
