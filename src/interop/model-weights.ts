/** The tensors of a weights file matched with the parameters of a decoder. */
import type { Parameter } from "../nn/parameter.js";
import { CheckpointError } from "./errors.js";
import type { NamedArray, TensorFile } from "./safetensors.js";

/** A model as far as its weights are concerned. */
export interface WithParameters {
  readonly parameters: readonly Parameter[];
}

/** Tensors that older checkpoints carry and that no model reads: causal masks, rotary frequencies, T5's second bias. */
const buffers =
  /(^|\.)(h\.\d+\.attn\.(bias|masked_bias)|rotary_emb\.inv_freq|EncDecAttention\.relative_attention_bias\.weight)$/;
/** What checkpoints of a bare decoder or encoder leave out of each name. */
const prefixes = ["transformer.", "model.", "wav2vec2_bert."];
/** Under which names a file may hold the embedding a second time. */
const copies = ["lm_head.weight", "encoder.embed_tokens.weight", "decoder.embed_tokens.weight"];
/** Most names that a message lists. */
const mostNames = 8;

/** In which form a weight is kept from when it is read on. */
export type KeepWeight = (parameter: Parameter, weight: NamedArray) => NamedArray;

/**
 * Reads every parameter of the model, one after another, each kept as `keep` gives it. GPT-2's, Llama's and Wav2Vec2Bert's names count with and without their prefix; a
 * second copy of the embedding, such as a tied head, must equal it. Throws `CheckpointError` listing what is missing, too
 * much, of another shape, or not finite.
 */
export async function readParameters(
  file: TensorFile,
  model: WithParameters,
  source: string,
  keep: KeepWeight = (_, weight) => weight,
): Promise<Map<string, NamedArray>> {
  const stored = storedNames(file, model, source);
  checkShapes(file, model, stored, source);
  const weights = new Map<string, NamedArray>();
  for (const parameter of model.parameters) {
    const { name, shape } = parameter;
    const data = await file.read(stored.get(name)!);
    requireFinite(name, data, source);
    weights.set(name, keep(parameter, { shape, data }));
  }
  for (const copy of copies) {
    if (stored.has(copy) && !weights.has(copy))
      await checkTied(file, model, stored.get(copy)!, weights, source);
  }
  return weights;
}

/** From our names to those in the file, copies of the embedding included when the file has them. */
function storedNames(file: TensorFile, model: WithParameters, source: string): Map<string, string> {
  const known = new Set([...model.parameters.map(({ name }) => name), ...copies]);
  const stored = new Map<string, string>();
  const extra: string[] = [];
  for (const name of file.entries.keys()) {
    const ours = [name, ...prefixes.map((prefix) => prefix + name)].find((candidate) => known.has(candidate));
    if (ours === undefined || stored.has(ours)) {
      if (!buffers.test(name)) extra.push(name);
    } else stored.set(ours, name);
  }
  const missing = model.parameters.map(({ name }) => name).filter((name) => !stored.has(name));
  if (missing.length === 0 && extra.length === 0) return stored;
  const list = (what: string, names: string[]) =>
    names.length === 0 ? [] : [`${what} ${names.slice(0, mostNames).join(", ")}${more(names.length)}`];
  throw new CheckpointError(
    "the weights are not those of the model that config.json describes",
    `${source}: ${[...list("missing", missing), ...list("unknown", extra)].join("; ")}`,
    "check that config.json and the weights are of one model and one version",
  );
}

const more = (count: number) => (count > mostNames ? ` and ${count - mostNames} more` : "");

function checkShapes(
  file: TensorFile,
  model: WithParameters,
  stored: ReadonlyMap<string, string>,
  source: string,
): void {
  const wrong = model.parameters.flatMap(({ name, shape }) => {
    const found = file.entries.get(stored.get(name)!)!.shape;
    return String(found) === String(shape) ? [] : [`${name} is [${found}], not [${shape}]`];
  });
  if (wrong.length === 0) return;
  throw new CheckpointError(
    "the weights have other shapes than config.json describes",
    `${source}: ${wrong.slice(0, mostNames).join("; ")}${more(wrong.length)}`,
    "check that config.json and the weights are of one model and one version",
  );
}

async function checkTied(
  file: TensorFile,
  model: WithParameters,
  copy: string,
  weights: ReadonlyMap<string, NamedArray>,
  source: string,
): Promise<void> {
  const { name } = model.parameters.find(({ role }) => role === "embedding")!;
  const embedding = weights.get(name)!;
  const { shape } = file.entries.get(copy)!;
  const values = String(shape) === String(embedding.shape) ? await file.read(copy) : undefined;
  if (values?.every((value, i) => value === embedding.data[i])) return;
  throw new CheckpointError(
    "a weight is tied to the embedding, yet the file holds another one",
    `${copy} [${shape}] differs from ${name} [${embedding.shape}] in ${source}`,
    "set tie_word_embeddings to false in config.json where the architecture allows it, or fetch the model again",
  );
}

/** Throws `CheckpointError` where a weight is infinite or NaN. */
export function requireFinite(name: string, data: Float32Array, source: string): void {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i] * 0; // zero, except for infinities and NaN
  if (sum === 0) return;
  throw new CheckpointError(
    "a model's weights are not all finite",
    `${name} of ${source} has a value that is infinite or not a number`,
    "use an earlier checkpoint: a model with such a weight predicts nothing",
  );
}
