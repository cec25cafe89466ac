/** What it is worth to know what comes after. */
import { EvaluationError } from "../../../evaluation/errors.js";
import { compileScorer, type TokenPair } from "../../../evaluation/log-likelihood.js";
import type { Alphabet } from "../../../features/music/alphabet.js";
import { musicPrompt } from "../../../generation/music/compose.js";
import type { SavedModel } from "../../../interop/model-folder.js";
import type { Named, Output, Surroundings } from "../../modality.js";
import { spelled } from "../prepared.js";
import type { Measuring } from "./options.js";
import { noteIds, preparedOf } from "./prepared-of.js";

/** So many bars are hidden, every so many bars of a piece. */
const hiddenBars = 2;
const everyBars = 4;

/**
 * Nats a note of bars that are hidden, once between what stands before and after, once after what stands before, of
 * which a whole context is seen then. Throws `EvaluationError` where no piece is long enough.
 */
export async function* measureInfill(
  named: Named<SavedModel>,
  { split }: Pick<Measuring, "split">,
  { runtime, signal, onProgress }: Surroundings,
): AsyncGenerator<Output> {
  const prepared = await preparedOf(named);
  const { model, weights, tokenizer } = await named.open();
  const { alphabet } = prepared;
  const { pieces } = prepared[split];
  const scorer = await compileScorer(runtime, model, weights);
  const isNote = noteIds(prepared);
  const ids = (words: readonly string[]) => Int32Array.from(words, (word) => tokenizer!.tokenToId(word)!);
  const loss = async (pairs: readonly TokenPair[]) => {
    let sum = 0;
    for (const [n, { perToken }] of (await scorer.scoreAll(pairs)).entries()) {
      for (const [i, value] of perToken.entries()) if (isNote.has(pairs[n].continuation[i])) sum -= value;
    }
    return sum;
  };
  let [between, after, notes, spans] = [0, 0, 0, 0];
  for (const [n, piece] of pieces.entries()) {
    signal?.throwIfAborted();
    const bars = inBars(await spelled(prepared, prepared[split], piece), alphabet);
    const [both, left]: [TokenPair[], TokenPair[]] = [[], []];
    for (let first = everyBars / 2; first + hiddenBars < bars.length; first += everyBars) {
      const [before, hidden, later] = [
        bars.slice(0, first),
        bars.slice(first, first + hiddenBars),
        bars.slice(first + hiddenBars),
      ];
      const continuation = ids(hidden.flat());
      if (continuation.length > model.contextLength / 2) continue;
      const room = { bars: hiddenBars, contextLength: model.contextLength };
      both.push({ context: ids(musicPrompt(before, later, room)), continuation });
      left.push({ context: ids(musicPrompt(before, undefined, room)), continuation });
      notes += continuation.reduce((sum, id) => sum + Number(isNote.has(id)), 0);
      spans++;
    }
    between += await loss(both);
    after += await loss(left);
    onProgress?.("pieces", n + 1, pieces.length);
  }
  await scorer.release();
  if (spans === 0) {
    throw new EvaluationError(
      "no piece has bars that could be hidden",
      `${pieces.length} pieces (${split}); the model sees ${model.contextLength} words at once`,
      `it takes pieces of ${everyBars} bars and more, and bars that fit into half of what is seen`,
    );
  }
  const figures = { knownBothSides: between / notes, knownBefore: after / notes };
  const gain = figures.knownBefore - figures.knownBothSides;
  yield {
    kind: "figures",
    figures: { metric: "infill", split, hiddenBars, ...figures, gain, notes, spans },
    text: `${figures.knownBothSides.toFixed(4)} nats a note of ${hiddenBars} bars known on both sides, ${figures.knownBefore.toFixed(4)} by what stands before alone: ${gain.toFixed(4)} lower, over ${spans} places (${split})`,
  };
}

function inBars(words: readonly string[], { barWord }: Alphabet): string[][] {
  const bars: string[][] = [];
  for (const word of words) {
    if (word === barWord || bars.length === 0) bars.push([]);
    bars[bars.length - 1].push(word);
  }
  return bars;
}
