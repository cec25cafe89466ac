import type { Tokenizer } from "../../../features/tokenizer/tokenizer.js";
import { CheckpointError } from "../../../interop/errors.js";
import type { Named } from "../../modality.js";

/** A model's tokenizer. Throws `CheckpointError` where it has none. */
export function tokenizerOf({ place }: Named, tokenizer: Tokenizer | undefined): Tokenizer {
  if (tokenizer) return tokenizer;
  throw new CheckpointError(
    "the model has no tokenizer to read and write text with",
    `${place.location} has neither tokenizer.json nor vocab.json`,
    "add the tokenizer that the model was trained with",
  );
}
