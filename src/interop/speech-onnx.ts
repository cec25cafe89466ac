/** Models of speech as ONNX beside their other files: `@huggingface/transformers` transcribes with a recogniser. */
import { constant, input, type Tensor } from "../core/graph/tensor.js";
import { cast } from "../core/ops/elementwise.js";
import { greater, where } from "../core/ops/logic.js";
import { reshape } from "../core/ops/movement.js";
import type { Folder } from "../files/folder.js";
import { maskValue } from "../nn/attention.js";
import { inputsFor } from "../nn/parameter.js";
import { writeClientOnnx } from "./client-onnx.js";
import type { SpeechModelKind } from "./speech-config.js";
import { type SavedSpeechModel, saveSpeechModel } from "./speech-folder.js";

// Recordings of any number and length; a length stops where the graph's angles end.
const batch = "batch_size";
const time = "sequence_length";

/**
 * Writes what `saveSpeechModel` writes, and `onnx/model.onnx`, or for int8 `model_quantized.onnx`. It takes `input_features` [batch, t, 160]
 * and `attention_mask`, int64 [batch, t], of at most 100 seconds, and gives `logits` [batch, t, vocabulary], blank
 * where the mask is 0, or of an encoder `last_hidden_state` [batch, t, c]. Throws `CheckpointError` when a parameter is
 * missing.
 */
export async function exportSpeechOnnx(
  folder: Folder,
  saved: SavedSpeechModel,
  { weights: form = "float32" }: { readonly weights?: "float32" | "int8" } = {},
): Promise<void> {
  await saveSpeechModel(folder, saved.model, saved.weights, saved);
  await writeClientOnnx(folder, { model: graphOf(saved) }, saved.weights, { form });
}

function graphOf({ kind, model }: SpeechModelKind): Record<string, Tensor> {
  const { featureWidth } = kind === "recogniser" ? model.encoder : model;
  const features = input<"b t f">("input_features", "float32", [batch, time, featureWidth]);
  const mask = input<"b t">("attention_mask", "int64", [batch, time]);
  const p = inputsFor(model.parameters);
  const marks = { valid: cast(mask, "float32") };
  if (kind === "encoder") return { last_hidden_state: model.encode(p, features, marks) };
  const isSound = reshape(greater(mask, 0), [batch, time, 1]);
  return { logits: where(isSound, model.logits(p, features, marks), blankRow(model.vocabSize)) };
}

/** Logits [v] that leave no doubt. The clients spell what they are given for padding, too. */
function blankRow(vocabSize: number): Tensor {
  return constant(Array.from({ length: vocabSize }, (_, id) => (id === 0 ? 0 : maskValue)));
}
