import { EvaluationError } from "../../../evaluation/errors.js";
import type { Named } from "../../modality.js";
import { openMusic, type PreparedMusic } from "../prepared.js";

/** The pieces of a model's run. Throws `EvaluationError` for a model without them. */
export async function preparedOf({ name, folder }: Pick<Named, "name" | "folder">): Promise<PreparedMusic> {
  return openMusic(folder.folder("data")).catch((cause: Error) => {
    throw new EvaluationError(
      "there are no pieces to measure the model on",
      `${name} has none: ${cause.message.split("\n")[0]}`,
      "give the folder of a run that was trained on music",
      { cause },
    );
  });
}

/** Words that say a note or a rest: of chorales what each voice does, of events the pitches. */
export function noteIds({ alphabet, tokenizer }: PreparedMusic): ReadonlySet<number> {
  const isNote = (word: string) =>
    alphabet.name === "chorales" ? !word.startsWith("Beat_") : /^Pitch(Drum)?_/.test(word);
  return new Set(alphabet.words.filter(isNote).map((word) => tokenizer.tokenToId(word)!));
}
