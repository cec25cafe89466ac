/** Encoders that learned to tell images apart whatever is done to them. */
import type { ModelKind } from "../../modality.js";
import { measure } from "../measures/measure.js";
import { referenceOptions } from "../measures/options.js";
import { exports, open, type Saved } from "./saved.js";

export const contrastive: ModelKind<Saved<"contrastive">> = {
  name: "contrastive encoder",
  modelTypes: ["vit", "autodidact_vit", "autodidact_resnet"],
  fits: (config) => Object.hasOwn(config, "projection_dim"),
  open,
  uses: [measure("knn", "what neighbours by its vectors say of images held out", referenceOptions)],
  exports,
};
