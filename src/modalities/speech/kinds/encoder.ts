/** Models that have learned from sound alone: what recognisers start from. */
import type { ModelKind } from "../../modality.js";
import { exports, open, type Saved } from "./saved.js";

export const encoder: ModelKind<Saved<"encoder">> = {
  name: "speech encoder",
  modelTypes: ["wav2vec2-bert"],
  fits: (config) => typeof config.vocab_size !== "number",
  open,
  uses: [],
  exports,
};
