/** A model that translates as ONNX beside its other files: `@huggingface/transformers` translates with it. */
import { addSizes, type Size, sizeOf } from "../core/graph/size.js";
import { constant, input, type Tensor } from "../core/graph/tensor.js";
import { cast } from "../core/ops/elementwise.js";
import { and, equal, greater, lessOrEqual, where } from "../core/ops/logic.js";
import { gemm } from "../core/ops/matmul.js";
import { expand, reshape } from "../core/ops/movement.js";
import { concat, slice } from "../core/ops/slice.js";
import type { Folder } from "../files/folder.js";
import type { EncoderDecoder } from "../models/encoder-decoder.js";
import { positionsUpTo } from "../models/shapes.js";
import { type KeysAndValues, maskValue } from "../nn/attention.js";
import { inputsFor } from "../nn/parameter.js";
import { writeClientOnnx } from "./client-onnx.js";
import { type FrameTokens, type SavedTranslator, saveTranslator } from "./translator-folder.js";

// The client fills empty caches by these very names: what is not the batch gets the size 0.
const batch = "batch_size";
const source = "encoder_sequence_length";
const pastSource = "past_encoder_sequence_length";
const fresh = "decoder_sequence_length";
const past = "past_decoder_sequence_length";
const total = addSizes(past, fresh);

/**
 * Writes what `saveTranslator` writes, and in float32 `onnx/encoder_model.onnx`, which makes `last_hidden_state` [batch,
 * s, c] of `input_ids` and `attention_mask`, int64 [batch, s], and `onnx/decoder_model_merged.onnx` with its caches; see
 * `decoderGraph`. Throws what `saveTranslator` does.
 */
export async function exportTranslatorOnnx(folder: Folder, saved: SavedTranslator): Promise<void> {
  await saveTranslator(folder, saved);
  const { model, weights, tokens } = saved;
  const graphs = { encoder_model: encoderGraph(model), decoder_model_merged: decoderGraph(model, tokens) };
  await writeClientOnnx(folder, graphs, weights);
}

function encoderGraph(model: EncoderDecoder): Record<string, Tensor> {
  const ids = input<"b s">("input_ids", "int64", [batch, source]);
  const mask = input<"b s">("attention_mask", "int64", [batch, source]);
  const valid = cast(mask, "float32");
  return { last_hidden_state: model.encode(inputsFor(model.parameters), { ids, valid }) };
}

/**
 * `logits` [batch, t, v] of what follows `input_ids`, and as `present.N.decoder` and `present.N.encoder` the keys and
 * values of what is written and of the source. They come back as `past_key_values`; those of the source are made for
 * what of `encoder_hidden_states` is not among them: all in the first step, nothing later, without an `If`. Behind an end
 * follows only another one, as the client writes on until all rows of a batch end at once.
 * [transformers.js, modeling_utils.js: seq2seq_forward, addPastKeyValues, generate]
 */
function decoderGraph(model: EncoderDecoder, tokens: FrameTokens): Record<string, Tensor> {
  const ids = input<"b t">("input_ids", "int64", [batch, fresh]);
  const encoded = input<"b s c">("encoder_hidden_states", "float32", [batch, source, model.width]);
  const sourceMask = input<"b s">("encoder_attention_mask", "int64", [batch, source]);
  const written = cacheInputs(model, "decoder", past);
  const p = inputsFor(model.parameters);
  const unread = model.memory(p, slice(encoded, 1, pastSource, source));
  const memory = cacheInputs(model, "encoder", pastSource).map((known, layer) =>
    joined(known, unread[layer]),
  );
  const places = positionsUpTo(total);
  const positions = slice<"t">(places, 0, past, total);
  const decoded = model.decode(p, {
    ids,
    positions: expand(reshape(positions, [1, fresh]), [batch, fresh]),
    bias: bias(lessOrEqual(reshape(places, [1, total]), reshape(positions, [fresh, 1])), [
      1,
      1,
      fresh,
      total,
    ]),
    past: written,
    memory,
    memoryBias: bias(greater(sourceMask, 0), [batch, 1, 1, source]),
  });
  const rows = reshape<"n c">(decoded.hidden, [sizeOf([batch, fresh]), model.width]);
  const logits = reshape(gemm(rows, model.head(p), { transB: true }), [batch, fresh, model.vocabSize]);
  const isBehindEnd = and(equal(ids, tokens.end), greater(positions, 0)); // it may also be what comes first
  const present = written.map((known, layer) => joined(known, decoded.fresh[layer]));
  return {
    logits: where(reshape(isBehindEnd, [batch, fresh, 1]), onlyToken(tokens.end, model.vocabSize), logits),
    ...cacheOutputs("decoder", present),
    ...cacheOutputs("encoder", memory),
  };
}

function cacheInputs(model: EncoderDecoder, of: string, time: Size): KeysAndValues[] {
  const { numDecoderLayers, numHeads, headWidth } = model;
  const cache = (name: string) => input(name, "float32", [batch, numHeads, time, headWidth]);
  return Array.from({ length: numDecoderLayers }, (_, layer) => ({
    keys: cache(`past_key_values.${layer}.${of}.key`),
    values: cache(`past_key_values.${layer}.${of}.value`),
  }));
}

function cacheOutputs(of: string, layers: readonly KeysAndValues[]): Record<string, Tensor> {
  const outputs = layers.flatMap(({ keys, values }, layer) => [
    [`present.${layer}.${of}.key`, keys],
    [`present.${layer}.${of}.value`, values],
  ]);
  return Object.fromEntries(outputs);
}

function joined(before: KeysAndValues, behind: KeysAndValues): KeysAndValues {
  return {
    keys: concat([before.keys, behind.keys], 2),
    values: concat([before.values, behind.values], 2),
  };
}

function bias(isVisible: Tensor, shape: readonly Size[]): Tensor {
  return where(reshape(isVisible, shape), 0, maskValue);
}

/** Logits [v] that leave no doubt. */
function onlyToken(token: number, vocabSize: number): Tensor {
  return constant(Array.from({ length: vocabSize }, (_, id) => (id === token ? 0 : maskValue)));
}
