import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { around, finetuneRecipe, writePretrained } from "../../../test/finetuning.js";
import { temporaryFolder } from "../../../test/temporary-folder.js";
import { rewards as rules } from "../../data/chat/rewards.js";
import { IGNORED_TARGET } from "../../data/text/batches.js";
import type { Batch, TrainingData } from "../../data/training-data.js";
import { chatMl, chatMlTokens } from "../../features/chat/chat-template.js";
import { byteTokenizer } from "../../features/tokenizer/byte-tokenizer.js";
import { addSpecialTokens } from "../../features/tokenizer/special-tokens.js";
import { openFolder } from "../../files/disk.js";
import { openModel } from "../../interop/model-folder.js";
import { ownAnswers, type WrittenTask } from "./own-answers.js";

const from = join(temporaryFolder(), "model");
// As base models are that have a template: what ends a turn is not what ends a text.
const tokenizer = addSpecialTokens(byteTokenizer({ specialTokens: ["<|endoftext|>"] }), chatMlTokens, {
  chatTemplate: chatMl,
});
const [, turnEnd] = chatMlTokens.map((token) => tokenizer.specialTokens.get(token)!);
const [rowLength, groupSize, batchSize, maxTokens] = [48, 8, 2, 20];
const tasks = ["a?", "b?", "c?", "d?"].map(
  (text, i): WrittenTask => ({
    prompt: `<|im_start|>user\n${text}<|im_end|>\n<|im_start|>assistant\n`,
    answer: i,
  }),
);
const splits = { train: tasks.slice(0, 3), validation: tasks.slice(3) };
type Objective = NonNullable<Parameters<typeof finetuneRecipe>[3]>["objective"];
const recipeOf = (objective: Objective = {}) =>
  finetuneRecipe(from, "tasks", "unused.jsonl", {
    objective: { kind: "grpo", reward: "number", groupSize, maxTokens, ...objective },
    training: { batchSize },
  });

let open: (objective?: Objective) => Promise<TrainingData>;
let batch: Batch;
beforeAll(async () => {
  const { model, weights } = await openModel(await writePretrained(from, tokenizer));
  // It ends its turn more often than one answer in 260 tokens, but not always.
  const [embedding, bias] = ["wte.weight", "ln_f.bias"].map(
    (name) => weights.get(`transformer.${name}`)!.data as Float32Array,
  );
  for (const i of bias.keys()) bias[i] = 470 * embedding[turnEnd * bias.length + i];
  open = (objective) =>
    ownAnswers(splits, recipeOf(objective), rowLength, { ...around, model, tokenizer, weights });
  batch = await (await open()).training(0);
});

interface Row {
  readonly prompt: string;
  readonly answer: number[];
  readonly reward: number;
  readonly advantage: number;
}

/** The rows of a batch; throws where targets are not the inputs that follow. */
function rowsOf({ inputs, targets, rewards, advantages }: Batch): Row[] {
  return Array.from({ length: groupSize * batchSize }, (_, row) => {
    const [given, wanted] = [inputs, targets].map((array) => [
      ...array.subarray(row * rowLength, (row + 1) * rowLength),
    ]);
    const first = wanted.findIndex((target) => target !== IGNORED_TARGET);
    const last = wanted.findLastIndex((target) => target !== IGNORED_TARGET);
    const answer = wanted.slice(first, last + 1);
    expect(given.slice(first + 1, last + 1)).toEqual(answer.slice(0, -1));
    const prompt = tokenizer.decode(given.slice(0, first + 1));
    return { prompt, answer, reward: rewards[row], advantage: advantages[row] };
  });
}

describe("a batch of a model's own answers", () => {
  it("has a group a task, whose targets are the answer and what ends it, and nothing before", () => {
    const rows = rowsOf(batch);
    const prompts = rows.map(({ prompt }) => prompt);
    for (const [row, prompt] of prompts.entries()) {
      expect(prompt).toBe(prompts[row - (row % groupSize)]);
      expect(splits.train.map((task) => task.prompt)).toContain(prompt);
    }
    expect(new Set(prompts).size).toBe(batchSize);
    for (const { answer } of rows) {
      const ends = [turnEnd, tokenizer.endOfText].includes(answer.at(-1)!);
      expect(answer.length).toBeLessThanOrEqual(ends ? maxTokens + 1 : maxTokens);
      if (!ends) expect(answer.length).toBe(maxTokens);
      expect(answer.slice(0, -1)).not.toContain(turnEnd);
    }
    expect(new Set(rows.map(({ answer }) => answer.at(-1) === turnEnd))).toEqual(new Set([true, false]));
    expect([...batch.counted]).toEqual(rows.map(() => 1));
  });

  it("is worth what the rule says of it, beside the others of its group", () => {
    const rows = rowsOf(batch);
    for (const { prompt, answer, reward } of rows) {
      const right = splits.train.find((task) => task.prompt === prompt)!.answer;
      const said = answer.filter((id) => id !== turnEnd && id !== tokenizer.endOfText);
      expect(reward).toBe(rules.number(tokenizer.decode(said), right));
    }
    for (let start = 0; start < rows.length; start += groupSize) {
      const sum = rows.slice(start, start + groupSize).reduce((total, { advantage }) => total + advantage, 0);
      expect(sum).toBeCloseTo(0, 5);
    }
  });

  it("is the same for the same number, and another for the next", async () => {
    const data = await open();
    const later = await data.training(1);
    expect(later.inputs).not.toEqual(batch.inputs);
    expect(await data.training(0)).toEqual(batch);
  });

  it("is validated by one likeliest answer to each task that is held out", async () => {
    const data = await open();
    const batches: Batch[] = [];
    for await (const each of data.validation()) batches.push(each);
    expect(batches.map(({ counted }) => [...counted])).toEqual([
      [1, ...Array(groupSize * batchSize - 1).fill(0)],
    ]);
  });
});

it("a run that goes on with longer answers, or another rule, is refused", async () => {
  await expect(open({ maxTokens: 40 })).rejects.toThrow(
    /longer than a row[\s\S]*an answer of 40, rows of 48/,
  );
  const words = splits.train.map((task) => ({ ...task, answer: "two" }));
  const { model, weights } = await openModel(openFolder(from));
  const learner = { ...around, model, tokenizer, weights };
  await expect(ownAnswers({ ...splits, train: words }, recipeOf(), rowLength, learner)).rejects.toThrow(
    'number, "two"',
  );
});
