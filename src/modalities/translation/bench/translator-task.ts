/** What the translators of the benchmark are and learn: as bench/pytorch_t5.py has it. */
import { randomStream } from "../../../core/random.js";
import type { Batch } from "../../../data/training-data.js";
import { t5 } from "../../../models/t5.js";
import { inUnits, t5Units, type Units } from "../../../models/training-units.js";
import { sequenceToSequence } from "../../../objectives/sequence-to-sequence.js";
import { sequenceTask, type Task } from "../../../objectives/task.js";
import type { BenchTranslator } from "./translators.js";

export interface TranslatorTask {
  readonly task: Task;
  /** Of its parameters. */
  readonly unitOf: Units;
  /** Pairs drawn at random; what a step drops out is drawn anew. */
  batch(step: number): Batch;
}

/** A translator of these sizes with its objective. Throws `ModelError` when they do not go together. */
export function translatorTask(sizes: Omit<BenchTranslator, "name" | "steps">): TranslatorTask {
  const { batchSize, source, target, vocabSize } = sizes;
  const [padToken, endToken] = [0, 1];
  const model = t5(sizes);
  const unitOf = t5Units(model);
  const objective = sequenceToSequence({
    ...{ padToken, endToken, labelSmoothing: 0.1, dropout: 0.1, dropoutSites: model.dropoutSites },
  });
  const tokens = randomStream(0, "pairs");
  const draw = (length: number) => Array.from({ length }, () => 2 + tokens.integer(vocabSize - 2));
  const pairs = Array.from({ length: batchSize }, () => ({ source: draw(source), target: draw(target - 1) }));
  const streams = (step: number) => pairs.map((_, row) => randomStream(0, `dropout ${step}`, row));
  return {
    task: sequenceTask(inUnits(model, unitOf), [sizes], objective),
    unitOf,
    batch: (step) => objective.complete({ pairs, count: batchSize }, sizes, streams(step)),
  };
}
