/** What kinds of models of speech share: how they are read and written. */
import type { SavedSpeechModel } from "../../../interop/speech-folder.js";
import type { Export, ModelKind, Named } from "../../modality.js";

/** A saved model of one kind. */
export type Saved<Kind extends SavedSpeechModel["kind"]> = Extract<SavedSpeechModel, { kind: Kind }>;

export const open: ModelKind<never>["open"] = async (folder) => {
  const { openSpeechModel } = await import("../../../interop/speech-folder.js");
  return (await openSpeechModel(folder)) as never;
};

export const exports: readonly Export<SavedSpeechModel>[] = [
  {
    name: "safetensors",
    summary: "a folder for Hugging Face Transformers",
    precisions: ["float32"],
    async write(model: Named<SavedSpeechModel>, to) {
      const { saveSpeechModel } = await import("../../../interop/speech-folder.js");
      const saved = await model.open();
      await saveSpeechModel(to, saved.model, saved.weights, saved);
    },
  },
  {
    name: "onnx",
    summary: "the same with onnx/model.onnx, for @huggingface/transformers in Node and browsers",
    precisions: ["float32", "int8"],
    async write(model: Named<SavedSpeechModel>, to, precision) {
      const { exportSpeechOnnx } = await import("../../../interop/speech-onnx.js");
      await exportSpeechOnnx(to, await model.open(), { weights: precision as "float32" | "int8" });
    },
  },
];
