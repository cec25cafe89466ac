/** A model folder that `@huggingface/transformers` runs in Node and in browsers: ONNX beside the other files. */
import { lower } from "../core/onnx/lower.js";
import { modelFiles } from "../core/onnx/model-files.js";
import type { Folder } from "../files/folder.js";
import { quantiseProducts } from "../nn/quantise-products.js";
import { jsonText, readJson } from "./folder-files.js";
import { type SavedModel, saveModel } from "./model-folder.js";
import { cachedDecoderGraph } from "./onnx-graph.js";

/** How the exported model keeps its weights. */
export interface OnnxExportOptions {
  /** How the matrices are kept (default float32); see nn/block-quantised.ts. */
  readonly weights?: "float32" | "int8" | "int4";
}

const configFile = "config.json";

/** What the client calls each form, and the file in which it looks for it. [transformers.js, dtypes.js] */
const forms = {
  float32: { dtype: "fp32", file: "model.onnx" },
  int8: { dtype: "q8", file: "model_quantized.onnx" },
  int4: { dtype: "q4", file: "model_q4.onnx" },
};

/**
 * Writes what `saveModel` writes, and `onnx/model.onnx` with a key/value cache (`model_quantized.onnx` for
 * int8, `model_q4.onnx` for int4). The form written last is the one that loads by default. Weights beyond
 * 2 GiB go into `model.onnx_data`, `model.onnx_data_1` and so on.
 * Throws `CheckpointError` when a parameter is missing or of another shape.
 */
export async function exportOnnx(
  folder: Folder,
  saved: SavedModel,
  { weights = "float32" }: OnnxExportOptions = {},
): Promise<void> {
  await exportInFiles(folder, saved, weights);
}

/** `exportOnnx` with at most so many bytes of weights in a file (default: what ONNX allows, 2 GiB). */
export async function exportInFiles(
  folder: Folder,
  saved: SavedModel,
  form: keyof typeof forms,
  mostBytes?: number,
): Promise<void> {
  await saveModel(folder, saved);
  const { dtype, file } = forms[form];
  const { model, weights } = saved;
  const exact = cachedDecoderGraph(model);
  const graph = form === "float32" ? exact : quantiseProducts(exact, weights, form === "int8" ? 8 : 4);
  const files = modelFiles(lower(graph, weights).model, file, mostBytes);
  const inside = folder.folder("onnx");
  for (const name of await dataFiles(inside, file)) if (!files.has(name)) await inside.remove(name);
  for (const [name, pieces] of files) await inside.write(name, ...pieces);
  await nameFiles(folder, inside, dtype);
}

/** Tells the client which form to load, and how many files of data each has. */
async function nameFiles(folder: Folder, inside: Folder, dtype: string): Promise<void> {
  const counts: Record<string, number> = {};
  for (const { file } of Object.values(forms)) {
    const { length } = await dataFiles(inside, file);
    if (length > 0) counts[file] = length;
  }
  const external = Object.keys(counts).length > 0 ? { use_external_data_format: counts } : {};
  const config = await readJson(folder, configFile);
  await folder.write(configFile, jsonText({ ...config, "transformers.js_config": { dtype, ...external } }));
}

async function dataFiles(folder: Folder, file: string): Promise<string[]> {
  return (await folder.list("")).filter((name) => name.startsWith(`${file}_data`));
}
