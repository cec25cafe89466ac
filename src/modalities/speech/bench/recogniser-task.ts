/** What the recognisers of the benchmark are and learn: as bench/pytorch_speech.py has it. */
import { fillUniform, randomStream } from "../../../core/random.js";
import type { Batch } from "../../../data/training-data.js";
import { conformer } from "../../../models/conformer.js";
import { speechRecogniser } from "../../../models/speech-recogniser.js";
import { ctc } from "../../../objectives/ctc.js";
import { speechTask, type Task } from "../../../objectives/task.js";
import type { BenchRecogniser } from "./recognisers.js";

export interface RecogniserTask {
  readonly task: Task;
  /** Recordings and labels drawn at random, made a batch anew. */
  batch(): Batch;
}

/** A recogniser of these sizes with its objective. Throws `ModelError` when they do not go together. */
export function recogniserTask(sizes: Omit<BenchRecogniser, "name" | "steps">): RecogniserTask {
  const { batchSize, frames, featureWidth, numLayers, vocabSize, numLabels } = sizes;
  const shape = { batchSize, frames, featureWidth, maxLabels: numLabels };
  const objective = ctc({ vocabSize, numLayers });
  const stream = randomStream(0, "recordings");
  const features = new Float32Array(batchSize * frames * featureWidth);
  fillUniform(features, stream, -1, 1);
  const rows = <T>(row: () => T) => Array.from({ length: batchSize }, row);
  const label = () => 1 + stream.integer(vocabSize - 1);
  const labels = rows(() => Array.from({ length: numLabels }, label));
  const recordings = { features, frames: rows(() => frames), labels };
  return {
    task: speechTask(speechRecogniser(conformer(sizes), vocabSize), [shape], objective),
    batch: () => objective.complete(recordings, shape, []), // all layers are kept: nothing is drawn
  };
}
