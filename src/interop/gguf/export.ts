import type { Folder } from "../../files/folder.js";
import type { Decoder } from "../../models/decoder.js";
import { CheckpointError } from "../errors.js";
import type { SavedModel } from "../model-folder.js";
import type { NamedArray } from "../safetensors.js";
import { architectureOf, inTheirLayout, modelMetadata, type Parameter, tensorName } from "./architecture.js";
import { GgufError } from "./errors.js";
import { type GgufTensor, string, uint32, writeGguf } from "./gguf-file.js";
import { divisorsOf, ropeDivisors } from "./rope.js";
import { type GgufType, tensorTypes } from "./tensor-types.js";
import { musicKey, tokenizerMetadata } from "./vocabulary.js";

/** llama.cpp's numbers for what most of a file's tensors are. */
const fileTypes: Record<GgufType, number> = { F32: 0, F16: 1, Q8_0: 7 };

/**
 * Writes `<name>.gguf`, model, tokenizer and chat template in one file, as llama.cpp reads it. Matrices and token
 * embeddings get the type; vectors and position embeddings stay F32, and with Q8_0 rows that are no multiple
 * of 32 become F16. Throws `GgufError` for what llama.cpp cannot do exactly.
 */
export async function exportGguf(
  folder: Folder,
  name: string,
  { model, weights, tokenizer, generation, music }: SavedModel,
  { type }: { readonly type: GgufType },
): Promise<void> {
  if (!tokenizer) {
    throw new GgufError(
      "a GGUF file holds a tokenizer, and the model has none",
      `no tokenizer beside the model for ${name}.gguf`,
      "add the tokenizer.json that the model was trained with",
    );
  }
  const metadata = new Map([
    ["general.architecture", string(architectureOf(model))],
    ["general.type", string("model")],
    // llama.cpp changes the tokenizer of models with such names.
    ...(/phi-?3|modern-bert/i.test(name) ? [] : ([["general.name", string(name)]] as const)),
    ["general.file_type", uint32(fileTypes[type])],
    ["general.quantization_version", uint32(2)],
    ...(music === undefined ? [] : ([[musicKey, string(music)]] as const)),
    ...modelMetadata(model),
    ...tokenizerMetadata(tokenizer, model.vocabSize, {
      endOfTurn: generation?.endTokens?.[0],
      ofMusic: music !== undefined,
    }),
  ]);
  const tensors = model.parameters.map((parameter) => tensorOf(parameter, weights, model, type));
  await writeGguf(folder, `${name}.gguf`, metadata, [...tensors, ...divisorTensor(model)]);
}

function divisorTensor(model: Decoder): GgufTensor[] {
  const divisors = divisorsOf(model);
  if (!divisors) return [];
  const { shape, data } = divisors;
  const { id, encode } = tensorTypes.F32;
  const bytes = () => encode(data, ropeDivisors);
  return [{ name: ropeDivisors, shape, type: id, byteLength: data.byteLength, bytes }];
}

function tensorOf(
  parameter: Parameter,
  weights: ReadonlyMap<string, NamedArray>,
  model: Decoder,
  wanted: GgufType,
): GgufTensor {
  const name = tensorName(parameter.name, architectureOf(model));
  const array = weights.get(parameter.name);
  if (String(array?.shape) !== String(parameter.shape)) {
    throw new CheckpointError(
      "a model cannot be exported without all its parameters",
      `${parameter.name} is ${array ? `[${array.shape}]` : "missing"}, the model's is [${parameter.shape}]`,
      "give the weights of this very model",
    );
  }
  const shape = parameter.inputAxis === 0 ? parameter.shape.toReversed() : parameter.shape;
  const { id, blockLength, blockBytes, encode } = tensorTypes[typeOf(name, shape, wanted)];
  const length = shape.reduce((a, b) => a * b, 1);
  return {
    name,
    shape,
    type: id,
    byteLength: (length / blockLength) * blockBytes,
    bytes: () => encode(inTheirLayout(parameter, array!, model).data, name),
  };
}

function typeOf(name: string, shape: readonly number[], wanted: GgufType): GgufType {
  if (shape.length < 2 || name === "position_embd.weight") return "F32";
  return wanted === "Q8_0" && shape.at(-1)! % tensorTypes.Q8_0.blockLength > 0 ? "F16" : wanted;
}
