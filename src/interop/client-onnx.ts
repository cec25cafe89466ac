import type { Tensor } from "../core/graph/tensor.js";
import { lower } from "../core/onnx/lower.js";
import { modelFiles } from "../core/onnx/model-files.js";
import type { Folder } from "../files/folder.js";
import type { Weights } from "../nn/weights.js";
import { type JsonObject, jsonText, readJson } from "./folder-files.js";

/**
 * Writes each graph, its outputs by name, as `onnx/<graph>.onnx` in float32 beside a model's other files, and into its
 * config how clients read them, and `change`.
 */
export async function writeClientOnnx(
  folder: Folder,
  graphs: Readonly<Record<string, Readonly<Record<string, Tensor>>>>,
  weights: Weights,
  change: (config: JsonObject) => object = () => ({}),
): Promise<void> {
  const external: Record<string, number> = {};
  for (const [graph, outputs] of Object.entries(graphs)) {
    const file = `${graph}.onnx`;
    const files = modelFiles(lower(outputs, weights).model, file);
    for (const [name, pieces] of files) await folder.folder("onnx").write(name, ...pieces);
    if (files.size > 1) external[file] = files.size - 1;
  }
  const config = await readJson(folder, "config.json");
  const client = {
    dtype: "fp32",
    ...(Object.keys(external).length > 0 ? { use_external_data_format: external } : {}),
  };
  await folder.write(
    "config.json",
    jsonText({ ...config, ...change(config), "transformers.js_config": client }),
  );
}
