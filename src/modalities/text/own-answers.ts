/** Batches that the model which learns writes itself: its answers to tasks, with what they are worth. */
import { permuted, randomStream } from "../../core/random.js";
import { checkRight, rewards as rules } from "../../data/chat/rewards.js";
import { evaluationOrder } from "../../data/evaluation-order.js";
import { IGNORED_TARGET } from "../../data/text/batches.js";
import type { Batch, TrainingData } from "../../data/training-data.js";
import { chatTemplate } from "../../features/chat/chat-template.js";
import { turnEnd } from "../../features/chat/turn-end.js";
import { encodeText, type Tokenizer } from "../../features/tokenizer/tokenizer.js";
import { compileDecoder } from "../../generation/decoder-session.js";
import { generate } from "../../generation/generate.js";
import { advantagesOf } from "../../objectives/grpo.js";
import { RecipeError } from "../../recipe/errors.js";
import type { Learner } from "./formats/data-format.js";
import type { TextRecipe } from "./recipe.js";

/** The objective of a run on tasks. */
export type Grpo = Extract<TextRecipe["objective"], { kind: "grpo" }>;

/** How answers are checked, and how long they may be. */
export type Checked = Pick<Grpo, "reward" | "maxTokens">;

/** A task as the chat template writes it, up to where the assistant speaks, and what is right. */
export interface WrittenTask {
  readonly prompt: string;
  readonly answer: unknown;
}

/**
 * Training batch i holds `groupSize` answers, drawn at temperature 1, to each of `batchSize` tasks: a pure function of
 * the seed, i and the weights. In validation each task is answered once, by the likeliest tokens.
 */
export async function ownAnswers(
  tasks: { readonly train: readonly WrittenTask[]; readonly validation: readonly WrittenTask[] },
  { model: { kind, ...model }, objective, training }: TextRecipe,
  rowLength: number,
  { runtime, model: decoder, tokenizer, weights, endTokens }: Learner,
): Promise<TrainingData> {
  const { groupSize, maxTokens, reward } = objective as Grpo;
  const { batchSize, seed, device, threads } = training;
  const rows = batchSize * groupSize;
  const encoded = encodePrompts(tasks, objective as Grpo, rowLength, tokenizer);
  const lora = "lora" in model ? model.lora : undefined;
  const session = await compileDecoder(runtime, decoder, weights, { lora, live: true, device, threads });

  const stop = turnEnd(chatTemplate(tokenizer));

  const answered = async (asked: readonly WrittenTask[], temperature: number, seed: number) => {
    const prompts = asked.map(({ prompt }) => prompt);
    const options = { prompts, maxTokens, temperature, seed, endTokens, stop };
    const answers = await generate(session, tokenizer, options);
    const worth = answers.map(({ text }, i) => rules[reward](text, asked[i].answer));
    return {
      answers,
      rewards: filled(rows, worth),
      counted: filled(
        rows,
        worth.map(() => 1),
      ),
    };
  };

  return {
    async training(index): Promise<Batch> {
      const count = tasks.train.length;
      const asked = Array.from({ length: rows }, (_, row) => {
        const drawn = index * batchSize + Math.floor(row / groupSize);
        return tasks.train[permuted(drawn % count, count, seed, "task order", Math.floor(drawn / count))];
      });
      const { answers, ...found } = await answered(asked, 1, randomStream(seed, "answers", index).uint32());
      const inputs = new Int32Array(rows * rowLength);
      const targets = new Int32Array(rows * rowLength).fill(IGNORED_TARGET);
      for (const [row, answer] of answers.entries()) {
        writeAnswer([inputs, targets], row * rowLength, encoded.get(asked[row])!, answer);
      }
      return { inputs, targets, ...found, advantages: advantagesOf(found.rewards, groupSize) };
    },
    async *validation(limit) {
      for (const numbers of evaluationOrder(tasks.validation.length, { batchSize: rows, limit, seed })) {
        const { rewards, counted } = await answered(
          numbers.map((i) => tasks.validation[i]),
          0,
          0,
        );
        yield { rewards, counted };
      }
    },
    validationBatches: Math.ceil(tasks.validation.length / rows),
    close: () => session.release(),
  };
}

/**
 * The tokens of each prompt. A run that goes on may be given another objective than its tasks were chosen for: throws
 * `RecipeError` where they no longer leave room for an answer, `DataError` where the rule can do nothing with them.
 */
function encodePrompts(
  { train, validation }: Parameters<typeof ownAnswers>[0],
  { maxTokens, reward }: Grpo,
  rowLength: number,
  tokenizer: Tokenizer,
): Map<WrittenTask, Int32Array> {
  const encoded = new Map<WrittenTask, Int32Array>();
  for (const task of [...train, ...validation]) {
    const { prompt, answer } = task;
    checkRight(reward, answer);
    const ids = encodeText(tokenizer, prompt);
    encoded.set(task, ids);
    if (ids.length + maxTokens <= rowLength) continue;
    throw new RecipeError(
      "a task and its answer are longer than a row",
      `${ids.length} tokens and an answer of ${maxTokens}, rows of ${rowLength}: ${JSON.stringify(prompt.slice(0, 60))}`,
      "lower objective.maxTokens, raise training.sequenceLength, or start a new run",
    );
  }
  return encoded;
}

/** Writes prompt and answer from `start` on; the answer's tokens, and the one that ends it, are targets. */
export function writeAnswer(
  [inputs, targets]: readonly [Int32Array, Int32Array],
  start: number,
  prompt: Int32Array,
  { tokens, endToken }: { readonly tokens: ArrayLike<number>; readonly endToken?: number },
): void {
  const ids = [...prompt, ...Array.from(tokens), ...(endToken === undefined ? [] : [endToken])];
  inputs.set(ids.slice(0, -1), start);
  targets.set(ids.slice(prompt.length), start + prompt.length - 1);
}

/** [length], zero after the values. */
function filled(length: number, values: readonly number[]): Float32Array {
  const array = new Float32Array(length);
  array.set(values);
  return array;
}
