/** How well hidden notes are told. */
import { randomStream } from "../../../core/random.js";
import { voices } from "../../../features/music/chorale-words.js";
import { compileGrid, type GridSession } from "../../../generation/music/fill-grid.js";
import type { SavedGrid } from "../../../interop/grid-folder.js";
import { type GridNotes, hiddenNotes } from "../../../objectives/any-order.js";
import type { Named, Output, Surroundings } from "../../modality.js";
import { gridPieces, windowAt } from "../grid-batches.js";
import type { Measuring } from "./options.js";
import { preparedOf } from "./prepared-of.js";

const numVoices = voices.length;

/**
 * Windows of a split without overlap: nats a note in a random order, by one draw of hidden notes a window, and of the
 * three lower voices one after another in a random order, by one draw of how many of them are known already.
 */
export async function* measureHarmony(
  named: Named<SavedGrid>,
  { split }: Pick<Measuring, "split">,
  { runtime, signal, onProgress }: Surroundings,
): AsyncGenerator<Output> {
  const prepared = await preparedOf(named);
  const { model, weights } = await named.open();
  const pieces = await gridPieces(prepared, prepared[split]);
  const session = await compileGrid(runtime, model, weights);
  const [anyOrder, harmony]: [number[], number[]] = [[], []];
  for (const [n, piece] of pieces.entries()) {
    signal?.throwIfAborted();
    for (let step = 0; step * numVoices < piece.notes.length; step += model.steps) {
      const notes = windowAt(piece, step, model.steps);
      const random = randomStream(0, `harmony ${n}`, step);
      anyOrder.push(await meanLoss(session, notes, hiddenNotes(notes, model, random)));
      const share = random.uniform();
      const below = notes.map((symbol, i) =>
        i % numVoices > 0 && symbol >= 0 && random.uniform() < share ? 1 : 0,
      );
      if (below.includes(1)) harmony.push(await meanLoss(session, notes, Uint8Array.from(below)));
    }
    onProgress?.("pieces", n + 1, pieces.length);
  }
  await session.release();
  const figures = { anyOrder: mean(anyOrder), lowerVoices: mean(harmony) };
  yield {
    kind: "figures",
    figures: { metric: "harmony", split, ...figures, windows: anyOrder.length, pieces: pieces.length },
    text: `${figures.anyOrder.toFixed(4)} nats a note in any order, ${figures.lowerVoices.toFixed(4)} of the lower voices given the highest, over ${anyOrder.length} windows of ${pieces.length} pieces (${split})`,
  };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

async function meanLoss(session: GridSession, notes: GridNotes, hidden: Uint8Array): Promise<number> {
  const { numSymbols } = session.model;
  const logits = await session.logits(notes, hidden);
  const losses: number[] = [];
  for (const [i, symbol] of notes.entries()) {
    if (hidden[i] === 0 || symbol < 0) continue;
    const own = logits.subarray(i * numSymbols, (i + 1) * numSymbols);
    const most = Math.max(...own);
    losses.push(most + Math.log(own.reduce((sum, x) => sum + Math.exp(x - most), 0)) - own[symbol]);
  }
  return mean(losses);
}
