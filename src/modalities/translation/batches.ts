/** The batches of a run on translation: sentences as tokens, spoiled or cut anew each time, with what is drawn at random. */
import { type RandomStream, randomStream } from "../../core/random.js";
import {
  type BucketBatch,
  batchesPerPass,
  evaluationBuckets,
  trainingBucket,
} from "../../data/length-buckets.js";
import type { Batch, TrainingData } from "../../data/training-data.js";
import type { EncoderDecoder } from "../../models/encoder-decoder.js";
import type { SequenceObjective, SequencePair } from "../../objectives/sequence-objective.js";
import type { ExampleSet, ExampleSets } from "./examples.js";
import type { TranslationRecipe } from "./recipe.js";

/** Batches as pure functions of the recipe's seed and their number. */
export function translationBatches(
  { train, validation, shapes }: ExampleSets,
  { training: { seed } }: TranslationRecipe,
  objective: Pick<SequenceObjective<EncoderDecoder>, "complete">,
): TrainingData {
  type StreamOf = (purpose: string, row: number) => RandomStream;

  /** `isLearned`: with tokens cut anew. What grows beyond its batch by that, or by masks, comes as it is. */
  async function completed(
    set: ExampleSet,
    batch: BucketBatch,
    isLearned: boolean,
    stream: StreamOf,
  ): Promise<Batch> {
    const { bucket, members, count } = batch;
    const shape = shapes[set.buckets.indexOf(bucket)];
    const pairs: SequencePair[] = [];
    for (const [row, member] of members.entries()) {
      const cut = isLearned ? stream("cut", row) : undefined;
      const pair = await set.pair(member, { spoil: stream("spoil", row), cut });
      const fits = pair.source.length <= shape.source && pair.target.length < shape.target;
      pairs.push(fits ? pair : await set.pair(member, {}));
    }
    const streams = members.map((_, row) => stream("objective", row));
    return objective.complete({ pairs, count }, shape, streams);
  }

  async function* validationBatches(limit?: number): AsyncGenerator<Batch> {
    for (const [number, batch] of evaluationBuckets(validation.buckets, seed, limit).entries()) {
      yield await completed(validation, batch, false, (purpose, row) =>
        randomStream(seed, `validation ${purpose} ${number}`, row),
      );
    }
  }

  return {
    training: (index) =>
      completed(train, trainingBucket(train.buckets, seed, index), true, (purpose, row) =>
        randomStream(seed, `training ${purpose} ${index}`, row),
      ),
    validation: validationBatches,
    validationBatches: batchesPerPass(validation.buckets),
  };
}
