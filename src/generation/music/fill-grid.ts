/** Notes that are hidden in a grid, written in a random order, each given those that are known by then. */
import { input } from "../../core/graph/tensor.js";
import { randomStream } from "../../core/random.js";
import { compile, int64Tensor, type Runtime, type SessionOptions } from "../../core/runtime/session.js";
import type { MaskedGrid } from "../../models/masked-grid.js";
import { inputsFor } from "../../nn/parameter.js";
import type { Weights } from "../../nn/weights.js";
import { type GridNotes, gridBatch } from "../../objectives/any-order.js";
import { type Sampling, sampleToken } from "../sampling.js";

/** A model that says what hidden notes may be. */
export interface GridSession {
  readonly model: MaskedGrid;
  /** Logits of each note [steps * voices][symbols] of one window, flat, in its order. */
  logits(notes: GridNotes, hidden: Uint8Array): Promise<Float32Array>;
  /** Frees what was compiled. */
  release(): Promise<void>;
}

/** Compiles the model for one window at a time. */
export async function compileGrid(
  runtime: Runtime,
  model: MaskedGrid,
  weights: Weights,
  options?: SessionOptions,
): Promise<GridSession> {
  const shape = [1, model.steps, model.numVoices];
  const symbols = input<"b t v">("symbols", "int64", shape);
  const outputs = { logits: model.logits(inputsFor(model.parameters), symbols) };
  const session = await compile(runtime, outputs, options, weights);
  return {
    model,
    async logits(notes, hidden) {
      const batch = gridBatch([{ notes, hidden }], model);
      const found = await session.run({ symbols: int64Tensor(batch.symbols as Int32Array, shape) });
      return found.logits.data as Float32Array;
    },
    release: () => session.release(),
  };
}

/** How notes are chosen. */
export interface FillOptions extends Sampling {
  readonly seed?: number;
  /** Notes that are written at a time, without knowing of each other. Default 3. */
  readonly atOnce?: number;
  /** Told of the notes written, of all. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Writes what is hidden of a piece [steps * voices] of any length; gives the whole. A window of the model's steps moves
 * by half of itself. Throws the signal's reason.
 */
export async function fillGrid(
  session: GridSession,
  notes: GridNotes,
  hidden: Uint8Array,
  { seed = 0, atOnce = 3, onProgress, signal, ...sampling }: FillOptions,
): Promise<GridNotes> {
  const { numVoices, steps, numSymbols } = session.model;
  const [known, open] = [notes.slice(), hidden.slice()];
  const total = open.reduce((sum, flag) => sum + flag, 0);
  let done = 0;
  const length = notes.length / numVoices;
  for (let first = 0; first === 0 || first < length - steps / 2; first += steps / 2) {
    const begin = first * numVoices;
    const window = new Int32Array(steps * numVoices).fill(-1);
    const mask = new Uint8Array(window.length);
    window.set(known.subarray(begin, begin + window.length));
    mask.set(open.subarray(begin, begin + window.length));
    const random = randomStream(seed, "grid order", first);
    const places = [...mask.keys()].filter((i) => mask[i] === 1);
    while (places.length > 0) {
      signal?.throwIfAborted();
      const logits = await session.logits(window, mask);
      for (let i = 0; i < atOnce && places.length > 0; i++) {
        const [place] = places.splice(random.integer(places.length), 1);
        const own = logits.slice(place * numSymbols, (place + 1) * numSymbols);
        window[place] = sampleToken(own, sampling, random);
        mask[place] = 0;
        known[begin + place] = window[place];
        open[begin + place] = 0;
        onProgress?.(++done, total);
      }
    }
  }
  return known;
}
