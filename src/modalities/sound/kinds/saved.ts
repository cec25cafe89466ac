/** What kinds of models of sound share: how they are read and written. */
import type { SavedSoundModel } from "../../../interop/sound-folder.js";
import type { Export, ModelKind, Named } from "../../modality.js";

/** A saved model of one kind. */
export type Saved<Kind extends SavedSoundModel["kind"]> = Extract<SavedSoundModel, { kind: Kind }>;

/** Of recordings that can be decoded. */
export const soundEndings = [".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus"] as const;

export const open: ModelKind<never>["open"] = async (folder) => {
  const { openSoundModel } = await import("../../../interop/sound-folder.js");
  return (await openSoundModel(folder)) as never;
};

export const exports: readonly Export<SavedSoundModel>[] = [
  {
    name: "safetensors",
    summary: "a folder with config.json and model.safetensors, which this program and its library read",
    precisions: ["float32"],
    async write(model: Named<SavedSoundModel>, to) {
      const { saveSoundModel } = await import("../../../interop/sound-folder.js");
      const saved = await model.open();
      await saveSoundModel(to, saved, saved.weights, saved);
    },
  },
];
