import { AutodidactError } from "../../../core/errors.js";
import { decodeAudio } from "../../../data/audio/decode.js";
import { compileClassifier } from "../../../generation/images/classifier-session.js";
import { kept } from "../../kept.js";
import type { InputFile, Named, Output, Surroundings } from "../../modality.js";
import { heard } from "./heard.js";
import type { Classifying } from "./options.js";
import type { Saved } from "./saved.js";

/** A class with its probability. */
interface Guess {
  readonly label: string;
  readonly probability: number;
}

/**
 * The `top` likeliest classes of each sound. Those that cannot be read, or are silent, are told of when the others are
 * done: throws `AudioError` for the first.
 */
export async function* classify(
  named: Named<Saved<"classifier">>,
  sounds: readonly InputFile[],
  { top }: Classifying,
  { runtime, signal, onProgress }: Surroundings,
): AsyncGenerator<Output> {
  const saved = await named.open();
  const { model, weights, classes, mel } = saved;
  const session = await kept(saved, "classifier", () => compileClassifier(runtime, model, weights));
  const results: { file: string; classes: Guess[] }[] = [];
  const errors: AutodidactError[] = [];
  for (const [done, { name, bytes }] of sounds.entries()) {
    signal?.throwIfAborted();
    onProgress?.("sounds", done, sounds.length);
    try {
      const sound = await decodeAudio(bytes, name, mel);
      const probabilities = await session.classify(heard(saved, sound, name));
      const order = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
      const guesses = order.slice(0, top).map((i) => ({ label: classes[i], probability: probabilities[i] }));
      results.push({ file: name, classes: guesses });
    } catch (error) {
      if (!(error instanceof AutodidactError)) throw error;
      errors.push(error);
    }
  }
  const lines = results.map(({ file, classes }) => `${file}: ${classes.map(inWords).join(", ")}`);
  if (results.length > 0) yield { kind: "figures", figures: { results }, text: lines.join("\n") };
  if (errors.length > 0) throw errors[0];
}

const inWords = ({ label, probability }: Guess) => `${label} ${(100 * probability).toFixed(1)} %`;
