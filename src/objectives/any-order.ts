/**
 * Any order: of a grid some notes are hidden, from one to all, and each is told given those that are seen. The mean over
 * orders and places of the order is the loss of writing all of it in a random order (Uria et al. 2014; Hoogeboom et al.
 * 2022, equation 5), in nats a note.
 */

import { div, maximum, mul, neg } from "../core/ops/elementwise.js";
import { gatherElements } from "../core/ops/gather.js";
import { reshape, sum, transpose } from "../core/ops/movement.js";
import { logSoftmax } from "../core/ops/normalise.js";
import type { RandomStream } from "../core/random.js";
import type { Batch } from "../data/training-data.js";
import type { MaskedGrid } from "../models/masked-grid.js";
import type { Task } from "./task.js";

/** Notes [steps * voices] from 0 to numSymbols - 1, row-major; -1 is beyond the piece. */
export type GridNotes = Int32Array;

/**
 * Which notes to hide: of a block of steps and voices, half of the time the whole grid, a random share. One at least.
 * Notes beyond the piece are hidden always, and are none of them.
 */
export function hiddenNotes(
  notes: GridNotes,
  { steps, numVoices }: Pick<MaskedGrid, "steps" | "numVoices">,
  random: RandomStream,
): Uint8Array {
  const isWhole = random.uniform() < 0.5;
  const first = isWhole ? 0 : random.integer(steps);
  const last = isWhole ? steps : first + 1 + random.integer(steps - first);
  const isVoiceIn = Array.from({ length: numVoices }, () => isWhole || random.uniform() < 0.6);
  const places = [...notes.keys()].filter((i) => {
    const [step, voice] = [Math.floor(i / numVoices), i % numVoices];
    return notes[i] >= 0 && step >= first && step < last && isVoiceIn[voice];
  });
  const candidates = places.length > 0 ? places : [...notes.keys()].filter((i) => notes[i] >= 0);
  const hidden = new Uint8Array(notes.length);
  const count = 1 + random.integer(candidates.length);
  for (let i = 0; i < count; i++) {
    const other = i + random.integer(candidates.length - i);
    [candidates[i], candidates[other]] = [candidates[other], candidates[i]];
    hidden[candidates[i]] = 1;
  }
  return hidden;
}

/** What a model reads of notes of which some are hidden, and what its loss is over. */
export function gridBatch(
  rows: readonly { readonly notes: GridNotes; readonly hidden: Uint8Array }[],
  { steps, numVoices, numSymbols }: MaskedGrid,
): Batch {
  const size = steps * numVoices;
  const symbols = new Int32Array(rows.length * size);
  const targets = new Int32Array(rows.length * size);
  const weights = new Float32Array(rows.length * size);
  for (const [row, { notes, hidden }] of rows.entries()) {
    const count = hidden.reduce((sum, flag) => sum + flag, 0);
    for (let i = 0; i < size; i++) {
      const at = row * size + i;
      const isSeen = notes[i] >= 0 && hidden[i] === 0;
      symbols[at] = (i % numVoices) * (numSymbols + 1) + (isSeen ? notes[i] : numSymbols);
      targets[at] = Math.max(notes[i], 0);
      weights[at] = hidden[i] === 1 && notes[i] >= 0 ? 1 / count : 0;
    }
  }
  return { symbols, targets, weights };
}

/** Learning to tell hidden notes. A batch holds `symbols`, `targets` and `weights` [b, t, v]; see `gridBatch`. */
export function anyOrderTask(model: MaskedGrid, batchSize: number): Task {
  const { steps, numVoices } = model;
  const shape = [batchSize, steps, numVoices];
  return {
    batch: {
      symbols: { dtype: "int64", shape },
      targets: { dtype: "int64", shape },
      weights: { dtype: "float32", shape },
    },
    loss(p, { symbols, targets, weights }) {
      const inOrder = (x: typeof targets) => reshape(transpose(x, [1, 0, 2]), [-1]);
      const logProbabilities = logSoftmax(model.logits(p, symbols as never));
      const chosen = gatherElements(logProbabilities, reshape(inOrder(targets), [-1, 1]), 1);
      const weight = inOrder(weights);
      const losses = mul(neg(reshape(chosen, [-1])), weight);
      return { loss: div(sum<"">(losses), maximum(sum<"">(weight), 1e-6)) };
    },
    parameters: model.parameters,
    unit: "notes",
    unitsPerBatch: batchSize * steps * numVoices,
    counts: "pieces",
    count: ({ weights }) => Math.round((weights as Float32Array).reduce((sum, weight) => sum + weight, 0)),
  };
}
