/** What kinds of models of images share: how they are read, exported and measured. */
import type { SavedImageModel } from "../../../interop/image-folder.js";
import type { Export, ModelKind, Named } from "../../modality.js";

/** A saved model of one kind. */
export type Saved<Kind extends SavedImageModel["kind"]> = Extract<SavedImageModel, { kind: Kind }>;

/** Of pictures that can be decoded. */
export const pictureEndings = [".png", ".jpg", ".jpeg", ".webp", ".gif", ".avif", ".tif", ".tiff"] as const;

export const open: ModelKind<never>["open"] = async (folder) => {
  const { openImageModel } = await import("../../../interop/image-folder.js");
  return (await openImageModel(folder)) as never;
};

export const exports: readonly Export<SavedImageModel>[] = [
  {
    name: "safetensors",
    summary: "a folder for Hugging Face Transformers and everything built on it",
    precisions: ["float32"],
    async write(model: Named<SavedImageModel>, to) {
      const { saveImageModel } = await import("../../../interop/image-folder.js");
      const saved = await model.open();
      await saveImageModel(to, saved.model, saved.weights, saved);
    },
  },
  {
    name: "onnx",
    summary: "the same with onnx/model.onnx, for @huggingface/transformers in Node and browsers",
    precisions: ["float32"],
    async write(model: Named<SavedImageModel>, to) {
      const { exportImageOnnx } = await import("../../../interop/image-onnx.js");
      await exportImageOnnx(to, await model.open());
    },
  },
];
