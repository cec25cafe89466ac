/** Encoders that learned by predicting hidden patches. */
import type { ModelKind } from "../../modality.js";
import { measure } from "../measures/measure.js";
import { referenceOptions } from "../measures/options.js";
import { exports, open, type Saved } from "./saved.js";

export const maskedAutoencoder: ModelKind<Saved<"maskedAutoencoder">> = {
  name: "masked autoencoder",
  modelTypes: ["vit_mae"],
  open,
  uses: [measure("knn", "what neighbours by its vectors say of images held out", referenceOptions)],
  exports,
};
