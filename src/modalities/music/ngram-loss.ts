import { trainNgrams } from "../../generation/speech/kneser-ney.js";
import type { SplitName } from "./pieces.js";
import { type MusicSplit, type PreparedMusic, spelled } from "./prepared.js";

/**
 * Nats a word of a split under n-grams (modified Kneser-Ney) of the words of the pieces learned from, not transposed.
 * The end of a piece is a word.
 */
export async function ngramLoss(prepared: PreparedMusic, split: SplitName, order: number): Promise<number> {
  const textsOf = async (part: MusicSplit) =>
    Promise.all(part.pieces.map(async (piece) => (await spelled(prepared, part, piece)).join(" ")));
  const model = trainNgrams(await textsOf(prepared.train), order);
  let [sum, words] = [0, 0];
  for (const text of await textsOf(prepared[split])) {
    sum -= model.textLogProbability(text) * Math.LN10;
    words += text.split(" ").length + 1;
  }
  return sum / words;
}
