/** A model folder that `@huggingface/transformers` runs in Node and in browsers: ONNX beside the other files. */
import type { Folder } from "../files/folder.js";
import { type ClientForm, writeClientOnnx } from "./client-onnx.js";
import { type SavedModel, saveModel } from "./model-folder.js";
import { cachedDecoderGraph } from "./onnx-graph.js";

/** How the exported model keeps its weights. */
export interface OnnxExportOptions {
  /** How the matrices are kept (default float32); see nn/block-quantised.ts. */
  readonly weights?: ClientForm;
}

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
  form: ClientForm,
  mostBytes?: number,
): Promise<void> {
  await saveModel(folder, saved);
  const { model, weights } = saved;
  await writeClientOnnx(folder, { model: cachedDecoderGraph(model) }, weights, { form, mostBytes });
}
