import type { Tensor } from "../core/graph/tensor.js";
import { lower } from "../core/onnx/lower.js";
import { modelFiles } from "../core/onnx/model-files.js";
import type { Folder } from "../files/folder.js";
import type { Weights } from "../nn/weights.js";
import { type JsonObject, jsonText, readJson } from "./folder-files.js";

/** Writes `onnx/model.onnx` in float32 beside a model's other files, and into its config how clients read it, and `change`. */
export async function writeClientOnnx(
  folder: Folder,
  outputs: Readonly<Record<string, Tensor>>,
  weights: Weights,
  change: (config: JsonObject) => object = () => ({}),
): Promise<void> {
  const file = "model.onnx";
  const files = modelFiles(lower(outputs, weights).model, file);
  for (const [name, pieces] of files) await folder.folder("onnx").write(name, ...pieces);
  const config = await readJson(folder, "config.json");
  const client = {
    dtype: "fp32",
    ...(files.size > 1 ? { use_external_data_format: { [file]: files.size - 1 } } : {}),
  };
  await folder.write(
    "config.json",
    jsonText({ ...config, ...change(config), "transformers.js_config": client }),
  );
}
