import { AutodidactError } from "../../../core/errors.js";
import { fromBytes } from "../../../data/images/image-batches.js";
import { decodeImage } from "../../../data/images/open-images.js";
import { compileClassifier } from "../../../generation/images/classifier-session.js";
import { kept } from "../../kept.js";
import type { InputFile, Named, Output, Surroundings } from "../../modality.js";
import type { Saved } from "./saved.js";

/** A class with its probability. */
interface Guess {
  readonly label: string;
  readonly probability: number;
}

/**
 * The `top` likeliest classes of each picture. Those that cannot be read are told of when the others are done: throws
 * `ImageError` for the first.
 */
export async function* classify(
  named: Named<Saved<"classifier">>,
  pictures: readonly InputFile[],
  top: number,
  { runtime, signal, onProgress }: Surroundings,
): AsyncGenerator<Output> {
  const saved = await named.open();
  const { model, weights, classes } = saved;
  const session = await kept(saved, "classifier", () => compileClassifier(runtime, model, weights));
  const results: { file: string; classes: Guess[] }[] = [];
  const errors: AutodidactError[] = [];
  for (const [done, { name, bytes }] of pictures.entries()) {
    signal?.throwIfAborted();
    onProgress?.("pictures", done, pictures.length);
    try {
      const probabilities = await session.classify(fromBytes(await decodeImage(bytes, name, model)));
      results.push({ file: name, classes: likeliest(probabilities, classes, top) });
    } catch (error) {
      if (!(error instanceof AutodidactError)) throw error;
      errors.push(error);
    }
  }
  const lines = results.map(({ file, classes }) => `${file}: ${classes.map(inWords).join(", ")}`);
  if (results.length > 0) yield { kind: "figures", figures: { results }, text: lines.join("\n") };
  if (errors.length > 0) throw errors[0];
}

function likeliest(probabilities: Float32Array, classes: readonly string[], top: number): Guess[] {
  const order = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
  return order.slice(0, top).map((i) => ({ label: classes[i], probability: probabilities[i] }));
}

const inWords = ({ label, probability }: Guess) => `${label} ${(100 * probability).toFixed(1)} %`;
