/** What chats and preferences share: a split by the seed, and records that training draws from. */
import { AutodidactError } from "../../../core/errors.js";
import { permuted } from "../../../core/random.js";
import type { RowReader } from "../../../data/chat/rows.js";
import { evaluationExamples, trainingExamples } from "../../../data/tables/example-batches.js";
import { type ExampleFields, openExamples } from "../../../data/tables/examples.js";
import { IGNORED_TARGET } from "../../../data/text/batches.js";
import { digestOf } from "../../../data/text/document.js";
import { SeenHashes } from "../../../data/text/seen.js";
import { DataError } from "../../../files/errors.js";
import type { Folder } from "../../../files/folder.js";
import { RecipeError } from "../../../recipe/errors.js";
import type { Base } from "../base.js";
import type { TextRecipe } from "../recipe.js";
import type { RunData } from "./data-format.js";

/** Throws `RecipeError` without a pretrained model: conversations are learned by one that knows the language. */
export function requireBase(base: Base | undefined, { data }: TextRecipe): Base {
  if (base) return base;
  throw new RecipeError(
    "learning from conversations or notes starts from a model that can write",
    `data.format ${data.format} without a pretrained model`,
    "train on text first, then give that run: --features.kind pretrained --model.kind pretrained --model.from runs/NAME",
  );
}

/** What `make` gives for a row; undefined for one that is bad, which the reader counts under its name. */
export function atRow<T>(rows: RowReader<unknown>, source: string, make: () => T): T | undefined {
  try {
    return make();
  } catch (cause) {
    if (!(cause instanceof AutodidactError)) throw cause;
    rows.leaveOut(new DataError(cause.what, `${source}: ${cause.values}`, cause.advice, { cause }));
    return undefined;
  }
}

/** The counts that are not zero, each with what it counts. */
export function counted(counts: Readonly<Record<string, number>>): string[] {
  return Object.entries(counts).flatMap(([what, count]) => (count > 0 ? [`${count} ${what}`] : []));
}

/** Tells of each row whether it repeats an earlier one: of two equal rows one might be learned, one validated with. */
export function repetitions(): (row: unknown) => Promise<boolean> {
  const seen = new SeenHashes();
  return async (row) => {
    const { hash } = await digestOf({ source: "a row", pieces: () => [JSON.stringify(row)] });
    return !seen.add(hash);
  };
}

/** Examples for learning and for validation, chosen by the seed; at least one of each. */
export function splitExamples<T>(
  examples: readonly T[],
  { data, training }: TextRecipe,
  leftOut: readonly string[],
): { train: T[]; validation: T[] } {
  if (examples.length < 2) {
    throw new DataError(
      "there are too few examples to learn from some and validate with others",
      [`${examples.length} usable in ${[data.files].flat().slice(0, 3).join(", ")}`, ...leftOut].join(", "),
      "give more rows, or raise training.sequenceLength",
    );
  }
  const wanted = Math.round(examples.length * data.validationFraction);
  const held = Math.min(examples.length - 1, Math.max(1, wanted));
  const order = examples.map((_, i) => examples[permuted(i, examples.length, training.seed, "split", 0)]);
  return { train: order.slice(held), validation: order.slice(0, held) };
}

/** Opens the examples that were written to `train/` and `validation/`. Throws `ShardError` for damaged ones. */
export async function openSplits(
  folder: Folder,
  { training: { batchSize, seed } }: TextRecipe,
  unit: string,
): Promise<Omit<RunData, "tokenizer">> {
  const train = await openExamples(folder.folder("train"));
  const validation = await openExamples(folder.folder("validation"));
  const nothing = neutral(validation.fields);
  const data = {
    training: (step: number) => trainingExamples(train, { seed, step, batchSize }),
    validation: (limit?: number) => evaluationExamples(validation, { batchSize, limit, seed }, nothing),
    validationBatches: Math.ceil(validation.count / batchSize),
  };
  return { data, sizes: { train: train.count, validation: validation.count, unit } };
}

/** A record without targets. */
function neutral(fields: ExampleFields) {
  const entries = Object.entries(fields).map(([name, { dtype, shape }]) => {
    const size = shape.reduce((a, b) => a * b, 1);
    const zeros = dtype === "int32" ? new Int32Array(size) : new Float32Array(size);
    return [name, name === "targets" ? zeros.fill(IGNORED_TARGET) : zeros] as const;
  });
  return Object.fromEntries(entries);
}
