import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { around, finetuneRecipe, lazily, writeFile, writePretrained } from "../../../../test/finetuning.js";
import { temporaryFolder } from "../../../../test/temporary-folder.js";
import { rewards } from "../../../data/chat/rewards.js";
import { openExamples } from "../../../data/tables/examples.js";
import { IGNORED_TARGET } from "../../../data/text/batches.js";
import { chatMl, chatMlTokens } from "../../../features/chat/chat-template.js";
import { byteTokenizer } from "../../../features/tokenizer/byte-tokenizer.js";
import { addSpecialTokens } from "../../../features/tokenizer/special-tokens.js";
import { memoryFolder } from "../../../files/memory.js";
import { resumeRun, startRun } from "../../run.js";
import type { TextRecipe } from "../recipe.js";

const place = temporaryFolder();
const from = join(place, "model");
const tokenizer = addSpecialTokens(byteTokenizer({ specialTokens: ["<|endoftext|>"] }), chatMlTokens, {
  chatTemplate: chatMl,
});
const rowLength = 48;
const answers = { reward: "words", perTask: 6, maxTokens: 12 } as const;
/** The most words of an answer to each prompt; bytes drawn at random are now one word, now several. */
const right = new Map([..."abcdefghijkl"].map((letter) => [`${letter}?`, 1]));

beforeAll(async () => {
  await writePretrained(from, tokenizer);
});

function recipeOf(
  rows: readonly object[],
  objective: object = { answers },
  format: "tasks" | "preferences" = "tasks",
) {
  const files = writeFile(place, "tasks.jsonl", rows);
  return finetuneRecipe(from, "preferences", files, {
    data: { format, validationFraction: 0.25 },
    objective: { kind: "dpo", ...objective },
    training: { sequenceLength: rowLength },
  });
}

const taskRows = [...right].map(([prompt, answer]) => ({ prompt, answer }));

describe("preferences of a model's own answers", () => {
  it("compare the best with the worst answer by the rule, and learn of their tokens", async () => {
    const folder = memoryFolder();
    const run = await startRun(recipeOf(taskRows), folder, lazily);
    const lines = new TextDecoder()
      .decode(await folder.read("data/ranked.jsonl"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.length).toBe(right.size);
    const told = lines.filter(({ rewards }) => new Set(rewards).size > 1);
    for (const { prompt, rewards: worth, chosen, rejected } of lines) {
      const answer = right.get(prompt.split("\n")[1].replace("<|im_end|>", ""));
      expect(worth.length).toBe(answers.perTask);
      expect(rewards.words(chosen.text, answer)).toBe(Math.max(...worth));
      expect(rewards.words(rejected.text, answer)).toBe(Math.min(...worth));
    }
    const splits = await Promise.all(
      ["validation", "train"].map((name) => openExamples(folder.folder(`data/${name}`))),
    );
    expect(splits.map(({ count }) => count)).toEqual([
      lines.slice(0, 3).filter((line) => told.includes(line)).length,
      lines.slice(3).filter((line) => told.includes(line)).length,
    ]);
    expect(run.notes?.join()).toContain(`${right.size - told.length} task`);

    const { inputs, targets } = await splits[1].readBatch([0]);
    const line = lines.slice(3).find((each) => told.includes(each));
    const ids = [...tokenizer.encode(line.prompt)];
    for (const [row, { tokens, endToken }] of [line.chosen, line.rejected].entries()) {
      const own = [...tokens, ...(endToken === undefined ? [] : [endToken])];
      const part = (array: ArrayLike<number>) =>
        Array.from(array).slice(row * rowLength, (row + 1) * rowLength);
      const before = [...ids, ...own].slice(0, -1);
      expect(part(inputs as Int32Array).slice(0, before.length)).toEqual(before);
      const expected = Array<number>(rowLength).fill(IGNORED_TARGET);
      own.forEach((id, i) => {
        expected[ids.length - 1 + i] = id;
      });
      expect(part(targets as Int32Array)).toEqual(expected);
    }
  });

  it("are learned: what is right becomes likelier than what is wrong", async () => {
    const folder = memoryFolder();
    const recipe = recipeOf(taskRows);
    const long = {
      ...recipe,
      training: { ...recipe.training, steps: 12 },
      optimizer: { ...recipe.optimizer, lr: 1e-2 },
    };
    const { loss } = await (await startRun(long, folder, around)).train();
    expect(loss).toBeLessThan(Math.log(2) * 0.7);
  });

  it("are made anew where a run that is taken up asks otherwise", async () => {
    const folder = memoryFolder();
    const stop = new AbortController();
    const onProgress = (phase: string, done: number) => {
      if (phase === "tasks answered" && done > 0) stop.abort();
    };
    await expect(
      startRun(recipeOf(taskRows), folder, { ...lazily, signal: stop.signal, onProgress }),
    ).rejects.toThrow(/abort/);
    const kept = new TextDecoder().decode(await folder.read("data/ranked.jsonl"));
    expect(kept.trim().split("\n").length).toBeLessThan(right.size);
    await resumeRun<TextRecipe>(folder, lazily, (recipe) => ({
      ...recipe,
      objective: {
        kind: "dpo",
        beta: 0.1,
        labelSmoothing: 0,
        answers: { ...answers, perTask: 4, temperature: 1 },
      },
    }));
    const lines = new TextDecoder()
      .decode(await folder.read("data/ranked.jsonl"))
      .trim()
      .split("\n");
    expect(lines.map((line) => JSON.parse(line).rewards.length)).toEqual(Array(right.size).fill(4));
  });

  it("stay what they are once they are made", async () => {
    const folder = memoryFolder();
    await startRun(recipeOf(taskRows), folder, lazily);
    await resumeRun<TextRecipe>(folder, lazily, (recipe) => ({
      ...recipe,
      objective: { ...recipe.objective, beta: 0.2 } as typeof recipe.objective,
    }));
    const otherwise = resumeRun<TextRecipe>(folder, lazily, (recipe) => ({
      ...recipe,
      objective: { ...recipe.objective, answers: { ...answers, maxTokens: 5, temperature: 1 } } as never,
    }));
    await expect(otherwise).rejects.toMatchObject({
      name: "RunError",
      values: expect.stringMatching(/"maxTokens":5.* instead of .*"maxTokens":12/),
    });
  });

  it("need answers that differ in worth", async () => {
    const never = taskRows.map(({ prompt }) => ({ prompt, answer: 123_456 }));
    const recipe = recipeOf(never, { answers: { ...answers, reward: "number" } });
    await expect(startRun(recipe, memoryFolder(), lazily)).rejects.toThrow(
      /too few answers better than others[\s\S]*12 tasks of 12 with answers worth the same, 0\.00[\s\S]*perTask/,
    );
  });

  it.each([
    ["tasks without a rule", "tasks", {}],
    ["a file of preferences with one", "preferences", { answers }],
  ] as const)("refuse %s", async (_, format, objective) => {
    await expect(startRun(recipeOf(taskRows, objective, format), memoryFolder(), lazily)).rejects.toThrow(
      /objective\.answers/,
    );
  });
});
