/** What a model of hidden notes learns from: some bars of a piece, transposed, some notes hidden. */
import { permuted, randomStream } from "../../core/random.js";
import { evaluationOrder } from "../../data/evaluation-order.js";
import type { Batch, TrainingData } from "../../data/training-data.js";
import { choraleGrid, stepsPerBar, symbolOf, voices } from "../../features/music/chorale-words.js";
import type { MaskedGrid } from "../../models/masked-grid.js";
import { type GridNotes, gridBatch, hiddenNotes } from "../../objectives/any-order.js";
import { type MusicSplit, type PieceEntry, type PreparedMusic, spelled } from "./prepared.js";
import type { MusicRecipe } from "./recipe.js";

interface Window {
  readonly piece: number;
  readonly step: number;
}

/** A piece as symbols. */
export interface GridPiece extends Pick<PieceEntry, "down" | "up"> {
  /** [steps * voices], row-major. */
  readonly notes: GridNotes;
}

/** The pieces of a split as symbols. */
export async function gridPieces(
  prepared: Pick<PreparedMusic, "tokenizer">,
  split: MusicSplit,
): Promise<GridPiece[]> {
  return Promise.all(
    split.pieces.map(async (piece) => {
      const grid = choraleGrid(await spelled(prepared, split, piece));
      return { ...piece, notes: Int32Array.from(grid, symbolOf) };
    }),
  );
}

/** As many steps as a model sees, from a step on; -1 beyond the piece. */
export function windowAt({ notes }: GridPiece, step: number, steps: number): GridNotes {
  const window = new Int32Array(steps * voices.length).fill(-1);
  window.set(notes.subarray(step * voices.length, (step + steps) * voices.length));
  return window;
}

/** Batches as pure functions of the recipe's seed and their number, and how many windows are an epoch. */
export async function gridBatches(
  prepared: PreparedMusic,
  { training: { batchSize, seed } }: MusicRecipe,
  model: MaskedGrid,
): Promise<{ data: TrainingData; count: number }> {
  const train = await gridPieces(prepared, prepared.train);
  const validation = await gridPieces(prepared, prepared.validation);
  const learned = windowsOf(train, model.steps, stepsPerBar);
  const heldOut = windowsOf(validation, model.steps, model.steps);

  function row(pieces: readonly GridPiece[], { piece, step }: Window, purpose: string, drawn: number) {
    const random = randomStream(seed, purpose, drawn);
    const { down, up } = pieces[piece];
    const semitones = pieces === train ? random.integer(down + up + 1) - down : 0;
    const notes = windowAt(pieces[piece], step, model.steps).map((symbol) =>
      symbol > 0 ? symbol + semitones : symbol,
    );
    return { notes, hidden: hiddenNotes(notes, model, random) };
  }

  const data: TrainingData = {
    async training(number): Promise<Batch> {
      const rows = Array.from({ length: batchSize }, (_, i) => {
        const drawn = number * batchSize + i;
        const epoch = Math.floor(drawn / learned.length);
        const window = learned[permuted(drawn % learned.length, learned.length, seed, "grid order", epoch)];
        return row(train, window, "grid row", drawn);
      });
      return gridBatch(rows, model);
    },
    async *validation(limit) {
      for (const chosen of evaluationOrder(heldOut.length, { batchSize, limit, seed })) {
        const rows = chosen.map((i) => row(validation, heldOut[i], "grid validation", i));
        while (rows.length < batchSize)
          rows.push({ notes: rows[0].notes, hidden: new Uint8Array(rows[0].notes.length) });
        yield gridBatch(rows, model);
      }
    },
    validationBatches: Math.ceil(heldOut.length / batchSize),
  };
  return { data, count: learned.length };
}

/** Where windows begin: every so many steps, as long as half a window is left, and at the beginning. */
function windowsOf(pieces: readonly GridPiece[], steps: number, stride: number): Window[] {
  return pieces.flatMap(({ notes }, piece) => {
    const length = notes.length / voices.length;
    const starts = Array.from({ length: Math.ceil(length / stride) }, (_, i) => i * stride);
    return starts.filter((step) => step === 0 || length - step >= steps / 2).map((step) => ({ piece, step }));
  });
}
