import { permuted } from "../../core/random.js";
import { DataError } from "../../files/errors.js";
import { type EvaluationPart, evaluationOrder } from "../evaluation-order.js";
import {
  type ExampleArray,
  type ExampleFields,
  type ExampleRecord,
  type Examples,
  numbersOf,
  zerosOf,
} from "./examples.js";

/**
 * The batch of a training step: a pure function of (seed, step). An epoch passes once over all records in
 * an order of its own; a batch may begin in one epoch and end in the next.
 * @throws DataError when there are no records.
 */
export async function trainingExamples<A extends ExampleArray>(
  examples: Examples<A>,
  { seed, step, batchSize }: { readonly seed: number; readonly step: number; readonly batchSize: number },
): Promise<ExampleRecord<A>> {
  const { count } = requireSome(examples);
  const indices = Array.from({ length: batchSize }, (_, row) => {
    const drawn = step * batchSize + row;
    return permuted(drawn % count, count, seed, "example order", Math.floor(drawn / count));
  });
  return examples.readBatch(indices);
}

/**
 * The records as `evaluationOrder` has them, in batches of one size: the last is filled up with `neutral`, a record
 * that counts for nothing.
 * @throws DataError when there are no records.
 */
export async function* evaluationExamples<A extends ExampleArray>(
  examples: Examples<A>,
  part: EvaluationPart,
  neutral: ExampleRecord<A>,
): AsyncGenerator<ExampleRecord<A>> {
  const { batchSize } = part;
  for (const indices of evaluationOrder(requireSome(examples).count, part)) {
    const found = await examples.readBatch(indices);
    yield indices.length === batchSize ? found : filledUp(examples.fields, found, batchSize, neutral);
  }
}

function filledUp<A extends ExampleArray>(
  fields: ExampleFields,
  found: ExampleRecord<A>,
  batchSize: number,
  neutral: ExampleRecord<A>,
): ExampleRecord<A> {
  const filled = Object.entries(fields).map(([name, field]) => {
    const size = numbersOf(field);
    const values = zerosOf(field, batchSize) as A;
    values.set(found[name]);
    for (let at = found[name].length; at < values.length; at += size) values.set(neutral[name], at);
    return [name, values] as const;
  });
  return Object.fromEntries(filled);
}

function requireSome<A extends ExampleArray>(examples: Examples<A>): Examples<A> {
  if (examples.count > 0) return examples;
  throw new DataError("there are no examples", "0 records", "add data, or keep more of it");
}
