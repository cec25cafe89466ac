import type { Tensor } from "../core/graph/tensor.js";
import { lower } from "../core/onnx/lower.js";
import { modelFiles } from "../core/onnx/model-files.js";
import type { Folder } from "../files/folder.js";
import { quantiseProducts } from "../nn/quantise-products.js";
import type { Weights } from "../nn/weights.js";
import { type JsonObject, jsonText, readJson } from "./folder-files.js";

/** How an exported graph keeps its matrices; see nn/block-quantised.ts. */
export type ClientForm = "float32" | "int8" | "int4";

/** What the client calls each form, and how the file's name ends in which it looks for it. [transformers.js, dtypes.js] */
const forms = {
  float32: { dtype: "fp32", suffix: "" },
  int8: { dtype: "q8", suffix: "_quantized" },
  int4: { dtype: "q4", suffix: "_q4" },
};

/** How graphs are written for clients. */
export interface ClientOnnxOptions {
  /** Default float32. */
  readonly form?: ClientForm;
  /** What else the clients' config says. */
  readonly change?: (config: JsonObject) => object;
  /** Of weights in a file. Default: what ONNX allows, 2 GiB. */
  readonly mostBytes?: number;
}

/**
 * Writes each graph, its outputs by name, as `onnx/<graph>.onnx` beside a model's other files (`_quantized.onnx` for int8,
 * `_q4.onnx` for int4), and into its config how clients read them: the form written last is the one that loads by default.
 */
export async function writeClientOnnx(
  folder: Folder,
  graphs: Readonly<Record<string, Readonly<Record<string, Tensor>>>>,
  weights: Weights,
  { form = "float32", change = () => ({}), mostBytes }: ClientOnnxOptions = {},
): Promise<void> {
  const { dtype, suffix } = forms[form];
  const inside = folder.folder("onnx");
  for (const [name, exact] of Object.entries(graphs)) {
    const graph = form === "float32" ? exact : quantiseProducts(exact, weights, form === "int8" ? 8 : 4);
    const file = `${name}${suffix}.onnx`;
    const files = modelFiles(lower(graph, weights).model, file, mostBytes);
    for (const old of await dataFiles(inside, file)) if (!files.has(old)) await inside.remove(old);
    for (const [written, pieces] of files) await inside.write(written, ...pieces);
  }
  const config = await readJson(folder, "config.json");
  const client = { dtype, ...(await externalData(inside, Object.keys(graphs))) };
  await folder.write(
    "config.json",
    jsonText({ ...config, ...change(config), "transformers.js_config": client }),
  );
}

/** How many files of data each graph has, in all its forms. */
async function externalData(inside: Folder, graphs: readonly string[]): Promise<object> {
  const counts: Record<string, number> = {};
  for (const { suffix } of Object.values(forms)) {
    for (const name of graphs) {
      const { length } = await dataFiles(inside, `${name}${suffix}.onnx`);
      if (length > 0) counts[`${name}${suffix}.onnx`] = length;
    }
  }
  return Object.keys(counts).length > 0 ? { use_external_data_format: counts } : {};
}

async function dataFiles(inside: Folder, file: string): Promise<string[]> {
  return (await inside.list("")).filter((name) => name.startsWith(`${file}_data`));
}
