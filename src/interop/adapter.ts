/** A LoRA adapter as PEFT keeps it: adapter_config.json and adapter_model.safetensors. */
import { z } from "zod";
import { saveTokenizer } from "../features/tokenizer/load-tokenizer.js";
import type { Tokenizer } from "../features/tokenizer/tokenizer.js";
import type { Folder } from "../files/folder.js";
import type { Decoder } from "../models/decoder.js";
import { type LinearLayer, type LoraConfig, linearLayers, loraA, loraB, mergeLora } from "../nn/lora.js";
import { CheckpointError } from "./errors.js";
import { jsonText, readJson } from "./folder-files.js";
import { requireFinite } from "./model-weights.js";
import { type NamedArray, openSafetensors, writeSafetensors } from "./safetensors.js";

export const adapterConfigFile = "adapter_config.json";
const weightsFile = "adapter_model.safetensors";
/** What PEFT puts before the name of each layer. */
const prefix = "base_model.model.";

type Weights = ReadonlyMap<string, NamedArray>;

/** An adapter that has been read or is to be saved. */
export interface SavedAdapter {
  readonly lora: LoraConfig;
  /** The model that it stands beside: a folder, or a name on the Hugging Face Hub. */
  readonly base: string;
  /** A [rank, in] and B [out, rank] of each layer, named by `loraA` and `loraB`. */
  readonly weights: Weights;
}

/** Writes the adapter of `model`, and the tokenizer it was trained with; PEFT opens the folder. */
export async function saveAdapter(
  folder: Folder,
  { lora, base, weights }: SavedAdapter,
  model: Decoder,
  tokenizer?: Tokenizer,
): Promise<void> {
  const layers = adaptedLayers(model, weights);
  const config = {
    peft_type: "LORA",
    task_type: "CAUSAL_LM",
    base_model_name_or_path: base,
    r: lora.rank,
    lora_alpha: lora.alpha,
    lora_dropout: 0,
    target_modules: [...new Set(layers.map(({ name }) => name.slice(name.lastIndexOf(".") + 1)))].sort(),
    fan_in_fan_out: layers.some(({ inputAxis }) => inputAxis === 0),
    bias: "none",
    modules_to_save: null,
    use_rslora: false,
    use_dora: false,
    rank_pattern: {},
    alpha_pattern: {},
    inference_mode: true,
  };
  await folder.write(adapterConfigFile, jsonText(config));
  await writeSafetensors(folder, weightsFile, new Map([...weights].map(([name, a]) => [prefix + name, a])));
  if (tokenizer) await saveTokenizer(tokenizer, folder);
}

const configSchema = z.looseObject({
  peft_type: z.literal("LORA"),
  base_model_name_or_path: z.string(),
  r: z.int().positive(),
  lora_alpha: z.number(),
  target_modules: z.union([z.array(z.string()), z.string()]),
  bias: z.literal("none").default("none"),
  modules_to_save: z.null().default(null),
  use_rslora: z.literal(false).default(false),
  use_dora: z.literal(false).default(false),
  rank_pattern: z.strictObject({}).default({}),
  alpha_pattern: z.strictObject({}).default({}),
});

/** Reads an adapter. Throws `CheckpointError` for what is damaged or not exactly expressible. */
export async function loadAdapter(folder: Folder): Promise<SavedAdapter> {
  const source = `${folder.location}/${adapterConfigFile}`;
  const { data: config, error } = configSchema.safeParse(await readJson(folder, adapterConfigFile));
  if (!config) {
    const { path, message } = error.issues[0];
    throw new CheckpointError(
      "an adapter's configuration cannot be used",
      `${path.join(".")} in ${source}: ${message}`,
      "plain LoRA adapters of PEFT can be opened: one rank and alpha, no bias, no further modules",
    );
  }
  const targets = [config.target_modules].flat();
  return {
    lora: { rank: config.r, alpha: config.lora_alpha, targets },
    base: config.base_model_name_or_path,
    weights: await readMatrices(folder, config.r),
  };
}

async function readMatrices(folder: Folder, rank: number): Promise<Map<string, NamedArray>> {
  const source = `${folder.location}/${weightsFile}`;
  const file = await openSafetensors(folder, weightsFile);
  const weights = new Map<string, NamedArray>();
  for (const [name, { shape }] of file.entries) {
    const ours = name.startsWith(prefix) ? name.slice(prefix.length) : name;
    const data = await file.read(name);
    if (weights.has(ours)) throw unfit(`${ours} is there twice in ${source}`);
    const own = ours.endsWith(loraA("")) ? shape[0] : shape[1];
    if (own !== rank) throw unfit(`${name} is [${shape}] in ${source}, r is ${rank}`);
    requireFinite(name, data, source);
    weights.set(ours, { shape, data });
  }
  return weights;
}

/**
 * The layers of a model that an adapter changes. Throws `CheckpointError` when it has matrices for other layers,
 * of other shapes, or half of a pair.
 */
export function adaptedLayers(model: Pick<Decoder, "parameters">, weights: Weights): LinearLayer[] {
  const layers = linearLayers(model.parameters).filter(({ name }) => weights.has(loraA(name)));
  const rank = layers.length > 0 ? weights.get(loraA(layers[0].name))!.shape[0] : undefined;
  const expected = new Map(
    layers.flatMap(({ name, inputs, outputs }) => [
      [loraA(name), `${rank},${inputs}`] as const,
      [loraB(name), `${outputs},${rank}`] as const,
    ]),
  );
  const names = [...new Set([...weights.keys(), ...expected.keys()])];
  const wrong = names.find((name) => String(weights.get(name)?.shape) !== expected.get(name));
  if (wrong === undefined && layers.length > 0) return layers;
  const of = (shape: readonly number[] | string | undefined) => (shape === undefined ? "none" : `[${shape}]`);
  throw unfit(
    wrong === undefined
      ? "it has no matrices"
      : `${wrong} is ${of(weights.get(wrong)?.shape)}, the model wants ${of(expected.get(wrong))}`,
  );
}

function unfit(found: string): CheckpointError {
  return new CheckpointError(
    "an adapter's matrices do not fit its base model or its configuration",
    found,
    "use the adapter with the model that it was trained on, and its files as they were saved",
  );
}

/** The model's weights with the adapter added in; the arrays of other layers are shared. */
export function mergeAdapter(
  model: Pick<Decoder, "parameters">,
  weights: Weights,
  adapter: Pick<SavedAdapter, "lora" | "weights">,
): Map<string, NamedArray> {
  const merged = new Map(weights);
  for (const layer of adaptedLayers(model, adapter.weights)) {
    const name = `${layer.name}.weight`;
    const { shape, data } = weights.get(name)!;
    const [a, b] = [loraA, loraB].map((of) => adapter.weights.get(of(layer.name))!.data);
    merged.set(name, { shape, data: mergeLora(data, layer, a, b, adapter.lora) });
  }
  return merged;
}
