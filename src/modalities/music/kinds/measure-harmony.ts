/** How well hidden notes are told. */
import { type RandomStream, randomStream } from "../../../core/random.js";
import { stepsPerBar, voices } from "../../../features/music/chorale-words.js";
import { compileGrid, type GridSession } from "../../../generation/music/fill-grid.js";
import type { SavedGrid } from "../../../interop/grid-folder.js";
import type { GridNotes } from "../../../objectives/any-order.js";
import type { Named, Output, Surroundings } from "../../modality.js";
import { gridPieces, windowAt } from "../grid-batches.js";
import type { Measuring } from "./options.js";
import { preparedOf } from "./prepared-of.js";

const numVoices = voices.length;

/** Of a window, the bars in its middle that are hidden to see what it is worth to know what comes after. */
const hiddenBars = 2;

/**
 * Windows of a split without overlap, in nats a note: of all notes in a random order; of the three lower voices, given the
 * highest; of two bars in the middle, known on both sides, or by what stands before alone. Each by one draw a window of
 * how many notes are known already, and which, the same draw for the last two.
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
  const losses: Record<"anyOrder" | "lowerVoices" | "knownBothSides" | "knownBefore", number[]> = {
    ...{ anyOrder: [], lowerVoices: [], knownBothSides: [], knownBefore: [] },
  };
  const [from, to] = [model.steps / 2, Math.min(model.steps, model.steps / 2 + hiddenBars * stepsPerBar)];
  for (const [n, piece] of pieces.entries()) {
    signal?.throwIfAborted();
    for (let step = 0; step * numVoices < piece.notes.length; step += model.steps) {
      const notes = windowAt(piece, step, model.steps);
      const random = randomStream(0, `harmony ${n}`, step);
      const drawn = (isOpen: (step: number, voice: number) => boolean) => someOf(notes, isOpen, random);
      const measured = async (name: keyof typeof losses, told: Uint8Array, hidden = told) => {
        if (told.includes(1)) losses[name].push(await meanLoss(session, notes, hidden, told));
      };
      await measured(
        "anyOrder",
        drawn(() => true),
      );
      await measured(
        "lowerVoices",
        drawn((_, voice) => voice > 0),
      );
      const middle = drawn((at) => at >= from && at < to);
      const later = middle.map((flag, i) => Number(flag === 1 || Math.floor(i / numVoices) >= to));
      await measured("knownBothSides", middle);
      await measured("knownBefore", middle, later);
    }
    onProgress?.("pieces", n + 1, pieces.length);
  }
  await session.release();
  const windows = losses.anyOrder.length;
  const figures = Object.fromEntries(Object.entries(losses).map(([name, values]) => [name, mean(values)]));
  const { anyOrder, lowerVoices, knownBothSides, knownBefore } = figures;
  yield {
    kind: "figures",
    figures: { metric: "harmony", split, ...figures, hiddenBars, windows, pieces: pieces.length },
    text: `nats a note: ${anyOrder.toFixed(4)} in any order, ${lowerVoices.toFixed(4)} of the lower voices given the highest; of ${hiddenBars} bars ${knownBothSides.toFixed(4)} known on both sides, ${knownBefore.toFixed(4)} by what stands before alone; over ${windows} windows of ${pieces.length} pieces (${split})`,
  };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Some of a window's notes, from one to all of those that are open, each number as likely. */
function someOf(
  notes: GridNotes,
  isOpen: (step: number, voice: number) => boolean,
  random: RandomStream,
): Uint8Array {
  const places = [...notes.keys()].filter(
    (i) => notes[i] >= 0 && isOpen(Math.floor(i / numVoices), i % numVoices),
  );
  const some = new Uint8Array(notes.length);
  for (let left = places.length === 0 ? 0 : 1 + random.integer(places.length); left > 0; left--) {
    some[places.splice(random.integer(places.length), 1)[0]] = 1;
  }
  return some;
}

/** Of the notes to be told, while others are hidden too. */
async function meanLoss(
  session: GridSession,
  notes: GridNotes,
  hidden: Uint8Array,
  told: Uint8Array,
): Promise<number> {
  const { numSymbols } = session.model;
  const logits = await session.logits(notes, hidden);
  const losses: number[] = [];
  for (const [i, symbol] of notes.entries()) {
    if (told[i] === 0) continue;
    const own = logits.subarray(i * numSymbols, (i + 1) * numSymbols);
    const most = Math.max(...own);
    losses.push(most + Math.log(own.reduce((sum, x) => sum + Math.exp(x - most), 0)) - own[symbol]);
  }
  return mean(losses);
}
