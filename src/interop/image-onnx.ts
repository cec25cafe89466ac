/** Models of images as ONNX beside their other files; a ViT classifier is one that `@huggingface/transformers` runs. */
import { input, type Tensor } from "../core/graph/tensor.js";
import type { Folder } from "../files/folder.js";
import { inputsFor } from "../nn/parameter.js";
import { writeClientOnnx } from "./client-onnx.js";
import type { JsonObject } from "./folder-files.js";
import type { ImageModelKind } from "./image-config.js";
import { type SavedImageModel, saveImageModel } from "./image-folder.js";

// What the client feeds is named so; the batch may have any size.
const batch = "batch_size";

/**
 * Writes what `saveImageModel` writes, and `onnx/model.onnx` in float32. A classifier and the encoders take
 * `pixel_values` [batch, c, h, w] from -1 to 1 and give `logits` [batch, k], or `image_embeds` [batch, d]; a
 * denoiser takes `sample`, `timestep` [batch] from 0 to 1 and, where it knows classes, `class_labels`, int64
 * [batch], and gives `prediction`. Throws `CheckpointError` when a parameter is missing.
 */
export async function exportImageOnnx(folder: Folder, saved: SavedImageModel): Promise<void> {
  await saveImageModel(folder, saved.model, saved.weights, saved);
  // How vectors are pooled is in the graph: to the client every ViT is one.
  const change = ({ model_type }: JsonObject) =>
    model_type === "autodidact_vit" ? { model_type: "vit" } : {};
  await writeClientOnnx(folder, { model: graphOf(saved) }, saved.weights, { change });
}

function graphOf({ kind, model }: ImageModelKind): Record<string, Tensor> {
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
    default:
      return { image_embeds: model.encoder.features(p, images("pixel_values")) };
  }
}
