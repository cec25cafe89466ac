/** Models of images as ONNX beside their other files; `@huggingface/transformers` runs a ViT classifier and a detector. */
import { input, type Tensor } from "../core/graph/tensor.js";
import type { Folder } from "../files/folder.js";
import { inputsFor } from "../nn/parameter.js";
import { writeClientOnnx } from "./client-onnx.js";
import { detectionGraph } from "./detector-onnx.js";
import type { JsonObject } from "./folder-files.js";
import { type SavedImageModel, saveImageModel } from "./image-folder.js";

// What the client feeds is named so; the batch may have any size.
const batch = "batch_size";

/**
 * What clients take a model for. How vectors are pooled is in the graph: to them every ViT is one. So are a detector's
 * boxes, and a YOLOS gives the same two outputs.
 */
const clientTypes = new Map<unknown, string>([
  ["autodidact_vit", "vit"],
  ["autodidact_dense_detector", "yolos"],
]);

/**
 * Writes what `saveImageModel` writes, and `onnx/model.onnx` in float32. A classifier and the encoders take
 * `pixel_values` [batch, c, h, w] from -1 to 1 and give `logits` [batch, k], or `image_embeds` [batch, d]; a
 * denoiser takes `sample`, `timestep` [batch] from 0 to 1 and, where it knows classes, `class_labels`, int64
 * [batch], and gives `prediction`; a detector takes one picture and gives its boxes, see `detectionGraph`. Throws
 * `CheckpointError` when a parameter is missing.
 */
export async function exportImageOnnx(folder: Folder, saved: SavedImageModel): Promise<void> {
  await saveImageModel(folder, saved.model, saved.weights, saved);
  const change = ({ model_type }: JsonObject) => ({ model_type: clientTypes.get(model_type) ?? model_type });
  await writeClientOnnx(folder, { model: graphOf(saved) }, saved.weights, { change });
}

function graphOf({ kind, model, generation }: SavedImageModel): Record<string, Tensor> {
  const { channels, height, width } = model;
  const p = inputsFor(model.parameters);
  const images = (name: string) => input<"b c h w">(name, "float32", [batch, channels, height, width]);
  switch (kind) {
    case "denoiser": {
      const time = input<"b">("timestep", "float32", [batch]);
      const labels = input<"b">("class_labels", "int64", [batch]);
      return { prediction: model.predict(p, images("sample"), time, labels) };
    }
    case "classifier":
      return { logits: model.logits(p, images("pixel_values")) };
    case "detector":
      return detectionGraph(model, typeof generation.overlap === "number" ? generation.overlap : 0.5);
    default:
      return { image_embeds: model.encoder.features(p, images("pixel_values")) };
  }
}
